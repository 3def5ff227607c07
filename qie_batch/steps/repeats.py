"""Keeps a state that lasts from being logged at each look."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

#: Until the same sentence about the same subject is new again, and until any other one is.
SAME_SECONDS, OTHER_SECONDS = 3600.0, 60.0


class _Said(NamedTuple):
    sentence: str
    at: float
    has_ended: bool = False


class Repeats:
    """What was last said about each subject, in one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[Hashable, _Said] = {}

    def is_new(self, subject: Hashable, sentence: str) -> bool:
        """Whether to log the sentence; True counts as logged."""
        now, last = self._clock(), self._said.get(subject)
        if last:
            goes_on = last.sentence == sentence and not last.has_ended
            if now - last.at < (SAME_SECONDS if goes_on else OTHER_SECONDS):
                return False
        self._said[subject] = _Said(sentence, now)
        return True

    def end(self, subject: Hashable) -> None:
        """The state that was logged is over: when it returns, it is new."""
        if last := self._said.get(subject):
            self._said[subject] = last._replace(has_ended=True)
