"""Images decoded in other processes: the same answers as in process; a failed process fails one image."""

import errno
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ctypes.util import find_library
from pathlib import Path

import pytest
from PIL import Image

from qie_batch import images
from qie_batch.errors import Rejected, Unavailable
from qie_batch.images.sandbox import DecoderPool
from tests.support import requires

#: Replaces the program of a decoder process: data that ends with one of these words plays its trick.
TRICKS = """
import ctypes, json, os, signal, sys, time
from qie_batch.errors import Rejected, Unavailable
from qie_batch.images import decoding
from qie_batch.images.sandbox import program
from qie_batch.images.sandbox.protocol import REPLY_HEADER, Reply

decoded = []

def tell(what):
    raise Rejected(json.dumps(what), code="image_told")

def refusal(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return os.strerror(error.errno)

libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "")

def executable_memory():
    libc.mmap.restype = ctypes.c_ssize_t
    call("mmap", None, 4096, 7, 0x22, -1, 0)

parent = int(sys.argv[1])
calls = {
    "open": lambda: os.open("/etc/hostname", 0),
    "pipe": os.pipe,
    "socket": lambda: call("socket", 2, 1, 0),
    "fork": os.fork,
    "run": lambda: os.execv("/bin/true", ["true"]),
    "signal the parent": lambda: os.kill(parent, 0),
    "limit the parent": lambda: call("prlimit64", parent, 7, None, None),
    "trace": lambda: call("ptrace", 16, parent, None, None),
    "file in memory": lambda: os.memfd_create("x"),
    "namespace": lambda: call("unshare", 0x10000000),
    "executable memory": executable_memory,
}

tricks = {
    b"segfault": lambda: ctypes.string_at(0),
    b"abort": os.abort,
    b"exit": lambda: os._exit(3),
    b"bug": lambda: {}["no such key"],
    b"loop": lambda: [None for _ in iter(int, 1)],
    b"sleep": lambda: time.sleep(600),
    b"stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    b"greedy": lambda: bytearray(3_000_000_000),
    b"babble": lambda: os.write(0, b"?" * 4096),
    b"boast": lambda: os.write(0, REPLY_HEADER.pack(Reply.IMAGE, 60_000, 60_000, 3 * 60_000**2)),
    b"lie": lambda: os.write(0, REPLY_HEADER.pack(Reply.IMAGE, 64, 48, 1)),
    b"swear": lambda: os.write(0, REPLY_HEADER.pack(Reply.REFUSAL, 12, 10**15, 0) + b"image_broken"),
    b"two lines": lambda: (_ for _ in ()).throw(Rejected("one\\ntwo", code="image_broken")),
    b"foreign code": lambda: (_ for _ in ()).throw(Rejected("one", code="../../etc")),
    b"tell": lambda: tell([dict(os.environ), sys.argv[3:4]]),
    b"reach": lambda: tell({name: refusal(call) for name, call in calls.items()}),
    b"stop unless first": lambda: os.kill(os.getpid(), signal.SIGSTOP) if len(decoded) > 1 else None,
    b"crash unless first": lambda: os.abort() if len(decoded) > 1 else None,
}

def decode(data, limits, *, draft=None):
    decoded.append(None)
    for trick, play in tricks.items():
        if data.endswith(trick):
            play()
    return decoding.decode(data, limits, draft=draft)

program.main(decode)
"""


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(mode="RGB", size=(321, 200)):
    bands = Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size)
    return Image.merge("RGBA", (*bands, bands[0].rotate(180), bands[1])).convert(mode)


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


