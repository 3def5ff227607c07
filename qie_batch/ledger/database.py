"""One connection pool, its transactions and its clock, on SQLite or PostgreSQL."""

from __future__ import annotations

import select
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Double, Engine, create_engine, event, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from qie_batch.errors import LedgerUnavailable, Misconfigured
from qie_batch.redaction import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Table
    from sqlalchemy.pool import ConnectionPoolEntry

#: Every wait is bounded, so that a server that is frozen or unreachable blocks no caller without end.
POSTGRESQL = {
    "connect_timeout": 5,
    # idle_in_transaction: the locks of a worker that is frozen in the middle of a transaction are released.
    "options": "-c statement_timeout=30s -c idle_in_transaction_session_timeout=10s",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

#: A connection that was used less than these seconds ago is taken to be open.
PAUSE_SECONDS = 1.0

#: Seconds that a writer waits for SQLite's single write lock, and a migration for a lock of PostgreSQL.
BUSY_SECONDS = 30


class DatabaseNow(FunctionElement[float]):
    """The database's own clock, in seconds since 1970."""

    type = Double()
    inherit_cache = True


@compiles(DatabaseNow, "sqlite")
def _sqlite_now(_element: DatabaseNow, _compiler: Any, **_options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(DatabaseNow, "postgresql")
def _postgresql_now(_element: DatabaseNow, _compiler: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


class Database:
    """`clock` (seconds since 1970) replaces the database's clock in tests that set the time."""

    def __init__(self, url: str, clock: Callable[[], float] | None = None) -> None:
        self.clock = clock
        self.engine = open_engine(url)
        self._is_sqlite = self.engine.dialect.name == "sqlite"

    @property
    def address(self) -> str:
        """The URL without login and option values."""
        return without_secrets(self.engine.url.render_as_string(hide_password=False))

    @property
    def now(self) -> ColumnElement[float]:
        return literal(self.clock(), Double()) if self.clock else DatabaseNow()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that takes the write lock at once; committed at the end, rolled back on an error."""
        with _translated(self), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent snapshot, which blocks no writer."""
        with _translated(self), self.engine.connect() as connection:
            # On PostgreSQL each statement would otherwise have its own snapshot.
            level = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
            yield connection.execution_options(qie_read_only=True, **level)

    @contextmanager
    def peek(self) -> Iterator[Any]:
        """The driver's own connection, for one statement that reads and is sent many times a second."""
        with _translated(self):
            connection = self.engine.raw_connection()
            try:
                yield connection.dbapi_connection
            finally:
                connection.close()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection to PostgreSQL outside of a transaction, with no limit but for each wait for a lock."""
        with _translated(self), self.engine.connect() as connection:
            connection.exec_driver_sql(f"SET statement_timeout = 0; SET lock_timeout = '{BUSY_SECONDS}s'")
            connection.commit()
            try:
                yield connection
            finally:
                connection.invalidate()  # closed, so that no other call gets these settings

    def insert_once(self, connection: Connection, table: Table, values: dict[str, Any]) -> bool:
        """Insert unless a row with this primary key is there; say whether it was inserted."""
        statement = self._insert(table).values(values).on_conflict_do_nothing()
        # RETURNING, because SQLAlchemy does not keep psycopg's rowcount of an INSERT.
        inserted = connection.execute(statement.returning(*table.primary_key.columns))
        return inserted.first() is not None

    def upsert(self, connection: Connection, table: Table, values: dict[str, Any]) -> None:
        """Insert the row, or overwrite the one with this primary key."""
        key = list(table.primary_key.columns)
        connection.execute(
            self._insert(table).values(values).on_conflict_do_update(index_elements=key, set_=values)
        )

    def insert_or_lock(self, connection: Connection, table: Table, values: dict[str, Any]) -> None:
        """Insert unless a row with this primary key is there; the row is locked to the transaction's end."""
        connection.execute(locking(self._insert(table).values(values), table))

    def _insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        return sqlite.insert(table) if self._is_sqlite else postgresql.insert(table)


def locking(statement: sqlite.Insert | postgresql.Insert, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The insert; where a row with its primary key is there, that row is locked instead.

    An update that changes nothing locks the row, which could otherwise be deleted before it is named. It is
    not one of the key: SQLite would look for rows that refer to it, in all of the tables that may.
    """
    column = next(column for column in table.columns if not column.primary_key)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_={column.name: column}
    )


def open_engine(url: str) -> Engine:
    """SQLite gets WAL and explicit transactions, as those of pysqlite begin late and then deadlock."""
    if not url.startswith("sqlite"):
        return _open_postgresql(url)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # `_begin` begins transactions
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a job id that was printed survives a power failure
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("qie_read_only", False)
        driver: Any = connection.connection.dbapi_connection
        driver.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _open_postgresql(url: str) -> Engine:
    try:
        engine = create_engine(url, pool_size=8, connect_args=POSTGRESQL)
    except ModuleNotFoundError as error:
        raise Misconfigured(
            f"the ledger is on PostgreSQL, and its driver {error.name} is not installed",
            hint="install qie-batch[postgres]",
        ) from error
    except (ArgumentError, ValueError):
        # The message of SQLAlchemy quotes the URL.
        raise Misconfigured(
            "QIE_LEDGER_URL has an option behind its question mark that PostgreSQL does not take",
            hint="for example postgresql+psycopg://user:password@host/database?sslmode=require",
        ) from None
    _ping_where_in_doubt(engine)
    return engine


def _ping_where_in_doubt(engine: Engine) -> None:
    """As `pool_pre_ping`, which costs every transaction a round trip, but only for a connection that rested.

    Likewise for one with something to read: a server that ends a connection says so.
    """

    @event.listens_for(engine, "checkin")
    def _rest(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ping(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        used_at = record.info.get("used_at")
        try:
            if used_at is not None and (time.monotonic() - used_at > PAUSE_SECONDS or _has_news(connection)):
                engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # SQLAlchemy opens another connection


def _has_news(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def _translated(database: Database) -> Iterator[None]:
    driver = database.engine.dialect.loaded_dbapi  # whose errors a `Prepared` statement raises
    try:
        yield
    except (IntegrityError, driver.IntegrityError):
        raise
    except (DBAPIError, PoolTimeoutError, driver.Error) as error:
        cause = (isinstance(error, DBAPIError) and error.orig) or error
        reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
        raise LedgerUnavailable(
            f"the ledger {database.address} did not answer: {reason}",
            code="ledger_unreachable",
            hint="check QIE_LEDGER_URL",
        ) from error
