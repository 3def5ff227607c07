"""Manifests on their way into a job, as the command line, a schedule or a gateway sends them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qie_batch import wiring
from qie_batch.model import JobOrder
from qie_batch.settings import Settings
from qie_batch.steps.submit import SubmitRequest, submit
from tests.support.ledgers import to_newest_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qie_batch.ledger.sql import SqlLedger


def request(address: str | Path, order: JobOrder | None = None, **how: Any) -> SubmitRequest:
    return SubmitRequest(address=str(address), order=order or JobOrder(), **how)


def submitted(
    address: str | Path, ledger: SqlLedger, settings: Settings, order: JobOrder | None = None, **how: Any
) -> str:
    """The job's id."""
    context = wiring.submit_context(settings, ledger)
    return submit(request(address, order, **how), context).job_id


@contextmanager
def services(stack: Any, s3: Any, folder: Path, **more: Any) -> Iterator[Settings]:
    """A ledger of its own on SQLite, and the S3 server of the tests, whose bucket is emptied at the end."""
    made = Settings(
        dir=folder / "none",
        ledger_url=f"sqlite:///{folder / 'ledger.sqlite3'}",
        s3_bucket=s3.bucket,
        **{name: stack.config[name] for name in ("s3_endpoint", "s3_access_key", "s3_secret_key")},
        **more,
    )
    to_newest_schema(wiring.database(made))
    yield made
    store = wiring.store(made)
    for stored in list(store.list("")):
        store.delete(stored.key)


@contextmanager
def closing_ledger(settings: Settings) -> Iterator[SqlLedger]:
    ledger = wiring.ledger(settings)
    yield ledger
    ledger.dispose()
