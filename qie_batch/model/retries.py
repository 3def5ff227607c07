"""All limits of retrying in one value, with the failures and delays that follow from the limits."""

from __future__ import annotations

import random
from dataclasses import dataclass

from qie_batch.model.jobs import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Counts are those charged to one item since its latest `retry` by a person."""

    #: Temporary errors before the item fails.
    max_errors: int = 8
    #: Crashes (a lost engine, an expired lease) before the item fails as poison.
    max_crashes: int = 3
    #: Releases by workers that exit, and uncharged kills of a worker, before the item fails.
    max_preemptions: int = 20
    #: Kills of its worker (SIGKILL) after which the item is charged with a crash, since the kernel may have
    #: killed the worker for the memory that the item uses.
    max_kills: int = 3
    #: Longest wait between two attempts.
    max_delay_seconds: float = 300.0

    @property
    def preempted(self) -> Failure:
        """The failure of an item that was released too often."""
        return Failure(
            code="preempted",
            reason=f"it was handed back {self.max_preemptions} times: its edit takes longer than the workers"
            " live; give them more grace (QIE_GRACE_SECONDS) or other machines, then retry the job",
        )

    @property
    def poisoned(self) -> Failure:
        """The failure of an item that too many workers crashed on."""
        return Failure(
            code="poison",
            reason=f"its worker died {self.max_crashes} times over it; look at the picture, then retry",
        )

    def delay(self, charged: int) -> float:
        """Seconds to wait after `charged` errors: exponential backoff with jitter."""
        jitter = random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret
        return min(self.max_delay_seconds, 2.0**charged) * jitter


RETRY_POLICY = RetryPolicy()

#: Codes of failures that are not the row's own, beside those ending in "unavailable".
_PASSING = frozenset({"device_out_of_memory", "engine_lost", "preempted", "result_gone", "result_lost"})


def may_pass(code: str) -> bool:
    """Whether the same edit may succeed another time or on another device."""
    return code in _PASSING or code.endswith("unavailable")
