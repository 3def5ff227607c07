"""The child of `sandbox.DecoderPool`: bytes of a picture in on one socket, its pixels or a refusal out.

What it has read may have taken it over. So before the first picture it gives up whatever it could do harm
with: no file and no socket can be opened any more (RLIMIT_NOFILE is 0; the socket it has stays open), it has
no capability, cannot gain one, and lives, where the kernel lets it, in a user namespace of its own, out of
which it cannot look into its parent's memory. Everything it needs is therefore imported up here.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import struct
import sys
from typing import TYPE_CHECKING, BinaryIO

from PIL import ImagePalette, TiffImagePlugin  # noqa: F401 - Pillow imports them when a picture needs them

from qie_batch.errors import Rejected
from qie_batch.images import opening
from qie_batch.images.kinds import OPENED

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

#: What is asked (OPEN or INSPECT), bytes that follow, `draft` or 0, and the limits in their order.
REQUEST = struct.Struct("<6Q")
OPEN, INSPECT = range(2)

#: PICTURE: width, height, bytes of RGB that follow; HEADER: width, height, index in OPENED;
#: REFUSAL: bytes of the code and of the sentence that follow, 0.
REPLY = struct.Struct("<4Q")
PICTURE, HEADER, REFUSAL = range(3)
READY = b"+"

#: Bytes of pixels on their way at a time: they stay in the processor's cache from packing to unpacking.
STRIP = 1 << 18

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITY_VERSION = 0x20080522


def main(decode: Callable[..., Image.Image] = opening.decode) -> None:
    """Arguments: the parent's process id, bytes of address space, CPU seconds for one picture."""
    parent, memory, seconds = map(int, sys.argv[1:4])
    # Unbuffered: what waits in a buffer of the child is beyond the parent's clock.
    with open(0, "rb", closefd=False) as reader, open(0, "wb", buffering=0, closefd=False) as writer:
        if sys.platform == "linux":
            _renounce(parent)
        _limit(memory)
        writer.write(READY)
        while header := reader.read(REQUEST.size):
            _answer(header, reader, writer, decode, seconds)


def rows_of_strip(width: int) -> int:
    return max(1, STRIP // (3 * width))


def _renounce(parent: int) -> None:
    """Every part of it is worth having without the others: what the kernel refuses is done without."""
    libc = ctypes.CDLL(None)
    libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    libc.capset((ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)())
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Last: a change of rights makes the kernel forget it.
    # Not SIGKILL: the kernel also sends that for memory, and then the picture is to blame.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent ended first")


def _limit(memory: int) -> None:
    for what, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (amount, amount))


def _answer(
    header: bytes, reader: BinaryIO, writer: BinaryIO, decode: Callable[..., Image.Image], seconds: int
) -> None:
    task, length, draft, *limits = REQUEST.unpack(header)
    data = reader.read(length)
    bounds = opening.Limits(max_pixels=limits[0], max_side=limits[1], max_bytes=limits[2])
    _renew_cpu(seconds)
    try:
        if task == INSPECT:
            kind, width, height = opening.inspect(data, bounds)
            _write(writer, REPLY.pack(HEADER, width, height, OPENED.index(kind)))
        else:
            _send(writer, decode(data, bounds, draft=draft or None))
    except Rejected as error:
        _refuse(writer, error.code, error.message)
    except MemoryError:
        _refuse(
            writer,
            "image_needs_too_much_memory",
            "the picture needs more memory to open than one is given: save it smaller or in another format",
        )


def _renew_cpu(seconds: int) -> None:
    """The kernel counts CPU time since the process began, in whole seconds; past the limit comes SIGXCPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime) + seconds, hard))


def _send(writer: BinaryIO, picture: Image.Image) -> None:
    width, height = picture.size
    _write(writer, REPLY.pack(PICTURE, width, height, 3 * width * height))
    rows = rows_of_strip(width)
    for top in range(0, height, rows):
        _write(writer, picture.crop((0, top, width, min(height, top + rows))).tobytes())


def _refuse(writer: BinaryIO, code: str, message: str) -> None:
    name, sentence = code.encode(), message.encode()
    _write(writer, REPLY.pack(REFUSAL, len(name), len(sentence), 0) + name + sentence)


def _write(writer: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[writer.write(rest) :]
