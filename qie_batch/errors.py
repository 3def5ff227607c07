"""The errors, by what has to be done about them.

Three kinds decide every retry of an item: `Rejected` (never), `Unavailable` (later) and `EngineLost` (in
another process).
"""

from __future__ import annotations


class QieError(Exception):
    """One sentence that says what is wrong and where.

    `code` is a short stable name for programs. `hint` says what to do next, in any program; an interface adds
    its own commands by `code`, and by `subject`, the id or name that the sentence is about.
    """

    code = "error"

    def __init__(self, message: str, *, code: str = "", hint: str = "", subject: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.subject = subject
        if code:
            self.code = code

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong and what to do next, each with a full stop."""
        hint = self.hint[:1].upper() + self.hint[1:]
        texts = (text for text in (self.message, hint) if text)
        return tuple(text if text.endswith((".", "!", "?")) else f"{text}." for text in texts)


class Rejected(QieError):
    """The row cannot be edited: its image or its instruction is wrong. Never retried."""

    code = "rejected"


class Unavailable(QieError):
    """A service did not answer; the same call may succeed later. Retried with backoff."""

    code = "unavailable"


class StoreUnavailable(Unavailable):
    code = "store_unavailable"


class QueueUnavailable(Unavailable):
    code = "queue_unavailable"


class LedgerUnavailable(Unavailable):
    code = "ledger_unavailable"


class DeviceOutOfMemory(Unavailable):
    """The edit did not fit the memory of the device, which still works."""

    code = "device_out_of_memory"


class EngineLost(QieError):
    """The engine or its device cannot be used again in this process, which releases its items and exits."""

    code = "engine_lost"


class AttemptEnded(QieError):
    """An edit has to stop at its next step; `Fenced` and `Preempted` say why."""

    code = "attempt_ended"


class Fenced(AttemptEnded):
    """The attempt was cancelled or lost its lease, and may write nothing more."""

    code = "fenced"


class Preempted(AttemptEnded):
    """The process exits (SIGTERM) and releases the item, which is not charged for it."""

    code = "preempted"


class UsageError(QieError):
    """The request cannot be carried out as given (exit code 2)."""

    code = "usage"


class NotFound(UsageError):
    """There is no job, schedule or engine of that name."""

    code = "not_found"


class Conflict(UsageError):
    """The request does not fit the present state: a name is taken, a job is closed, a folder is in use."""

    code = "conflict"


class Misconfigured(UsageError):
    """A setting, an installation or the weights of an engine are wrong."""

    code = "misconfigured"


def no_room(error: Exception) -> Unavailable:
    """For whatever is raised when a temporary file cannot be made or grow."""
    return Unavailable(
        f"no temporary file can be written ({getattr(error, 'strerror', None) or error})",
        code="no_room",
        hint="make room on its disk, or name another folder in the variable TMPDIR",
    )
