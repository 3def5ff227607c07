"""What can go wrong, by what to do about it.

Three kinds decide every retry: `Rejected` (never: the row is wrong), `Unavailable` (later: the world is
wrong) and `EngineLost` (elsewhere: this process is wrong). Nothing else in qie-batch retries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.model import BadRow


class QieError(Exception):
    """One sentence that says what is wrong and where.

    `code` is a short stable name for programs, `hint` says what a person does next.
    """

    code = "error"

    def __init__(self, message: str, *, code: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code:
            self.code = code

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong and what to do next, each a whole sentence whoever wrote it."""
        hint = self.hint[:1].upper() + self.hint[1:]
        texts = (text for text in (self.message, hint) if text)
        return tuple(text if text.endswith((".", "!", "?")) else f"{text}." for text in texts)


class Rejected(QieError):
    """The row cannot be edited as it is: its picture or its instruction is wrong. Never retried."""

    code = "rejected"


class Unavailable(QieError):
    """Something outside did not answer; the same call may work later. Retried with back-off."""

    code = "unavailable"


class StoreUnavailable(Unavailable):
    code = "store_unavailable"


class QueueUnavailable(Unavailable):
    code = "queue_unavailable"


class LedgerUnavailable(Unavailable):
    code = "ledger_unavailable"


class DeviceOutOfMemory(Unavailable):
    """The edit did not fit the device's memory; the device itself is well."""

    code = "device_out_of_memory"


class EngineLost(QieError):
    """The engine or its device is beyond repair in this process: hand back and leave."""

    code = "engine_lost"


class AttemptEnded(QieError):
    """An edit was told to stop at its next step; `Fenced` and `Preempted` say why."""

    code = "attempt_ended"


class Fenced(AttemptEnded):
    """The attempt is no longer the item's latest: cancelled, or its lease was lost. Write nothing more."""

    code = "fenced"


class Preempted(AttemptEnded):
    """The process is leaving (SIGTERM): hand the item back, uncharged."""

    code = "preempted"


class UsageError(QieError):
    """The command cannot be carried out as given (exit code 2)."""

    code = "usage"


class InvalidManifest(UsageError):
    """The catalog is not accepted; `bad_rows` holds every row that is wrong, not only the first."""

    code = "invalid_manifest"

    def __init__(self, message: str, *, bad_rows: Sequence[BadRow] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.bad_rows = tuple(bad_rows)
