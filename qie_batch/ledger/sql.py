"""The ledger on SQLite or PostgreSQL: SQLAlchemy Core, one short transaction a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from qie_batch.ledger.api_keys import SqlApiKeys
from qie_batch.ledger.attempts import SqlAttempts
from qie_batch.ledger.audit import SqlAudit
from qie_batch.ledger.batches import SqlBatches
from qie_batch.ledger.costs import SqlCosts
from qie_batch.ledger.dispatch import SqlDispatch
from qie_batch.ledger.files import SqlFiles
from qie_batch.ledger.gauges import SqlGauges
from qie_batch.ledger.intake import SqlIntake
from qie_batch.ledger.jobs import SqlJobs
from qie_batch.ledger.outbox import SqlOutbox
from qie_batch.ledger.pruning import SqlPruning
from qie_batch.ledger.recovery import SqlRecovery
from qie_batch.ledger.requests import SqlRequests
from qie_batch.ledger.reviews import SqlReviews
from qie_batch.ledger.schedules import SqlSchedules
from qie_batch.ledger.settlement import SqlSettlement
from qie_batch.ledger.tenants import SqlTenants
from qie_batch.ledger.webhook_secrets import SqlWebhookSecrets
from qie_batch.ledger.workers import SqlWorkers
from qie_batch.model import RETRY_POLICY

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database
    from qie_batch.model import RetryPolicy


class SqlLedger:
    """The parts of `qie_batch.interfaces.ledger` on one database."""

    def __init__(
        self, database: Database, policy: RetryPolicy = RETRY_POLICY, owner: str | None = None
    ) -> None:
        """With an owner, the parts that people use show the owner's jobs and schedules alone."""
        self._db = database
        self._policy = policy
        self.intake = SqlIntake(database)
        self.dispatch = SqlDispatch(database)
        self.attempts = SqlAttempts(database, policy)
        self.recovery = SqlRecovery(database, policy)
        self.jobs = SqlJobs(database, owner)
        self.reviews = SqlReviews(database, owner)
        self.settlement = SqlSettlement(database)
        self.costs = SqlCosts(database, owner)
        self.schedules = SqlSchedules(database, owner)
        self.audit = SqlAudit(database)
        self.pruning = SqlPruning(database)
        self.requests = SqlRequests(database, owner or "")
        self.api_keys = SqlApiKeys(database, owner)
        self.tenants = SqlTenants(database)
        self.workers = SqlWorkers(database, owner)
        self.gauges = SqlGauges(database)
        self.files = SqlFiles(database, owner or "")
        self.batches = SqlBatches(database, owner)
        self.outbox = SqlOutbox(database, owner)
        self.webhook_secrets = SqlWebhookSecrets(database)
        self.clock = SqlClock(database)

    def owned_by(self, owner: str) -> SqlLedger:
        """The same ledger as this tenant may see it."""
        return SqlLedger(self._db, self._policy, owner)

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
