"""Pictures opened in children: the same answers as in process; what befalls a child befalls one picture."""

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
from pathlib import Path

import pytest
from PIL import Image

from qie_batch import images
from qie_batch.errors import Rejected, Unavailable
from qie_batch.images.sandbox import DecoderPool

#: Runs in the child in place of its own program: some words are no pictures but tricks.
TRICKS = """
import ctypes, json, os, signal, sys, time
from qie_batch.errors import Rejected, Unavailable
from qie_batch.images import opener, opening

opened = []

def tell(what):
    raise Rejected(json.dumps(what), code="image_told")

def refusal(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return os.strerror(error.errno)

def socket():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.socket(2, 1, 0) < 0:
        raise OSError(ctypes.get_errno(), "")

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
    b"boast": lambda: os.write(0, opener.REPLY.pack(opener.PICTURE, 60_000, 60_000, 3 * 60_000**2)),
    b"lie": lambda: os.write(0, opener.REPLY.pack(opener.PICTURE, 64, 48, 1)),
    b"swear": lambda: os.write(0, opener.REPLY.pack(opener.REFUSAL, 12, 10**15, 0) + b"image_broken"),
    b"two lines": lambda: (_ for _ in ()).throw(Rejected("one\\ntwo", code="image_broken")),
    b"foreign code": lambda: (_ for _ in ()).throw(Rejected("one", code="../../etc")),
    b"tell": lambda: tell([dict(os.environ), sys.argv[3:4], os.getcwd()]),
    b"reach": lambda: tell([refusal(os.open, "/etc/hostname", 0), refusal(os.pipe), refusal(socket)]),
    b"list files": lambda: tell([fd for fd in range(1000) if refusal(os.fstat, fd) is None]),
    b"stop unless first": lambda: os.kill(os.getpid(), signal.SIGSTOP) if len(opened) > 1 else None,
    b"crash unless first": lambda: os.abort() if len(opened) > 1 else None,
}

def decode(data, limits, *, draft=None):
    opened.append(None)
    for trick, play in tricks.items():
        if data.endswith(trick):
            play()
    return opening.decode(data, limits, draft=draft)

opener.main(decode)
"""


def encoded(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(mode="RGB", size=(321, 200)):
    bands = Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size)
    return Image.merge("RGBA", (*bands, bands[0].rotate(180), bands[1])).convert(mode)


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


PLAIN = encoded(scene())
PICTURES = {
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
    "one column": encoded(scene(size=(16, 8192)), "PNG"),
}
REFUSED = {
    "empty": b"",
    "text": b"hello",
    "GIF": encoded(scene("P"), "GIF"),
    "cut": PICTURES["JPEG"][:5000],
    "damaged": PLAIN[:100] + bytes(100) + PLAIN[200:],
    "tiny": encoded(Image.new("RGB", (8, 8))),
    "animated": encoded(scene(), "WEBP", save_all=True, append_images=[scene("L").convert("RGB")]),
    "3.6 GP of PNG": PLAIN[:16] + b"\0\0\xea\x60" * 2 + PLAIN[24:],
    "wide": encoded(Image.new("L", (8193, 16))),
    "268 MP of WebP": encoded(Image.new("RGB", (16_383, 16_383)), "WEBP", lossless=True, method=0),
}


@pytest.fixture(scope="module")
def opener():
    with DecoderPool() as opener:
        yield opener


@pytest.fixture
def tricked():
    with DecoderPool(program=TRICKS, wall_seconds=5.0) as opener:
        yield opener


def refusal(call, *arguments, **options):
    with pytest.raises(Rejected) as caught:
        call(*arguments, **options)
    return caught.value.code, caught.value.message


def pids(opener):
    return {child.process.pid for child in opener._children}


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


def stopped(opener):
    with suppress(FileNotFoundError, ProcessLookupError):
        return next((pid for pid in pids(opener) if status(pid, "State") == "T"), None)
    return None


