"""Upgrades a database to the newest schema with Alembic, configured in code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from qie_batch.errors import LedgerUnavailable

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database

#: Key of an advisory lock that no other code uses.
UPGRADE_LOCK = 7_133_700_001


def migrations_folder() -> Path:
    """The folder inside the installed package, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def upgrade(database: Database) -> None:
    """Apply every missing migration; several processes may call this at once."""
    config = _config()
    with database.write() as connection:
        if connection.dialect.name == "postgresql":  # SQLite has its write lock
            connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current(database: Database) -> str:
    """The database's revision, "" before the first `upgrade`."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def newest() -> str:
    """The revision that this version of qie-batch is written for."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def check(database: Database) -> None:
    """LedgerUnavailable unless the database is at the newest schema."""
    found = current(database)
    if found != newest():
        raise LedgerUnavailable(
            f"the ledger's schema is {found or 'missing'}, this version needs {newest()}",
            code="schema_outdated",
            hint="bring the ledger to the newest schema",
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    return config
