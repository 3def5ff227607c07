"""Decodes images in separate processes without privileges.

A decoder that crashes on an image or is exploited by one fails that image and does not affect the process
that holds the engine. A decoder process is a bare interpreter that runs `program.main`. The handle checks an
answer's sizes against the limits, its number of pixels and the form of a refusal.

Wall / CPU of both processes in ms, JPEG in, `Image` out, 2-core AMD EPYC:

                            1.5 MP, 0.56 MB    12 MP, 4.5 MB
    in this process            11.2 / 11.2       88.8 /  88.6
    in a decoder process       13.5 / 15.1      117.1 / 130.0
    its pixels alone, by
      socket, strips             1.3 /  3.2       12.5 /  28.8   <- chosen
      socket, whole              2.2 /  3.4       39.5 /  44.4
      pipe, strips               1.4 /  3.4       13.1 /  30.3

A decoder process is ready after about 130 ms, half of them for NumPy, which simplejpeg needs; it holds 42 MB
between images and 190 MB at most for 12 MP. Its namespaces take 0.3 ms of the start.

Address space in MB and CPU in s of a decoder process, the most of each kind at 60 MP (9504 x 6336) or 64 MP:

    JPEG  60 MP, baseline / 64 MP, progressive / progressive CMYK    603, 1.4 / 706, 3.1 / 1144, 7.1
    PNG   60 MP, RGB / RGBA / palette with alpha / RGBA of 16 bits   594, 1.2 / 653, 1.8 / 709, 1.1 / 656, 2.0
    WebP  64 MP, RGBA, lossy / lossless                              1221, 3.7 / 1180, 2.4
"""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Self, TypeVar

from qie_batch.errors import Rejected, Unavailable
from qie_batch.images import png_chunks
from qie_batch.images.decoding import DEFAULT_LIMITS, Limits, check_length
from qie_batch.images.encoding import thumbnail_jpeg
from qie_batch.images.kinds import recognise
from qie_batch.images.sandbox.handle import DecoderCrashed, DecoderProcess, DecoderTimeout
from qie_batch.images.sandbox.protocol import Request, Task, packed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PIL import Image

    from qie_batch.images.provenance import Value
    from qie_batch.model import ImageHeader

log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")

#: Bounds how many images a compromised process sees; a new process takes 130 ms.
_IMAGES_PER_PROCESS = 500

_PROGRAM = "from qie_batch.images.sandbox.program import main; main()"


