"""Manifests on their way into a job, as the command line, a schedule or a gateway sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qie_batch import wiring
from qie_batch.model import JobOrder
from qie_batch.steps.submit import SubmitRequest, submit

if TYPE_CHECKING:
    from pathlib import Path

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.settings import Settings


def request(address: str | Path, order: JobOrder | None = None, **how: Any) -> SubmitRequest:
    return SubmitRequest(address=str(address), order=order or JobOrder(), **how)


def submitted(
    address: str | Path, ledger: SqlLedger, settings: Settings, order: JobOrder | None = None, **how: Any
) -> str:
    """The job's id."""
    context = wiring.submit_context(settings, ledger)
    return submit(request(address, order, **how), context).job_id
