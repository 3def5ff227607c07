"""Upgrades a database to the newest schema with Alembic, configured in code."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column, func, inspect, select, table

from qie_batch.errors import LedgerUnavailable, UsageError
from qie_batch.ledger.tables import workload

# Alembic is imported where it works: half a second, which no command but `db` and `up` has to wait.
if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from qie_batch.ledger.database import Database

#: The revision that this version of qie-batch is written for: the head of the migrations.
NEWEST = "r0013"

#: Key of an advisory lock that no other code uses.
UPGRADE_LOCK = 7_133_700_001
#: For another process that migrates.
WAIT_SECONDS = 30


def migrations_folder() -> Path:
    """The folder inside the installed package, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def upgrade(database: Database) -> None:
    """Apply every missing migration; several processes may call this at once, and one after the other works.

    LedgerUnavailable if another process still migrates after WAIT_SECONDS.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not _upgrade_alone(database):
        if time.monotonic() > deadline:
            raise LedgerUnavailable(
                f"another process has migrated the ledger {database.address} for over {WAIT_SECONDS} seconds",
                code="ledger_migrating",
                hint="wait for that process to end, then upgrade again",
            )
        time.sleep(0.1)


def _upgrade_alone(database: Database) -> bool:
    """False while another process migrates.

    The lock is of this transaction. An index that is built concurrently waits for each transaction with a
    snapshot, so no other process waits in one, and the lock is asked for without parameters, with which
    psycopg would keep the snapshot.
    """
    with database.write() as alone:
        if alone.dialect.name == "sqlite":  # it has its write lock
            _apply(alone)
            return True
        if not alone.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({UPGRADE_LOCK})").scalar():
            return False
        alone.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        with database.migrating() as connection:
            _apply(connection)
        return True


def _apply(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see above

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def current(database: Database) -> str:
    """The database's revision, "" before the first `upgrade`."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return connection.scalar(select(column("version_num")).select_from(table("alembic_version"))) or ""


def newest() -> str:
    """The head of the migrations."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def check(database: Database) -> None:
    """LedgerUnavailable unless the database is at the newest schema."""
    found = current(database)
    if found == NEWEST:
        return
    is_newer = found > NEWEST
    raise LedgerUnavailable(
        f"the ledger's schema is {found or 'missing'}, this version needs {NEWEST}",
        code="schema_newer" if is_newer else "schema_outdated",
        hint="install the version that migrated it" if is_newer else "bring the ledger to the newest schema",
    )


def grant_reader(database: Database, role: str) -> None:
    """Let a role of PostgreSQL read the workload; UsageError for a role that is not there."""
    with database.write() as connection:
        if connection.dialect.name != "postgresql":
            raise UsageError(
                f"the ledger {database.address} has no roles",
                hint="the workload is for an autoscaler of a cluster, whose ledger is on PostgreSQL",
            )
        quoted = connection.dialect.identifier_preparer.quote(role)
        roles = table("pg_roles", column("rolname"))
        if not connection.scalar(select(func.count()).select_from(roles).where(roles.c.rolname == role)):
            raise UsageError(
                f"the ledger {database.address} has no role {quoted}",
                hint=f"make it first: CREATE ROLE {quoted} LOGIN PASSWORD '...'",
            )
        connection.exec_driver_sql(f"GRANT SELECT ON {workload.name} TO {quoted}")


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    return config
