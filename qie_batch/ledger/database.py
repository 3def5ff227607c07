"""One connection pool, its transactions and its clock, on SQLite or PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Double, Engine, create_engine, event, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from qie_batch.errors import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Table

#: How long a writer waits for SQLite's single write lock.
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
    """`clock` stands in for the database's clock in tests that turn time themselves."""

    def __init__(self, url: str, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self.engine = open_engine(url)

    @property
    def now(self) -> ColumnElement[float]:
        return literal(self._clock(), Double()) if self._clock else DatabaseNow()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that takes the write lock at once; committed at the end, or not at all."""
        with _translated(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view that blocks nobody."""
        with _translated(self.engine), self.engine.connect() as connection:
            yield connection.execution_options(qie_read_only=True)

    def insert_once(self, connection: Connection, table: Table, values: dict[str, Any]) -> bool:
        """Insert unless a row with this primary key is there; say whether it was inserted."""
        dialect = sqlite if self.engine.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(table).values(values).on_conflict_do_nothing()
        return connection.execute(statement).rowcount == 1


def open_engine(url: str) -> Engine:
    """SQLite gets WAL and explicit transactions (pysqlite's own begin too late and then deadlock)."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=8, connect_args={"connect_timeout": 5})
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a job id that was printed survives a power cut
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("qie_read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        reason = (
            str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        )
        raise LedgerUnavailable(
            f"the ledger {where} did not answer: {reason}",
            hint="check QIE_LEDGER_URL; `qie-batch doctor` says more",
        ) from error