PLAIN = encoded(scene())
IMAGES = {
    "JPEG": encoded(scene(), "JPEG", quality=90),
    "JPEG progressive": encoded(scene(), "JPEG", progressive=True),
    "JPEG grey": encoded(scene("L"), "JPEG"),
    "JPEG CMYK": encoded(scene("CMYK"), "JPEG"),
    "PNG": PLAIN,
    "PNG alpha": encoded(scene("RGBA")),
    "PNG grey alpha": encoded(scene("LA")),
    "PNG palette": encoded(scene("P")),
    "PNG transparent palette": encoded(scene("RGB").quantize(16), transparency=bytes(range(0, 256, 16))),
    "PNG one bit": encoded(scene("1")),
    "PNG 16 bit": encoded(scene("L").convert("I").point(lambda value: value * 257).convert("I;16")),
    "WebP": encoded(scene(), "WEBP"),
    "WebP alpha": encoded(scene("RGBA"), "WEBP", lossless=True),
    **{f"turned {n}": encoded(scene(), "JPEG", exif=turned(n)) for n in range(1, 9)},
    "PNG turned": encoded(scene(), exif=turned(6)),
    "WebP turned": encoded(scene(), "WEBP", exif=turned(8)),
    "many strips": encoded(scene(size=(1299, 901)), "JPEG"),
    "one column": encoded(scene(size=(16, 12_000)), "PNG"),
}
REFUSED = {
    "empty": b"",
    "text": b"hello",
    "GIF": encoded(scene("P"), "GIF"),
    "cut": IMAGES["JPEG"][:5000],
    "damaged": PLAIN[:100] + bytes(100) + PLAIN[200:],
    "tiny": encoded(Image.new("RGB", (8, 8))),
    "animated": encoded(scene(), "WEBP", save_all=True, append_images=[scene("L").convert("RGB")]),
    "3.6 GP of PNG": PLAIN[:16] + b"\0\0\xea\x60" * 2 + PLAIN[24:],
    "wide": encoded(Image.new("L", (12_001, 16))),
    "268 MP of WebP": encoded(Image.new("RGB", (16_383, 16_383)), "WEBP", lossless=True, method=0),
}


@pytest.fixture(scope="module")
def pool():
    with DecoderPool() as pool:
        yield pool


@pytest.fixture
def tricked():
    with DecoderPool(program=TRICKS, wall_seconds=5.0) as pool:
        yield pool


def refusal(call, *arguments, **options):
    with pytest.raises(Rejected) as caught:
        call(*arguments, **options)
    return caught.value.code, caught.value.message


def pids(pool):
    return {each.process.pid for each in pool._processes}


def status(pid, field):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{field}:"))


def is_gone(pid):
    try:
        return status(pid, "State") == "Z"  # whose parent was killed waits for process 1
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return answer


def stopped(pool):
    with suppress(FileNotFoundError, ProcessLookupError):
        return next((pid for pid in pids(pool) if status(pid, "State") == "T"), None)
    return None


