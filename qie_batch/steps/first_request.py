"""Requests that a client sends again: the first of them stands for one job."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from qie_batch.errors import UsageError
from qie_batch.model import KnownRequest
from qie_batch.steps.submit import new_job_id

if TYPE_CHECKING:
    from qie_batch.interfaces import Requests


class FirstRequest(NamedTuple):
    known: KnownRequest
    #: Whether it is this one, so that its job is not there yet.
    is_new: bool


def key_of(kind: str, idempotency_key: str) -> str:
    """The ledger's key for a client's; equal ones of another kind of request are other keys."""
    return f"{kind}:{hashlib.sha256(idempotency_key.encode()).hexdigest()}"


def first_request(
    key: str, fingerprint: str, requests: Requests, max_age_seconds: float, *, waiting: int = 0
) -> FirstRequest:
    """The first request with the key, which may be this one; `waiting` clients more wait for its job.

    UsageError where the first one asked for something else.
    """
    mine = KnownRequest(key=key, fingerprint=fingerprint, job_id=new_job_id())
    known = requests.remember(mine, max_age_seconds, waiting=waiting)
    if known.fingerprint == fingerprint:
        return FirstRequest(known, known.job_id == mine.job_id)
    if waiting:
        requests.wait(known.job_id, -waiting)
    raise UsageError(
        f"the idempotency key was used for another request, of job {known.job_id}",
        code="idempotency_key_reused",
        hint="take a new key for a new request",
    )
