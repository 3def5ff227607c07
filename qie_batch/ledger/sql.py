"""The ledger on SQLite or PostgreSQL: SQLAlchemy Core, one short transaction a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.ledger.attempts import Attempts
from qie_batch.ledger.audit import Audit
from qie_batch.ledger.contradictions import Contradictions
from qie_batch.ledger.costs import Accounts
from qie_batch.ledger.dispatch import Flow
from qie_batch.ledger.intake import Intake
from qie_batch.ledger.jobs import Jobs
from qie_batch.ledger.recovery import Lost
from qie_batch.ledger.schedules import Timetable

if TYPE_CHECKING:
    from qie_batch.ledger.database import Database


class SqlLedger(Intake, Flow, Attempts, Lost, Jobs, Accounts, Timetable, Audit, Contradictions):
    """Implements `qie_batch.interfaces.Ledger`; each group of its methods has a file of its own."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def dispose(self) -> None:
        """Close every connection."""
        self._db.engine.dispose()
