"""What is set for each tenant, and what it has spent today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update

from qie_batch.ledger.tables import attempts, jobs, tenants
from qie_batch.model import DaySpending, Tenant

if TYPE_CHECKING:
    from sqlalchemy import Row

    from qie_batch.ledger.database import Database

DAY_SECONDS = 86_400


class SqlTenants:
    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, name: str) -> Tenant:
        """What is set for the tenant; one that nothing is set for has the defaults."""
        with self._db.read() as connection:
            row = connection.execute(select(tenants).where(tenants.c.name == name)).one_or_none()
        return _tenant(row) if row else Tenant(name=name)

    def set(self, tenant: Tenant) -> None:
        """Set all of it, in place of what was set."""
        values = {"daily_micros": tenant.daily_micros, "notify": tenant.notify}
        with self._db.write() as connection:
            self._db.insert_or_lock(connection, tenants, {"name": tenant.name, **values})
            connection.execute(update(tenants).where(tenants.c.name == tenant.name).values(values))

    def all(self) -> list[Tenant]:
        """Those that something is set for, by name."""
        with self._db.read() as connection:
            return [_tenant(row) for row in connection.execute(select(tenants).order_by(tenants.c.name))]

    def spending(self, name: str) -> DaySpending:
        """What the tenant's attempts that began today (UTC) cost so far; those that run count, too."""
        with self._db.read() as connection:
            now = connection.scalar(select(self._db.now)) or 0.0
            midnight = now - now % DAY_SECONDS
            # A job that closed before today has no attempt of today: its attempts need not be read.
            recent = or_(jobs.c.closed_at.is_(None), jobs.c.closed_at >= midnight)
            spent = connection.scalar(
                select(func.sum(attempts.c.cost_micros))
                .join(jobs, jobs.c.id == attempts.c.job_id)
                .where(jobs.c.owner == name, recent, attempts.c.started_at >= midnight)
            )
            daily = connection.scalar(select(tenants.c.daily_micros).where(tenants.c.name == name))
        left = midnight + DAY_SECONDS - now
        return DaySpending(spent_micros=int(spent or 0), daily_micros=daily, seconds_left=left)


def _tenant(row: Row[Any]) -> Tenant:
    return Tenant(name=row.name, daily_micros=row.daily_micros, notify=row.notify)
