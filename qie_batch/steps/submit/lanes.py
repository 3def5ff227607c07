"""Work in several threads, of which no lane takes all: a slow host on the web holds up itself alone."""

from __future__ import annotations

from collections import defaultdict, deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

_Thing = TypeVar("_Thing")
_Outcome = TypeVar("_Outcome")


class Lanes(Generic[_Thing, _Outcome]):
    """`lane_of` gives a thing's lane, and how many things of this lane are worked on at a time."""

    def __init__(
        self,
        pool: Executor,
        work: Callable[[_Thing], _Outcome],
        lane_of: Callable[[_Thing], tuple[str, int]],
    ) -> None:
        self._pool = pool
        self._work = work
        self._lane_of = lane_of
        self._waiting: defaultdict[str, deque[_Thing]] = defaultdict(deque)
        self._running: dict[Future[_Outcome], tuple[str, _Thing]] = {}
        self._done: SimpleQueue[Future[_Outcome]] = SimpleQueue()

    def run(self, things: Iterable[_Thing]) -> Iterator[tuple[_Thing, _Outcome]]:
        """Each with its outcome, in the order in which they are done; raises what the work raises."""
        widths: dict[str, int] = {}
        for thing in things:
            lane, width = self._lane_of(thing)
            widths[lane] = width
            self._waiting[lane].append(thing)
        for lane, width in widths.items():
            for _ in range(width):
                self._start(lane)
        while self._running:
            future = self._done.get()
            lane, thing = self._running.pop(future)
            self._start(lane)
            yield thing, future.result()

    def _start(self, lane: str) -> None:
        """The lane's next thing, if one is left."""
        if self._waiting[lane]:
            thing = self._waiting[lane].popleft()
            future = self._pool.submit(self._work, thing)
            self._running[future] = lane, thing
            future.add_done_callback(self._done.put)
