"""Upgrades a database to the newest schema with Alembic, configured in code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column, func, inspect, select, table

from qie_batch.errors import LedgerUnavailable, UsageError
from qie_batch.ledger.tables import workload

# Alembic is imported where it works: half a second, which no command but `db` and `up` has to wait.
if TYPE_CHECKING:
    from alembic.config import Config

    from qie_batch.ledger.database import Database

#: The revision that this version of qie-batch is written for: the head of the migrations.
NEWEST = "r0009"

#: Key of an advisory lock that no other code uses.
UPGRADE_LOCK = 7_133_700_001


def migrations_folder() -> Path:
    """The folder inside the installed package, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def upgrade(database: Database) -> None:
    """Apply every missing migration; several processes may call this at once."""
    from alembic import command  # noqa: PLC0415 - see above

    config = _config()
    with database.write() as connection:
        if connection.dialect.name == "postgresql":  # SQLite has its write lock
            connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
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
    if found != NEWEST:
        raise LedgerUnavailable(
            f"the ledger's schema is {found or 'missing'}, this version needs {NEWEST}",
            code="schema_outdated",
            hint="bring the ledger to the newest schema",
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