@pytest.mark.parametrize("name", PICTURES)
def test_pixels_are_those_of_opening_in_process(opener, name):
    here, there = images.decode(PICTURES[name]), opener.decode(PICTURES[name])
    assert (there.mode, there.size, there.info) == ("RGB", here.size, {})
    assert there.tobytes() == here.tobytes()
    assert opener.inspect(PICTURES[name]) == images.inspect(PICTURES[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_those_of_opening_in_process(opener, name):
    data = REFUSED[name]
    assert refusal(opener.decode, data) == refusal(images.decode, data)


@pytest.mark.parametrize(
    "limits", [images.Limits(max_pixels=1000), images.Limits(max_side=100), images.Limits(max_bytes=99)]
)
def test_limits_hold_in_the_child(opener, limits):
    code, sentence = refusal(opener.decode, PLAIN, limits)
    assert code == "image_too_large"
    assert (code, sentence) == refusal(images.decode, PLAIN, limits)
    assert (code, sentence) == refusal(opener.inspect, PLAIN, limits)


def test_draft_and_thumbnail_are_those_of_opening_in_process(opener):
    data = PICTURES["many strips"]
    draft = opener.decode(data, draft=200)
    assert draft.size == (325, 226)
    assert draft.tobytes() == images.decode(data, draft=200).tobytes()
    assert opener.thumbnail_jpeg(data, 100) == images.thumbnail_jpeg(data, 100)


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
def test_picture_that_breaks_its_child_is_refused_and_the_next_one_opens(tricked, trick, sentence):
    code, message = refusal(tricked.decode, trick)
    assert code == "image_crashes_decoder"
    assert sentence in message
    assert tricked.decode(PLAIN).size == (321, 200)


def test_picture_that_hangs_costs_its_time_limit():
    with DecoderPool(program=TRICKS, wall_seconds=1.0) as opener:
        began = time.monotonic()
        assert refusal(opener.decode, b"sleep") == (
            "image_hangs_decoder",
            "the picture was not open after 1 s: export it again from its source",
        )
        assert time.monotonic() - began < 10
        assert opener.decode(PLAIN).size == (321, 200)


def test_picture_that_computes_for_ever_costs_its_cpu_limit_however_old_the_child_is():
    with DecoderPool(program=TRICKS, cpu_seconds=1) as opener:
        opener.decode(PLAIN)
        (old,) = pids(opener)
        code, sentence = refusal(opener.decode, b"loop")
        assert code == "image_hangs_decoder"
        assert "CPU time" in sentence
        wait_until(lambda: is_gone(old))


def test_child_that_does_not_take_a_long_picture_is_not_waited_for():
    with DecoderPool(program=TRICKS, wall_seconds=1.0) as opener:
        opener.decode(PLAIN)
        (pid,) = pids(opener)
        os.kill(pid, signal.SIGSTOP)
        assert refusal(opener.decode, bytes(5_000_000))[0] == "image_hangs_decoder"


def test_picture_that_wants_three_gigabytes_is_refused_and_the_child_lives(tricked):
    tricked.decode(PLAIN)
    before = pids(tricked)
    code, sentence = refusal(tricked.decode, b"greedy")
    assert code == "image_needs_too_much_memory"
    assert "memory" in sentence
    assert tricked.decode(PLAIN).size == (321, 200)
    assert pids(tricked) == before


def test_child_killed_in_the_middle_of_a_picture_costs_that_picture(tricked):
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(refusal, tricked.decode, b"stop")
        os.kill(wait_until(lambda: stopped(tricked)), signal.SIGKILL)
        code, sentence = answer.result()
    assert code == "image_crashes_decoder"
    assert "Killed" in sentence
    assert tricked.decode(PLAIN).size == (321, 200)


def test_child_told_to_end_costs_no_picture(tricked):
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(tricked.decode, b"stop")
        pid = wait_until(lambda: stopped(tricked))
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(Unavailable, match="told to end"):
            answer.result()
    assert tricked.decode(PLAIN).size == (321, 200)


def test_picture_is_not_blamed_for_a_child_that_others_used_before(tricked):
    tricked.decode(PLAIN)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(tricked.decode, PLAIN + b"stop unless first")
        os.kill(wait_until(lambda: stopped(tricked)), signal.SIGKILL)
        assert answer.result().size == (321, 200)
    assert tricked.decode(PLAIN + b"crash unless first").size == (321, 200)


def test_child_that_died_between_two_pictures_costs_nothing(tricked):
    tricked.decode(PLAIN)
    (pid,) = pids(tricked)
    os.kill(pid, signal.SIGKILL)
    assert tricked.decode(PLAIN).size == (321, 200)


def test_child_has_no_secrets_and_nowhere_to_take_them(tricked, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("QIE_DATABASE_URL", "postgresql://u:p@db/qie")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    environment, _, folder = json.loads(refusal(tricked.decode, b"tell")[1])
    assert set(environment) <= {"LC_CTYPE"}  # which Python sets by itself
    assert folder == "/"
    full = os.strerror(24)
    assert json.loads(refusal(tricked.decode, b"reach")[1]) == [full, full, full]


def test_child_has_three_files_and_no_rights(tricked):
    ours = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(ours, True)  # noqa: FBT003 - the call takes no keyword
    try:
        assert refusal(tricked.decode, b"list files")[1] == "[0, 1, 2]"
        (pid,) = pids(tricked)
        assert status(pid, "CapEff") == "0000000000000000"
        assert status(pid, "NoNewPrivs") == "1"
    finally:
        os.close(ours)


def test_eight_threads_share_three_children(opener):
    names = [name for name in PICTURES for _ in range(3)]
    expected = {name: images.decode(data).tobytes() for name, data in PICTURES.items()}
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda name: opener.decode(PICTURES[name]).tobytes(), names))
    assert all(pixels == expected[name] for name, pixels in zip(names, opened, strict=True))
    assert len(pids(opener)) <= 3


def test_threads_that_end_leave_their_child_to_others():
    """The kernel would end a child with the thread that started it."""
    with DecoderPool() as own:
        thread = threading.Thread(target=own.decode, args=(PLAIN,))
        thread.start()
        thread.join()
        (pid,) = pids(own)
        own.decode(PLAIN)
        assert pids(own) == {pid}
        assert not is_gone(pid)


def test_memory_of_parent_and_child_is_flat(opener):
    data = PICTURES["many strips"]

    def open_many(count):
        for _ in range(count):
            opener.decode(data)
        return sum(int(status(pid, "VmRSS")) for pid in (os.getpid(), *pids(opener)))

    before = open_many(30)
    assert open_many(200) - before < 20_000  # kB


def test_largest_picture_allowed_stays_within_the_memory_of_a_child(opener):
    data = encoded(Image.new("RGBA", (7990, 5000), (200, 100, 50, 90)), "WEBP", lossless=True, method=0,
                   quality=0, exif=turned(6))  # fmt: skip
    assert opener.decode(data).size == (5000, 7990)
    assert max(int(status(pid, "VmHWM")) for pid in pids(opener)) < 1_500_000  # kB


def test_child_is_replaced_after_many_pictures(monkeypatch):
    monkeypatch.setattr("qie_batch.images.sandbox._PICTURES_PER_CHILD", 2)
    with DecoderPool() as opener:
        seen = []
        for _ in range(5):
            opener.decode(PLAIN)
            seen += pids(opener)
        assert len(seen) == 3
        assert len(set(seen)) == 3


def test_children_are_gone_after_close(tricked):
    with ThreadPoolExecutor(2) as pool:
        tricked.decode(PLAIN)
        waiting = pool.submit(tricked.decode, b"stop")
        pid = wait_until(lambda: stopped(tricked))
        tricked.close()
        with pytest.raises(Unavailable, match="closed"):
            waiting.result()
    assert is_gone(pid)
    assert not pids(tricked)
    with pytest.raises(Unavailable, match="closed"):
        tricked.decode(PLAIN)


def test_children_end_with_a_parent_that_is_killed():
    program = """
import sys, threading
from qie_batch.images.sandbox import DecoderPool
opener = DecoderPool(program=sys.argv[1])
opener.decode(sys.stdin.buffer.read())
threading.Thread(target=opener.decode, args=(b"sleep",)).start()
threading.Thread(target=opener.decode, args=(b"loop",)).start()
while len(opener._children) < 2:
    pass
print(*(child.process.pid for child in opener._children), flush=True)
threading.Event().wait()
"""
    argv = [sys.executable, "-c", program, TRICKS]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        parent.stdin.write(PLAIN)
        parent.stdin.close()
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    wait_until(lambda: all(map(is_gone, children)))


def test_opener_that_cannot_start_blames_no_picture():
    with DecoderPool(program="raise SystemExit('no such library')") as opener:
        with pytest.raises(Unavailable) as caught:
            opener.decode(PLAIN)
        assert "no such library" in caught.value.hint
        assert not pids(opener)


def test_child_waits_for_its_picture_whatever_timeout_new_sockets_get():
    """kombu sets one for the whole process while it connects again."""
    with DecoderPool() as opener:
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(5.0)
        try:
            assert opener.decode(PLAIN).size == (321, 200)
        finally:
            socket.setdefaulttimeout(before)
