"""Who may enter the device: an interactive edit waits for no other but those on the device."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

#: Seconds between two checks of a waiting edit.
POLL_SECONDS = 0.2
#: Seconds for which a place is kept free for an interactive edit whose inputs are on their way.
EXPECTED_SECONDS = 1.0


class Device:
    """As many edits at a time as there are places; edits are told apart by any key of theirs."""

    def __init__(self, places: int = 1, *, shared: bool = False) -> None:
        """`shared`: edits at one time are on one device, not with a server that runs each by itself."""
        self._changed = threading.Condition()
        self._places = self._free = places
        self._shared = shared
        #: Of `clock`, and when (monotonic seconds) edits came or went last.
        self._elapsed, self._since = 0.0, time.monotonic()
        #: Interactive edits that wait, or that are expected until a time (monotonic seconds).
        self._preferred: dict[Hashable, float] = {}

    @property
    def holders(self) -> int:
        """Edits on the device."""
        return self._places - self._free

    def clock(self) -> float:
        """Seconds that pass for an edit on the device: of one that several share, each has its part."""
        if not self._shared:
            return time.monotonic()
        with self._changed:
            return self._elapsed + (time.monotonic() - self._since) / max(1, self.holders)

    @contextmanager
    def expecting(self, edit: Hashable) -> Iterator[None]:
        """A place that becomes free is kept for this interactive edit, for EXPECTED_SECONDS at most."""
        with self._changed:
            self._preferred[edit] = time.monotonic() + EXPECTED_SECONDS
        try:
            yield
        finally:
            with self._changed:
                self._preferred.pop(edit, None)
                self._changed.notify_all()

    @contextmanager
    def hold(self, edit: Hashable, *, interactive: bool, check: Callable[[], None]) -> Iterator[None]:
        """Wait for a place on the device; meanwhile `check` is called now and then, and may raise."""
        self._enter(edit, interactive=interactive, check=check)
        try:
            yield
        finally:
            with self._changed:
                self._turn_clock()
                self._free += 1
                self._changed.notify_all()

    def _turn_clock(self) -> None:
        """Before the number of edits on the device changes."""
        now = time.monotonic()
        self._elapsed += (now - self._since) / max(1, self.holders)
        self._since = now

    def _enter(self, edit: Hashable, *, interactive: bool, check: Callable[[], None]) -> None:
        with self._changed:
            if interactive:
                self._preferred[edit] = float("inf")
            try:
                while not self._changed.wait_for(lambda: self._is_open(edit), POLL_SECONDS):
                    check()
                self._turn_clock()
                self._free -= 1
            finally:
                self._preferred.pop(edit, None)
                self._changed.notify_all()

    def _is_open(self, edit: Hashable) -> bool:
        now = time.monotonic()
        others = sum(until > now for until in self._preferred.values())
        return self._free > (0 if edit in self._preferred else others)
