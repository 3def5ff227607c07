"""The ledger on SQLite or PostgreSQL: SQLAlchemy Core, one short transaction a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from qie_batch.ledger.attempts import SqlAttempts
from qie_batch.ledger.audit import SqlAudit
from qie_batch.ledger.costs import SqlCosts
from qie_batch.ledger.dispatch import SqlDispatch
from qie_batch.ledger.intake import SqlIntake
from qie_batch.ledger.jobs import SqlJobs
from qie_batch.ledger.recovery import SqlRecovery
from qie_batch.ledger.schedules import SqlSchedules
from qie_batch.ledger.settlement import SqlSettlement
from qie_batch.model import RETRY_POLICY

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database
    from qie_batch.model import RetryPolicy


class SqlLedger:
    """The parts of `qie_batch.interfaces.ledger` on one database."""

    def __init__(self, database: Database, policy: RetryPolicy = RETRY_POLICY) -> None:
        self._db = database
        self.intake = SqlIntake(database)
        self.dispatch = SqlDispatch(database)
        self.attempts = SqlAttempts(database, policy)
        self.recovery = SqlRecovery(database, policy)
        self.jobs = SqlJobs(database)
        self.settlement = SqlSettlement(database)
        self.costs = SqlCosts(database)
        self.schedules = SqlSchedules(database)
        self.audit = SqlAudit(database)
        self.clock = SqlClock(database)

    def dispose(self) -> None:
        """Close every connection."""
        self._db.engine.dispose()


class SqlClock:
    def __init__(self, database: Database) -> None:
        self._db = database

    def now(self) -> float:
        """The database's clock, in seconds since 1970."""
        with self._db.read() as connection:
            return connection.scalar(select(self._db.now)) or 0.0
