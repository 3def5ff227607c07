"""The program of a decoder process: bytes of an image in on a socket, its pixels or a refusal out.

A malicious image may take control of the process. So the process drops its rights before the first image: no
file or socket can be opened any more (RLIMIT_NOFILE is 0; the socket that is open stays usable), there is no
capability and none can be gained, and where the kernel allows that the process is in a user namespace of its
own, from which the parent's memory cannot be read. Where libseccomp is installed, only the system calls of
decoding are left. Every module that decoding needs is therefore imported at
the top.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING

import simplejpeg  # noqa: F401 - decoding imports that late
from PIL import ImagePalette, TiffImagePlugin  # noqa: F401 - Pillow imports them when an image needs them

from qie_batch.errors import Rejected
from qie_batch.images import decoding, metadata
from qie_batch.images.kinds import DECODED
from qie_batch.images.sandbox.protocol import (
    READY,
    REPLY_HEADER,
    Reply,
    Task,
    read_request,
    strip_rows,
    unpacked,
)
from qie_batch.images.sandbox.system_calls import leave_only_decoding

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from PIL import Image

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITY_VERSION = 0x20080522


def main(decode: Callable[..., Image.Image] = decoding.decode) -> None:
    """Arguments: the parent's process id, bytes of address space, CPU seconds for one image."""
    parent, memory, cpu_seconds = map(int, sys.argv[1:4])
    # Unbuffered: the parent's deadline does not see bytes that wait in a buffer of this process.
    with open(0, "rb", closefd=False) as reader, open(0, "wb", buffering=0, closefd=False) as writer:
        if sys.platform == "linux":
            _drop_privileges(parent)
            leave_only_decoding()
        _set_limits(memory)
        writer.write(READY)
        while _answer_next(reader, writer, decode, cpu_seconds):
            pass


def _drop_privileges(parent: int) -> None:
    """Ignores what the kernel refuses, because each measure protects without the others."""
    libc = ctypes.CDLL(None)
    libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    libc.capset((ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)())
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Last, because the kernel clears this setting when credentials change.
    # Not SIGKILL: the kernel also sends that when memory runs out, and the pool then refuses the image.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent ended first")


def _set_limits(memory: int) -> None:
    for what, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (amount, amount))


def _reset_cpu_limit(seconds: int) -> None:
    """The kernel counts CPU time since the process began, in whole seconds; SIGXCPU comes past the limit."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime) + seconds, hard))


def _answer_next(
    reader: BinaryIO, writer: BinaryIO, decode: Callable[..., Image.Image], cpu_seconds: int
) -> bool:
    """Whether there was a request; its data is released before the next one is waited for."""
    request = read_request(reader)
    if request is None:
        return False
    _reset_cpu_limit(cpu_seconds)
    try:
        if request.task == Task.INSPECT:
            header = decoding.inspect(request.data, request.limits)
            packed = DECODED.index(header.format) * 4 + header.ended * 2 + header.alpha
            _write(writer, REPLY_HEADER.pack(Reply.HEADER, header.width, header.height, packed))
        elif request.task == Task.READ_FIELDS:
            _send_bytes(writer, json.dumps(metadata.fields_of(request.data)).encode())
        elif request.task == Task.WRITE_FIELDS:
            _send_bytes(writer, _with_fields(request.data))
        else:
            _send_image(writer, decode(request.data, request.limits, draft=request.draft or None))
    except Rejected as error:
        _send_refusal(writer, error.code, error.message)
    except MemoryError:
        _send_refusal(
            writer,
            "image_needs_too_much_memory",
            "the picture needs more memory to open than one is given: save it smaller or in another format",
        )
    return True


def _with_fields(block: bytes) -> bytes:
    fields, data = unpacked(block)
    try:
        return metadata.with_fields(data, fields)
    except RuntimeError as error:
        raise Rejected(
            "the metadata of the result could not be written: ask for the result with --strip-metadata",
            code="image_metadata_unwritable",
        ) from error


def _send_bytes(writer: BinaryIO, data: bytes) -> None:
    _write(writer, REPLY_HEADER.pack(Reply.BYTES, len(data), 0, 0))
    _write(writer, data)


def _send_image(writer: BinaryIO, image: Image.Image) -> None:
    width, height = image.size
    row_bytes = len(image.getbands()) * width
    _write(writer, REPLY_HEADER.pack(Reply.IMAGE, width, height, row_bytes * height))
    rows = strip_rows(row_bytes)
    for top in range(0, height, rows):
        _write(writer, image.crop((0, top, width, min(height, top + rows))).tobytes())


def _send_refusal(writer: BinaryIO, code: str, message: str) -> None:
    name, sentence = code.encode(), message.encode()
    _write(writer, REPLY_HEADER.pack(Reply.REFUSAL, len(name), len(sentence), 0) + name + sentence)


def _write(writer: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[writer.write(rest) :]
