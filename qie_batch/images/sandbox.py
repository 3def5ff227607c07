"""Pictures opened by children that have nothing to lose.

A decoder that a picture brings down or takes over costs that picture, not the process that holds the engine.
A child is a bare interpreter that runs `opener.main`. Its answer is believed no further than it can be
checked: sizes against the limits, pixels for their number, a refusal for its form.

Wall / CPU of both processes in ms, JPEG in, `Image` out, 2-core AMD EPYC:

                      1.5 MP, 0.56 MB    12 MP, 4.5 MB
    in this process      11.2 / 11.2       88.8 /  88.6
    in a child           13.5 / 15.1      117.1 / 130.0
    its pixels alone, by
      socket, strips       1.3 /  3.2       12.5 /  28.8   <- chosen
      socket, whole        2.2 /  3.4       39.5 /  44.4
      pipe, strips         1.4 /  3.4       13.1 /  30.3

A child is ready after 70 ms, holds 29 MB between pictures, 170 MB at its height for 12 MP; its namespaces
cost 0.3 ms of its start.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Self, TypeVar

from qie_batch.errors import Rejected, Unavailable
from qie_batch.images.child import Child, Crashed, Hung, Question
from qie_batch.images.encoding import thumbnail_jpeg
from qie_batch.images.opener import INSPECT, OPEN
from qie_batch.images.opening import DEFAULT_LIMITS, Header, Limits, check_length

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

_Answer = TypeVar("_Answer")

#: What a child learned to do wrong from one picture ends with it: 60 ms of a new one for so many pictures.
_PICTURES_PER_CHILD = 500

_PROGRAM = "from qie_batch.images.opener import main; main()"


class DecoderPool:
    """Opens pictures in up to `children` child processes, one for each thread that asks; others wait.

    The children start when they are needed and end with `close`, or with this process however it ends.
    Use it from the process that made it, not from a fork.

    `program` is what a child runs, as Python source.
    """

    def __init__(
        self,
        *,
        children: int = 3,
        wall_seconds: float = 20.0,
        cpu_seconds: int = 10,
        memory_bytes: int = 1_500_000_000,
        program: str = _PROGRAM,
    ) -> None:
        self._wall_seconds = wall_seconds
        self._program = program
        self._arguments = (str(os.getpid()), str(memory_bytes), str(cpu_seconds))
        self._slots = threading.BoundedSemaphore(children)
        # A child ends with the thread that started it, so that thread must outlast all of those that ask.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="opener")
        self._lock = threading.Lock()
        self._children: set[Child] = set()
        self._idle: list[Child] = []
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children; who waits for an answer, or asks later, gets Unavailable."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        self._starter.shutdown()
        for child in tuple(self._children):
            child.kill()
        for child in idle:
            self._end(child)

    def decode(
        self, data: bytes, limits: Limits = DEFAULT_LIMITS, *, draft: int | None = None
    ) -> Image.Image:
        """As `images.decode`; Rejected, too, if the decoder crashes, hangs or wants too much memory.

        Unavailable if no child can be started.
        """
        return self._ask(Question(OPEN, data, limits, draft or 0), Child.read_picture)

    def inspect(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Header:
        """As `images.inspect`, with the same additions."""
        return self._ask(Question(INSPECT, data, limits), Child.read_header)

    def thumbnail_jpeg(self, data: bytes, side: int, limits: Limits = DEFAULT_LIMITS) -> bytes:
        """As `images.thumbnail_jpeg`, with the same additions."""
        return thumbnail_jpeg(self.decode(data, limits, draft=2 * side), side)

    def _ask(self, question: Question, read: Callable[[Child, Question], _Answer]) -> _Answer:
        check_length(len(question.data), question.limits)
        with self._slots:
            seconds = self._wall_seconds
            used = self._used()
            if used is not None:
                began = time.monotonic()
                # An earlier picture may have broken this child: only a fresh one tells whose fault it is.
                with suppress(Crashed):
                    return self._asked(used, question, read, seconds)
                seconds = max(1.0, seconds - (time.monotonic() - began))
            try:
                return self._asked(self._fresh(), question, read, seconds)
            except Crashed as crash:
                raise Rejected(
                    f"the picture brings its decoder down ({crash}): export it again from its source",
                    code="image_crashes_decoder",
                ) from crash

    def _asked(
        self,
        child: Child,
        question: Question,
        read: Callable[[Child, Question], _Answer],
        seconds: float,
    ) -> _Answer:
        try:
            child.put(question, seconds)
            answer = read(child, question)
        except Rejected:
            self._give_back(child)
            raise
        except Hung as hang:
            self._end(child)
            raise Rejected(
                f"the picture was not open after {hang}: export it again from its source",
                code="image_hangs_decoder",
            ) from hang
        except BaseException as error:
            self._end(child)
            if self._closed:
                raise _closed() from error
            raise
        self._give_back(child)
        return answer

    def _used(self) -> Child | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _fresh(self) -> Child:
        with self._lock:
            if self._closed:
                raise _closed()
            future = self._starter.submit(Child.start, self._program, self._arguments, self._children)
        child = future.result()
        try:
            child.await_ready()
        except BaseException:
            self._end(child)
            raise
        return child

    def _give_back(self, child: Child) -> None:
        child.asked += 1
        with self._lock:
            if child.asked < _PICTURES_PER_CHILD and not self._closed:
                self._idle.append(child)
                return
        self._end(child)

    def _end(self, child: Child) -> None:
        child.end()
        self._children.discard(child)


def _closed() -> Unavailable:
    return Unavailable("the opener of pictures was closed", code="opener_unavailable")
