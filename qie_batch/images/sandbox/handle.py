"""The pool's handle of one decoder process: every answer is checked and has a deadline."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Self

from PIL import Image

from qie_batch.errors import Rejected, Unavailable
from qie_batch.images.kinds import DECODED
from qie_batch.images.sandbox.interpreter import environment, import_roots
from qie_batch.images.sandbox.protocol import (
    LONGEST_FIELDS,
    READY,
    REPLY_HEADER,
    Reply,
    parsed_fields,
    strip_rows,
)
from qie_batch.model import ImageHeader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.images.provenance import Value
    from qie_batch.images.sandbox.protocol import Request

_START_SECONDS = 30.0
#: From the end of the socket to the end of the process.
_EXIT_SECONDS = 1.0

_CODE = re.compile(r"image_[a-z_]{1,40}")
_LONGEST_REFUSAL = 500

#: Isolated, without site-packages, no bytecode written, no warnings.
_FLAGS = ("-I", "-S", "-B", "-W", "ignore", "-c")
#: Gives the decoder process the import roots of this one, which saves the 20 ms of scanning site-packages.
_PREAMBLE = "import sys; sys.path[:0] = sys.argv[4:]; "

#: Sent by a service manager or at the end of the parent, never because of an image.
_STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class DecoderCrashed(Exception):
    """Says how the process ended, or that its answer was invalid."""


class DecoderTimeout(Exception):
    """Says how much time the process had."""


@dataclass(slots=True, eq=False, kw_only=True)
class DecoderProcess:
    process: subprocess.Popen[bytes]
    connection: socket.socket
    #: Time limit and deadline of the present request.
    seconds: float = 0.0
    deadline: float = 0.0
    #: Requests answered so far.
    requests: int = 0

    @classmethod
    def start(cls, program: str, arguments: Sequence[str], started: set[DecoderProcess]) -> Self:
        """A process that is not ready yet, added to `started`."""
        ours, theirs = socket.socketpair()
        # kombu sets a default timeout for new sockets while it connects, and the decoder would exit on it.
        theirs.settimeout(None)
        try:
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, *_FLAGS, _PREAMBLE + program, *arguments, *import_roots()],
                    env=environment(),
                    cwd="/",
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    # Ctrl-C is for the parent alone.
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            raise Unavailable(
                f"no process can be started to open pictures: {error.strerror}", code="opener_unavailable"
            ) from error
        handle = cls(process=process, connection=ours)
        started.add(handle)
        return handle

    def await_ready(self) -> None:
        """Unavailable, with what the process wrote to stderr, if it does not get ready; closes stderr."""
        assert self.process.stderr is not None  # as it is a pipe
        with self.process.stderr as stderr:
            self._set_deadline(_START_SECONDS)
            try:
                ready = self._receive(len(READY)) == READY
            except (DecoderCrashed, DecoderTimeout):
                ready = False
            if not ready:
                self.process.kill()
                said = stderr.read(4096).decode(errors="replace").strip()
                raise Unavailable(
                    "the process that opens pictures did not start",
                    code="opener_unavailable",
                    hint=f"It said: {said or 'nothing'}",
                )

    def send(self, request: Request, seconds: float) -> None:
        """Send the request; it must be answered within so many seconds from now."""
        self._set_deadline(seconds)
        for part in (request.header, request.data):
            try:
                self.connection.settimeout(self._remaining())
                self.connection.sendall(part)
            except TimeoutError as error:
                raise self._timed_out() from error
            except OSError as error:
                raise self._disconnected() from error

    def read_image(self, request: Request) -> Image.Image:
        width, height, length = self._read_reply(Reply.IMAGE, request)
        row_bytes = length // height
        mode = {3 * width: "RGB", 4 * width: "RGBA"}.get(row_bytes)
        if mode is None or length != row_bytes * height:
            raise _invalid_answer()
        image = Image.new(mode, (width, height))
        rows = strip_rows(row_bytes)
        buffer = memoryview(bytearray(row_bytes * min(rows, height)))
        for top in range(0, height, rows):
            size = width, min(rows, height - top)
            strip = buffer[: row_bytes * size[1]]
            self._fill(strip)
            image.paste(Image.frombytes(mode, size, strip), (0, top))
        return image

    def read_header(self, request: Request) -> ImageHeader:
        width, height, packed = self._read_reply(Reply.HEADER, request)
        kind, flags = divmod(packed, 4)
        if kind >= len(DECODED):
            raise _invalid_answer()
        return ImageHeader(DECODED[kind], width, height, bool(flags & 1), bool(flags & 2))

    def read_fields(self, _request: Request) -> dict[str, Value]:
        """As `metadata.fields_of`."""
        try:
            return parsed_fields(self._read_bytes(LONGEST_FIELDS))
        except (ValueError, TypeError) as error:
            raise _invalid_answer() from error

    def read_file(self, request: Request) -> bytes:
        """As `metadata.with_fields`."""
        return self._read_bytes(len(request.data) + LONGEST_FIELDS)

    def _read_bytes(self, most: int) -> bytes:
        reply, length, second, _ = REPLY_HEADER.unpack(self._receive(REPLY_HEADER.size))
        if reply == Reply.REFUSAL:
            self._read_refusal(length, second)
        if reply != Reply.BYTES or length > most:
            raise _invalid_answer()
        return self._receive(length)

    def _read_reply(self, expected: Reply, request: Request) -> tuple[int, int, int]:
        """Width and height within the limits, and the third figure; Rejected if the process refuses."""
        reply, width, height, third = REPLY_HEADER.unpack(self._receive(REPLY_HEADER.size))
        if reply == Reply.REFUSAL:
            self._read_refusal(width, height)
        limits = request.limits
        within = min(width, height) >= 1 and max(width, height) <= limits.max_side
        if reply != expected or not within or width * height > limits.max_pixels:
            raise _invalid_answer()
        return width, height, third

    def _read_refusal(self, code_length: int, sentence_length: int) -> NoReturn:
        if code_length + sentence_length > _LONGEST_REFUSAL:
            raise _invalid_answer()
        code = self._receive(code_length).decode(errors="replace")
        sentence = self._receive(sentence_length).decode(errors="replace")
        if not _CODE.fullmatch(code) or not sentence.isprintable():
            raise _invalid_answer()
        raise Rejected(sentence, code=code)

    def _receive(self, length: int) -> bytes:
        buffer = bytearray(length)
        self._fill(memoryview(buffer))
        return bytes(buffer)

    def _fill(self, rest: memoryview) -> None:
        while rest:
            try:
                self.connection.settimeout(self._remaining())
                received = self.connection.recv_into(rest)
            except TimeoutError as error:
                raise self._timed_out() from error
            except OSError as error:
                raise self._disconnected() from error
            if not received:
                raise self._disconnected()
            rest = rest[received:]

    def _set_deadline(self, seconds: float) -> None:
        self.seconds, self.deadline = seconds, time.monotonic() + seconds

    def _remaining(self) -> float:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    def _timed_out(self) -> DecoderTimeout:
        return DecoderTimeout(f"{self.seconds:.3g} s")

    def _disconnected(self) -> DecoderCrashed | DecoderTimeout | Unavailable:
        """The reason why the process closed its socket, which the program does only by ending."""
        try:
            code = self.process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            return _invalid_answer()
        if code == -signal.SIGXCPU:
            return DecoderTimeout("all the CPU time that one is given")
        if -code in _STOP_SIGNALS:
            return Unavailable("the process that opens pictures was told to end", code="opener_unavailable")
        return DecoderCrashed(signal.strsignal(-code) if code < 0 else f"exit code {code}")

    def end(self) -> None:
        """Kill the process and close the socket; only the thread that uses the socket may call this."""
        self.kill()
        self.connection.close()

    def kill(self) -> None:
        """Send SIGKILL, since the process has nothing to clean up."""
        self.process.kill()
        self.process.wait()


def _invalid_answer() -> DecoderCrashed:
    return DecoderCrashed("its answer made no sense")
