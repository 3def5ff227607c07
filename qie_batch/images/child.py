"""One process of `sandbox.DecoderPool`, seen from its parent: every answer is checked and timed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Self

import PIL
from PIL import Image

import qie_batch
from qie_batch.errors import Rejected, Unavailable
from qie_batch.images.kinds import OPENED
from qie_batch.images.opener import HEADER, PICTURE, READY, REFUSAL, REPLY, REQUEST, rows_of_strip
from qie_batch.images.opening import Header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.images.opening import Limits

_START_SECONDS = 30.0
#: From the end of its socket to its own.
_END_SECONDS = 1.0

_CODE = re.compile(r"image_[a-z_]{1,40}")
_LONGEST_REFUSAL = 500

#: Isolated, without site-packages, writing no bytecode, silent.
_FLAGS = ("-I", "-S", "-B", "-W", "ignore", "-c")
#: Finds its imports where this process found them, without the 20 ms of looking through site-packages.
_PREAMBLE = "import sys; sys.path[:0] = sys.argv[4:]; "


#: Sent by a service manager or because the parent ends: no picture's fault.
_TOLD_TO_END = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class Question(NamedTuple):
    task: int
    data: bytes
    limits: Limits
    draft: int = 0

    @property
    def header(self) -> bytes:
        limits = self.limits
        return REQUEST.pack(
            self.task, len(self.data), self.draft, limits.max_pixels, limits.max_side, limits.max_bytes
        )


class Crashed(Exception):
    """How the child ended, or what it said instead of an answer."""


class Hung(Exception):
    """How long the child had."""


@dataclass(slots=True, eq=False)
class Child:
    process: subprocess.Popen[bytes]
    connection: socket.socket
    #: For the answer to the present question, and when they are over.
    seconds: float = 0.0
    deadline: float = 0.0
    #: Pictures so far.
    asked: int = 0

    @classmethod
    def start(cls, program: str, arguments: Sequence[str], children: set[Child]) -> Self:
        """A child that is not ready yet, added to `children`."""
        ours, theirs = socket.socketpair()
        # While kombu connects, every new socket has a timeout: the child would read nothing, and leave.
        theirs.settimeout(None)
        roots = dict.fromkeys(str(Path(path).parent) for path in (*qie_batch.__path__, *PIL.__path__))
        try:
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, *_FLAGS, _PREAMBLE + program, *arguments, *roots],
                    # Some interpreters need it to find their own library.
                    env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
                    cwd="/",
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    # Ctrl-C is for the parent.
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            raise Unavailable(
                f"no process can be started to open pictures: {error.strerror}", code="opener_unavailable"
            ) from error
        child = cls(process, ours)
        children.add(child)
        return child

    def await_ready(self) -> None:
        """Unavailable, with what the child said, if it is not; it is not heard again."""
        assert self.process.stderr is not None  # as it is a pipe
        with self.process.stderr as stderr:
            self._wind(_START_SECONDS)
            try:
                ready = self._receive(len(READY)) == READY
            except (Crashed, Hung):
                ready = False
            if not ready:
                self.process.kill()
                said = stderr.read(4096).decode(errors="replace").strip()
                raise Unavailable(
                    "the process that opens pictures did not start",
                    code="opener_unavailable",
                    hint=f"It said: {said or 'nothing'}",
                )

    def put(self, question: Question, seconds: float) -> None:
        self._wind(seconds)
        for part in (question.header, question.data):
            try:
                self.connection.settimeout(self._left())
                self.connection.sendall(part)
            except TimeoutError as error:
                raise self._hung() from error
            except OSError as error:
                raise self._crashed() from error

    def read_picture(self, question: Question) -> Image.Image:
        width, height, length = self._read_reply(PICTURE, question)
        if length != 3 * width * height:
            raise _nonsense()
        picture = Image.new("RGB", (width, height))
        rows = rows_of_strip(width)
        buffer = memoryview(bytearray(3 * width * min(rows, height)))
        for top in range(0, height, rows):
            size = width, min(rows, height - top)
            strip = buffer[: 3 * width * size[1]]
            self._fill(strip)
            picture.paste(Image.frombytes("RGB", size, strip), (0, top))
        return picture

    def read_header(self, question: Question) -> Header:
        width, height, kind = self._read_reply(HEADER, question)
        if kind >= len(OPENED):
            raise _nonsense()
        return Header(OPENED[kind], width, height)

    def _read_reply(self, expected: int, question: Question) -> tuple[int, int, int]:
        """Width, height within the limits, and what comes third; Rejected if the child says so."""
        kind, width, height, third = REPLY.unpack(self._receive(REPLY.size))
        if kind == REFUSAL:
            self._refuse(width, height)
        limits = question.limits
        within = min(width, height) >= 1 and max(width, height) <= limits.max_side
        if kind != expected or not within or width * height > limits.max_pixels:
            raise _nonsense()
        return width, height, third

    def _refuse(self, of_code: int, of_sentence: int) -> NoReturn:
        if of_code + of_sentence > _LONGEST_REFUSAL:
            raise _nonsense()
        code = self._receive(of_code).decode(errors="replace")
        sentence = self._receive(of_sentence).decode(errors="replace")
        if not _CODE.fullmatch(code) or not sentence.isprintable():
            raise _nonsense()
        raise Rejected(sentence, code=code)

    def _receive(self, length: int) -> bytes:
        buffer = bytearray(length)
        self._fill(memoryview(buffer))
        return bytes(buffer)

    def _fill(self, rest: memoryview) -> None:
        while rest:
            try:
                self.connection.settimeout(self._left())
                got = self.connection.recv_into(rest)
            except TimeoutError as error:
                raise self._hung() from error
            except OSError as error:
                raise self._crashed() from error
            if not got:
                raise self._crashed()
            rest = rest[got:]

    def _wind(self, seconds: float) -> None:
        self.seconds, self.deadline = seconds, time.monotonic() + seconds

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _hung(self) -> Hung:
        return Hung(f"{self.seconds:.3g} s")

    def _crashed(self) -> Crashed | Hung | Unavailable:
        """It closed its socket, which it does only when it ends."""
        try:
            code = self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return _nonsense()
        if code == -signal.SIGXCPU:
            return Hung("all the CPU time that one is given")
        if -code in _TOLD_TO_END:
            return Unavailable("the process that opens pictures was told to end", code="opener_unavailable")
        return Crashed(signal.strsignal(-code) if code < 0 else f"exit code {code}")

    def end(self) -> None:
        """Only by the thread that asks it, if one does: another would close the socket under it."""
        self.kill()
        self.connection.close()

    def kill(self) -> None:
        """SIGKILL: it has nothing to put in order."""
        self.process.kill()
        self.process.wait()


def _nonsense() -> Crashed:
    return Crashed("its answer made no sense")
