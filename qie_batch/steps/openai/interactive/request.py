"""What is asked of one edit that a client waits for, what it works with, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import QieError

if TYPE_CHECKING:
    from qie_batch.interfaces import Jobs, ObjectStore, Requests
    from qie_batch.model import OutputFormat
    from qie_batch.steps.dispatch import DispatchContext
    from qie_batch.steps.openai.edit_body import EditBody
    from qie_batch.steps.submit import SubmitContext


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractiveEdit:
    body: EditBody
    #: The tenant whose edit it is.
    owner: str
    #: The client's own, "" without one: then equal edits are one.
    idempotency_key: str = ""
    #: Of the gateway's request.
    request_id: str = ""
    #: The W3C trace context in which it was asked for; "" without one.
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractiveContext:
    submitting: SubmitContext
    dispatching: DispatchContext
    #: Both of the owner.
    requests: Requests
    jobs: Jobs
    store: ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredEdit:
    """One edit in the ledger, which this client is counted as waiting for."""

    job_id: str
    #: By which the same request finds the job.
    key: str
    #: How many there will be.
    results: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAnswer:
    #: Seconds since 1970.
    created: float
    #: The bytes of each result, or its address where that was asked for.
    images: tuple[bytes | str, ...]
    #: Of the first result, in pixels.
    width: int
    height: int
    output: OutputFormat


class EditFailed(QieError):
    """The edit failed or was cancelled; repeated, it is made anew.

    `gave_up`: not because of what was asked for.
    """

    code = "edit_failed"

    def __init__(self, message: str, *, code: str, gave_up: bool) -> None:
        super().__init__(message, code=code)
        self.gave_up = gave_up