class DecoderPool:
    """Decodes images in up to `processes` processes, one for each thread that asks; more threads wait.

    The processes start on demand and end with `close`, or with this process however this one ends.
    A pool must be used by the process that made it, not by a fork.

    `program` is the Python source that a decoder process runs; `on_refusal` is told the code of each refusal,
    `on_crash` is called for each process that an image crashed or hung.
    """

    def __init__(
        self,
        *,
        processes: int = 3,
        wall_seconds: float = 30.0,
        cpu_seconds: int = 15,
        memory_bytes: int = 1_500_000_000,
        program: str = _PROGRAM,
        on_refusal: Callable[[str], None] = lambda _code: None,
        on_crash: Callable[[], None] = lambda: None,
    ) -> None:
        self._wall_seconds = wall_seconds
        self._program = program
        self._on_refusal, self._on_crash = on_refusal, on_crash
        self._arguments = (str(os.getpid()), str(memory_bytes), str(cpu_seconds))
        self._concurrency = threading.BoundedSemaphore(processes)
        # The kernel ends a process with the thread that started it, so this thread must outlast all callers.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder-starter")
        self._lock = threading.Lock()
        self._processes: set[DecoderProcess] = set()
        self._idle: list[DecoderProcess] = []
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; present and later calls raise Unavailable."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        self._starter.shutdown()
        for process in tuple(self._processes):
            process.kill()
        for process in idle:
            self._end(process)

    def decode(
        self, data: bytes, limits: Limits = DEFAULT_LIMITS, *, draft: int | None = None
    ) -> Image.Image:
        """As `images.decode`; Rejected, too, if the decoder crashes, hangs or needs too much memory.

        Unavailable if no process can be started.
        """
        request = Request(task=Task.DECODE, data=data, limits=limits, draft=draft or 0)
        return self._answer(request, DecoderProcess.read_image)

    def inspect(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> ImageHeader:
        """As `images.inspect`, with the same additions."""
        return self._answer(Request(task=Task.INSPECT, data=data, limits=limits), DecoderProcess.read_header)

    def fields(self, data: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[str, Value]:
        """What the file says of its origin; nothing of a file whose metadata is no good."""
        request = Request(task=Task.READ_FIELDS, data=data, limits=limits)
        try:
            return self._answer_of(request, DecoderProcess.read_fields)
        except Rejected as error:
            log.warning("the metadata of a picture was left out: %s", error.message)
            return {}

    def with_fields(self, data: bytes, fields: Mapping[str, Value]) -> bytes:
        """The file of ours with these fields; Rejected if they cannot be written.

        The pixels of a PNG stay here, as they are the bulk and the fields stand before them.
        """
        is_png = recognise(data) == "PNG"
        block = packed(fields, png_chunks.without_pixels(data) if is_png else data)
        request = Request(task=Task.WRITE_FIELDS, data=block, limits=Limits(max_bytes=len(block)))
        written = self._answer(request, DecoderProcess.read_file)
        return png_chunks.with_pixels(written, data) if is_png else written

    def thumbnail_jpeg(self, data: bytes, side: int, limits: Limits = DEFAULT_LIMITS) -> bytes:
        """As `images.thumbnail_jpeg`, with the same additions."""
        return thumbnail_jpeg(self.decode(data, limits, draft=2 * side), side)

    def _answer(self, request: Request, read: Callable[[DecoderProcess, Request], _Answer]) -> _Answer:
        try:
            return self._answer_of(request, read)
        except Rejected as error:
            self._on_refusal(error.code)
            raise

    def _answer_of(self, request: Request, read: Callable[[DecoderProcess, Request], _Answer]) -> _Answer:
        check_length(len(request.data), request.limits)
        with self._concurrency:
            seconds = self._wall_seconds
            used = self._take_idle()
            if used is not None:
                began = time.monotonic()
                # An earlier image may have corrupted this process; only a new one shows which image crashes.
                with suppress(DecoderCrashed):
                    return self._exchange(used, request, read, seconds)
                seconds = max(1.0, seconds - (time.monotonic() - began))
            try:
                return self._exchange(self._start(), request, read, seconds)
            except DecoderCrashed as crash:
                raise Rejected(
                    f"the picture brings its decoder down ({crash}): export it again from its source",
                    code="image_crashes_decoder",
                ) from crash

    def _exchange(
        self,
        process: DecoderProcess,
        request: Request,
        read: Callable[[DecoderProcess, Request], _Answer],
        seconds: float,
    ) -> _Answer:
        try:
            process.send(request, seconds)
            answer = read(process, request)
        except Rejected:
            self._give_back(process)
            raise
        except DecoderTimeout as timeout:
            self._on_crash()
            self._end(process)
            raise Rejected(
                f"the picture was not open after {timeout}: export it again from its source",
                code="image_hangs_decoder",
            ) from timeout
        except BaseException as error:
            self._end(process)
            if self._closed:
                raise _closed() from error
            if isinstance(error, DecoderCrashed):
                self._on_crash()
            raise
        self._give_back(process)
        return answer

    def _take_idle(self) -> DecoderProcess | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _start(self) -> DecoderProcess:
        with self._lock:
            if self._closed:
                raise _closed()
            future = self._starter.submit(
                DecoderProcess.start, self._program, self._arguments, self._processes
            )
        process = future.result()
        try:
            process.await_ready()
        except BaseException:
            self._end(process)
            raise
        return process

    def _give_back(self, process: DecoderProcess) -> None:
        process.requests += 1
        with self._lock:
            if process.requests < _IMAGES_PER_PROCESS and not self._closed:
                self._idle.append(process)
                return
        self._end(process)

    def _end(self, process: DecoderProcess) -> None:
        process.end()
        self._processes.discard(process)


def _closed() -> Unavailable:
    return Unavailable("the opener of pictures was closed", code="opener_unavailable")
