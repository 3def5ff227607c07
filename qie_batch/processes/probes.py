"""What Kubernetes asks a supervisor or control: each probe says what is wrong, or "".

A worker's probes follow heartbeats: a process writes its first one once its engine is warm, and a process
that gets no messages, or whose edit hangs, ends by itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Seconds without a round after which the process itself stands still; an outage of the ledger takes less.
STILL_SECONDS = 120.0
#: Seconds for which a process may outlive SIGKILL: one that waits in a driver does not end.
STUCK_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    name: str
    #: The engine is loaded and the process sends heartbeats.
    is_warm: bool
    #: Since it was killed because its heartbeat stopped; 0.0 where it was not.
    stuck_seconds: float = 0.0


class WorkerProbes:
    """`/started`, `/ready` and `/live` of a supervisor."""

    def __init__(self) -> None:
        self._states: Sequence[ProcessState] = ()
        self._polled_at = time.monotonic()
        self._is_leaving = False

    @property
    def by_path(self) -> Mapping[str, Callable[[], str]]:
        return {"/started": self.cold, "/ready": self.not_ready, "/live": self.not_alive}

    def polled(self, states: Sequence[ProcessState]) -> None:
        """Every worker process was looked at."""
        self._states, self._polled_at = states, time.monotonic()

    def leave(self) -> None:
        """From now on no edit begins."""
        self._is_leaving = True

    def cold(self) -> str:
        cold = [state.name for state in self._states if not state.is_warm]
        if not self._states or cold:
            return f"the engine is not loaded yet: {', '.join(cold) or 'no process was started'}"
        return ""

    def not_ready(self) -> str:
        return "the worker is leaving" if self._is_leaving else self.cold()

    def not_alive(self) -> str:
        if self._is_leaving:
            return ""
        stuck = [state.name for state in self._states if state.stuck_seconds > STUCK_SECONDS]
        if stuck:
            return f"killed, and does not end: {', '.join(stuck)}"
        return stands_still(self._polled_at)


class ControlProbes:
    """`/live` of control: its fast rounds, which take no longer than the ledger takes to answer."""

    def __init__(self) -> None:
        self._ended_at = time.monotonic()

    @property
    def by_path(self) -> Mapping[str, Callable[[], str]]:
        return {"/live": lambda: stands_still(self._ended_at)}

    def round_ended(self) -> int:
        """The last step of a round, which changes nothing."""
        self._ended_at = time.monotonic()
        return 0


def stands_still(latest_round: float) -> str:
    """What is wrong with a process whose latest round ended then, by the monotonic clock; "" for nothing."""
    seconds = time.monotonic() - latest_round
    return f"no round ended for {seconds:.0f} s" if seconds > STILL_SECONDS else ""
