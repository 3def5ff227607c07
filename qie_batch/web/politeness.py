"""How often a host is asked: a few requests at a time, none before it says, none once it stays silent."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Requests to one host at a time.
PER_HOST = 4
#: Failures in a row after which a host is not asked again: each address of a silent host costs a minute.
FAILURES = 12
#: The longest wait that a server may ask for.
LONGEST_PAUSE = 60.0


class _Host:
    def __init__(self) -> None:
        self.free = threading.Semaphore(PER_HOST)
        #: By `time.monotonic`.
        self.not_before = 0.0
        self.failures = 0


class Turns:
    """Shared by the threads of one fetcher."""

    def __init__(self) -> None:
        self._hosts: defaultdict[str, _Host] = defaultdict(_Host)
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def close(self) -> None:
        self._closed.set()

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Waits until the host may be asked; Rejected if it has failed too often, or after `close`."""
        with self._lock:
            host = self._hosts[name]
        with host.free:
            while (wait := host.not_before - time.monotonic()) > 0 and not self._closed.is_set():
                self._closed.wait(wait)
            if self._closed.is_set():
                raise Rejected("the submission was ended", code="image_fetch_failed")
            if host.failures >= FAILURES:
                raise Rejected(
                    f"host {quoted(name)} failed {FAILURES} times in a row and is not asked again in this"
                    " submission: submit these rows again when it works",
                    code="image_fetch_failed",
                )
            yield

    def pause(self, name: str, seconds: float) -> None:
        """No request to the host begins within this time."""
        until = time.monotonic() + min(seconds, LONGEST_PAUSE)
        with self._lock:
            self._hosts[name].not_before = max(self._hosts[name].not_before, until)

    def failed(self, name: str) -> None:
        with self._lock:
            self._hosts[name].failures += 1

    def answered(self, name: str) -> None:
        with self._lock:
            self._hosts[name].failures = 0