@pytest.mark.parametrize("name", IMAGES)
def test_pixels_are_those_of_decoding_in_process(pool, name):
    here, there = images.decode(IMAGES[name]), pool.decode(IMAGES[name])
    assert (there.mode, there.size, there.info) == (here.mode, here.size, {})
    assert there.tobytes() == here.tobytes()
    assert pool.inspect(IMAGES[name]) == images.inspect(IMAGES[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_those_of_decoding_in_process(pool, name):
    data = REFUSED[name]
    assert refusal(pool.decode, data) == refusal(images.decode, data)


@pytest.mark.parametrize(
    "limits", [images.Limits(max_pixels=1000), images.Limits(max_side=100), images.Limits(max_bytes=99)]
)
def test_limits_hold_in_the_decoder_process(pool, limits):
    code, sentence = refusal(pool.decode, PLAIN, limits)
    assert code == "image_too_large"
    assert (code, sentence) == refusal(images.decode, PLAIN, limits)
    assert (code, sentence) == refusal(pool.inspect, PLAIN, limits)


def test_draft_and_thumbnail_are_those_of_decoding_in_process(pool):
    data = IMAGES["many strips"]
    draft = pool.decode(data, draft=200)
    assert draft.size == (325, 226)
    assert draft.tobytes() == images.decode(data, draft=200).tobytes()
    assert pool.thumbnail_jpeg(data, 100) == images.thumbnail_jpeg(data, 100)


@pytest.mark.parametrize(
    ("trick", "sentence"),
    [
        (b"segfault", "Segmentation fault"),
        (b"abort", "Aborted"),
        (b"exit", "exit code 3"),
        (b"bug", "exit code 1"),
        (b"babble", "its answer made no sense"),
        (b"boast", "its answer made no sense"),
        (b"lie", "its answer made no sense"),
        (b"swear", "its answer made no sense"),
        (b"two lines", "its answer made no sense"),
        (b"foreign code", "its answer made no sense"),
    ],
)
def test_image_that_crashes_its_decoder_is_refused_and_the_next_one_is_decoded(tricked, trick, sentence):
    code, message = refusal(tricked.decode, trick)
    assert code == "image_crashes_decoder"
    assert sentence in message
    assert tricked.decode(PLAIN).size == (321, 200)


def test_image_that_hangs_its_decoder_is_refused_after_the_time_limit():
    with DecoderPool(program=TRICKS, wall_seconds=1.0) as pool:
        began = time.monotonic()
        assert refusal(pool.decode, b"sleep") == (
            "image_hangs_decoder",
            "the picture was not open after 1 s: export it again from its source",
        )
        assert time.monotonic() - began < 10
        assert pool.decode(PLAIN).size == (321, 200)


def test_image_that_computes_for_ever_is_refused_after_the_cpu_limit_in_an_old_process_too():
    with DecoderPool(program=TRICKS, cpu_seconds=1) as pool:
        pool.decode(PLAIN)
        (old,) = pids(pool)
        code, sentence = refusal(pool.decode, b"loop")
        assert code == "image_hangs_decoder"
        assert "CPU time" in sentence
        wait_until(lambda: is_gone(old))


def test_process_that_does_not_read_a_long_image_is_given_up_after_the_time_limit():
    with DecoderPool(program=TRICKS, wall_seconds=1.0) as pool:
        pool.decode(PLAIN)
        (pid,) = pids(pool)
        os.kill(pid, signal.SIGSTOP)
        assert refusal(pool.decode, bytes(5_000_000))[0] == "image_hangs_decoder"


def test_image_that_needs_three_gigabytes_is_refused_and_the_process_stays(tricked):
    tricked.decode(PLAIN)
    before = pids(tricked)
    code, sentence = refusal(tricked.decode, b"greedy")
    assert code == "image_needs_too_much_memory"
    assert "memory" in sentence
    assert tricked.decode(PLAIN).size == (321, 200)
    assert pids(tricked) == before


def test_process_killed_while_it_decodes_fails_that_image(tricked):
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(refusal, tricked.decode, b"stop")
        os.kill(wait_until(lambda: stopped(tricked)), signal.SIGKILL)
        code, sentence = answer.result()
    assert code == "image_crashes_decoder"
    assert "Killed" in sentence
    assert tricked.decode(PLAIN).size == (321, 200)


def test_process_stopped_by_a_signal_fails_no_image(tricked):
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(tricked.decode, b"stop")
        pid = wait_until(lambda: stopped(tricked))
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(Unavailable, match="told to end"):
            answer.result()
    assert tricked.decode(PLAIN).size == (321, 200)


def test_image_is_not_refused_for_the_crash_of_a_used_process(tricked):
    tricked.decode(PLAIN)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(tricked.decode, PLAIN + b"stop unless first")
        os.kill(wait_until(lambda: stopped(tricked)), signal.SIGKILL)
        assert answer.result().size == (321, 200)
    assert tricked.decode(PLAIN + b"crash unless first").size == (321, 200)


def test_refusals_and_crashes_are_told():
    refused, crashes = [], []
    with DecoderPool(
        processes=1,
        program=TRICKS,
        wall_seconds=1.0,
        on_refusal=refused.append,
        on_crash=lambda: crashes.append(1),
    ) as pool:
        pool.decode(PLAIN)
        assert pool.decode(PLAIN + b"crash unless first").size == (321, 200)
        assert (refused, len(crashes)) == ([], 1)
        refusal(pool.decode, b"abort")
        refusal(pool.decode, b"sleep")
        code, _ = refusal(pool.decode, b"hello")
    assert refused == ["image_crashes_decoder", "image_hangs_decoder", code]
    assert len(crashes) == 4


def test_process_that_died_between_two_images_fails_no_image(tricked):
    tricked.decode(PLAIN)
    (pid,) = pids(tricked)
    os.kill(pid, signal.SIGKILL)
    assert tricked.decode(PLAIN).size == (321, 200)


def test_process_has_no_secrets(tricked, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("QIE_DATABASE_URL", "postgresql://u:p@db/qie")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    environment, _ = json.loads(refusal(tricked.decode, b"tell")[1])
    # Python sets the first by itself.
    assert set(environment) <= {"LC_CTYPE", "OPENBLAS_NUM_THREADS"}
    (pid,) = pids(tricked)
    assert str(Path(f"/proc/{pid}/cwd").readlink()) == "/"


def test_process_is_left_the_system_calls_of_decoding(tricked):
    """Where libseccomp is not installed, no file can be opened still, as none is allowed."""
    told = json.loads(refusal(tricked.decode, b"reach")[1])
    assert told["open"] is not None
    if find_library("seccomp") is None:
        requires.missing("libseccomp is not installed: apt-get install libseccomp2")
    assert set(told.values()) == {os.strerror(errno.ENOSYS)}
    (pid,) = pids(tricked)
    assert status(pid, "Seccomp") == "2"


def test_process_has_three_files_and_no_rights(tricked):
    ours = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(ours, True)  # noqa: FBT003 - the call takes no keyword
    try:
        tricked.decode(PLAIN)
        (pid,) = pids(tricked)
        assert sorted(path.name for path in Path(f"/proc/{pid}/fd").iterdir()) == ["0", "1", "2"]
        assert status(pid, "CapEff") == "0000000000000000"
        assert status(pid, "NoNewPrivs") == "1"
    finally:
        os.close(ours)


def test_eight_threads_share_three_processes(pool):
    names = [name for name in IMAGES for _ in range(3)]
    expected = {name: images.decode(data).tobytes() for name, data in IMAGES.items()}
    with ThreadPoolExecutor(8) as threads:
        decoded = list(threads.map(lambda name: pool.decode(IMAGES[name]).tobytes(), names))
    assert all(pixels == expected[name] for name, pixels in zip(names, decoded, strict=True))
    assert len(pids(pool)) <= 3


def test_threads_that_end_leave_their_process_to_others():
    """The kernel ends a process with the thread that started it."""
    with DecoderPool() as pool:
        thread = threading.Thread(target=pool.decode, args=(PLAIN,))
        thread.start()
        thread.join()
        (pid,) = pids(pool)
        pool.decode(PLAIN)
        assert pids(pool) == {pid}
        assert not is_gone(pid)


def test_memory_of_parent_and_decoder_process_is_flat(pool):
    data = IMAGES["many strips"]

    def decode_many(count):
        for _ in range(count):
            pool.decode(data)
        return sum(int(status(pid, "VmRSS")) for pid in (os.getpid(), *pids(pool)))

    before = decode_many(30)
    assert decode_many(200) - before < 20_000  # kB


def test_largest_image_allowed_stays_within_the_memory_limit(pool):
    data = encoded(Image.new("RGBA", (11_990, 5_330), (200, 100, 50, 90)), "WEBP", lossless=True, method=0,
                   quality=0, exif=turned(6))  # fmt: skip
    assert pool.decode(data).size == (5_330, 11_990)
    assert max(int(status(pid, "VmHWM")) for pid in pids(pool)) < 1_500_000  # kB


def test_process_is_replaced_after_many_images(monkeypatch):
    monkeypatch.setattr("qie_batch.images.sandbox.pool._IMAGES_PER_PROCESS", 2)
    with DecoderPool() as pool:
        seen = []
        for _ in range(5):
            pool.decode(PLAIN)
            seen += pids(pool)
        assert len(seen) == 3
        assert len(set(seen)) == 3


def test_processes_are_gone_after_close(tricked):
    with ThreadPoolExecutor(2) as threads:
        tricked.decode(PLAIN)
        waiting = threads.submit(tricked.decode, b"stop")
        pid = wait_until(lambda: stopped(tricked))
        tricked.close()
        with pytest.raises(Unavailable, match="closed"):
            waiting.result()
    assert is_gone(pid)
    assert not pids(tricked)
    with pytest.raises(Unavailable, match="closed"):
        tricked.decode(PLAIN)


def test_processes_end_with_a_parent_that_is_killed():
    program = """
import sys, threading
from qie_batch.images.sandbox import DecoderPool
from tests.support import requires
pool = DecoderPool(program=sys.argv[1])
pool.decode(sys.stdin.buffer.read())
threading.Thread(target=pool.decode, args=(b"sleep",)).start()
threading.Thread(target=pool.decode, args=(b"loop",)).start()
while len(pool._processes) < 2:
    pass
print(*(each.process.pid for each in pool._processes), flush=True)
threading.Event().wait()
"""
    argv = [sys.executable, "-c", program, TRICKS]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        parent.stdin.write(PLAIN)
        parent.stdin.close()
        started = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(started) == 2
    wait_until(lambda: all(map(is_gone, started)))


def test_program_that_cannot_start_refuses_no_image():
    with DecoderPool(program="raise SystemExit('no such library')") as pool:
        with pytest.raises(Unavailable) as caught:
            pool.decode(PLAIN)
        assert "no such library" in caught.value.hint
        assert not pids(pool)


def test_process_waits_for_its_image_whatever_timeout_new_sockets_get():
    """kombu sets one for the whole process while it connects again."""
    with DecoderPool() as pool:
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(5.0)
        try:
            assert pool.decode(PLAIN).size == (321, 200)
        finally:
            socket.setdefaulttimeout(before)
