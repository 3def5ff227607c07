"""Damages real JPEG files in 31 seeded ways and counts the visibly damaged ones that are accepted.

    python bench/damaged_images.py [FOLDER ...] [--sample N] [--list]

Without folders: the sample catalog and the packshots of ../shared/photos, rendered at several qualities,
subsamplings and orders of scans. "Visibly damaged" is decided by a lenient decoder: more than 0.1 % of the
pixels differ from the whole file's by more than 24 levels. Also counts the whole files that are refused, and
those with a harmless oddity, and times decoding.
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFile

from qie_batch.errors import Rejected
from qie_batch.images import decode, inspect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
HOLE = 4096

Damage = "Callable[[bytes, int, random.Random], bytes]"


def scan_start(data: bytes) -> int:
    at = data.rfind(b"\xff\xda") if b"\xff\xc2" not in data[:4096] else data.find(b"\xff\xda")
    return at + 14


def place(data: bytes, share: float) -> int:
    start = scan_start(data)
    return start + int((len(data) - 2 - start) * share)


def overwrite(data: bytes, at: int, new: bytes) -> bytes:
    new = new[: max(0, len(data) - 2 - at)]
    return data[:at] + new + data[at + len(new) :]


def zero_tail(share: float, end: bytes = b"") -> Callable[[bytes, random.Random], bytes]:
    def damage(data: bytes, _: random.Random) -> bytes:
        at = place(data, share)
        return data[:at] + bytes(len(data) - at - len(end)) + end

    return damage


def hole(share: float, fill: Callable[[random.Random], bytes]) -> Callable[[bytes, random.Random], bytes]:
    return lambda data, rng: overwrite(data, place(data, share), fill(rng))


def cut(share: float, end: bytes = b"") -> Callable[[bytes, random.Random], bytes]:
    return lambda data, _: data[: place(data, share)] + end


def flip_bits(number: int) -> Callable[[bytes, random.Random], bytes]:
    def damage(data: bytes, rng: random.Random) -> bytes:
        new = bytearray(data)
        for _ in range(number):
            new[rng.randrange(scan_start(data), len(data) - 2)] ^= 1 << rng.randrange(8)
        return bytes(new)

    return damage


def swap(length: int) -> Callable[[bytes, random.Random], bytes]:
    def damage(data: bytes, _: random.Random) -> bytes:
        at = place(data, 0.4)
        return (
            data[:at] + data[at + length : at + 2 * length] + data[at : at + length] + data[at + 2 * length :]
        )

    return damage


def lose(share: float, length: int) -> Callable[[bytes, random.Random], bytes]:
    return lambda data, _: data[: place(data, share)] + data[place(data, share) + length :]


def double(data: bytes, _: random.Random) -> bytes:
    at = place(data, 0.5)
    return data[: at + 512] + data[at:]


def lose_restarts(data: bytes, rng: random.Random) -> bytes:
    first = data.find(b"\xff\xd2", scan_start(data))
    if first < 0:
        return flip_bits(16)(data, rng)
    return data[:first] + data[data.find(b"\xff\xd5", first) :]


def zeros(_: random.Random) -> bytes:
    return bytes(HOLE)


def ones(_: random.Random) -> bytes:
    return b"\xff" * HOLE


def noise(rng: random.Random) -> bytes:
    return rng.randbytes(HOLE)


WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    **{f"zeros from {share:.0%}": zero_tail(share) for share in (0.1, 0.3, 0.5, 0.7, 0.85, 0.95)},
    "zeros from 50% to the end marker": zero_tail(0.5, b"\xff\xd9"),
    **{f"4 KiB of zeros at {share:.0%}": hole(share, zeros) for share in (0.1, 0.5, 0.8)},
    **{f"4 KiB of ones at {share:.0%}": hole(share, ones) for share in (0.3, 0.6)},
    **{f"4 KiB of noise at {share:.0%}": hole(share, noise) for share in (0.3, 0.6)},
    **{f"cut at {share:.0%}": cut(share) for share in (0.25, 0.5, 0.75, 0.95)},
    **{
        f"cut at {share:.0%}, with an end marker": cut(share, b"\xff\xd9")
        for share in (0.25, 0.5, 0.75, 0.95)
    },
    **{f"{number} bits flipped": flip_bits(number) for number in (1, 8, 64)},
    "two blocks of 512 bytes swapped": swap(512),
    "two bytes swapped": swap(1),
    "one byte lost": lose(0.4, 1),
    "4 KiB lost": lose(0.4, HOLE),
    "512 bytes doubled": double,
    "restart intervals lost": lose_restarts,
}


def odd(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The same pixels in files with a harmless oddity."""
    yield "bytes behind the end", data + b"\0" * 300 + b"trailing <html>"
    yield "no end marker", data[:-2]
    yield "fill bytes before the end marker", data[:-2] + b"\xff" * 8 + b"\xff\xd9"
    yield "zeros before the end marker", data[:-2] + bytes(4) + b"\xff\xd9"
    yield "bytes before a marker", data[:2] + b"\xff" * 3 + data[2:]
    at = 4 + int.from_bytes(data[4:6], "big")
    yield "junk between segments", data[:at] + b"junk" + data[at:]
    yield "broken EXIF", data[:2] + b"\xff\xe1\0\x10Exif\0\0II*\0\xff\xff\xff\xff" + data[2:]
    yield "broken profile", data[:2] + b"\xff\xe2\0\x14ICC_PROFILE\0\x05\x02abcd" + data[2:]
    yield "second image", data + data


def lenient(data: bytes) -> np.ndarray | None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"), dtype=np.int16)
    except Exception:  # noqa: BLE001 - whatever a damaged file raises: nobody sees that
        return None


def is_visible(damaged: bytes, data: bytes) -> bool:
    seen, whole = lenient(damaged), lenient(data)
    if seen is None or whole is None or seen.shape != whole.shape:
        return True
    return float((np.abs(seen - whole).max(axis=2) > 24).mean()) > 0.001


def refusal(call: Callable[[bytes], object], data: bytes) -> str:
    try:
        call(data)
    except Rejected as error:
        return error.code
    return ""


def rendered() -> Iterator[tuple[str, bytes]]:
    options = (
        {"quality": 60}, {"quality": 75, "optimize": True}, {"quality": 92, "subsampling": 0},
        {"quality": 85, "progressive": True}, {"quality": 80, "restart_marker_rows": 1},
        {"quality": 70, "subsampling": 1, "optimize": True},
    )  # fmt: skip
    for path in sorted((ROOT.parent / "shared/photos/packshots").glob("*.png")):
        with Image.open(path) as image:
            cutout = image.convert("RGBA")
        for number, option in enumerate(options):
            flat = Image.new("RGB", cutout.size, ("white", "#e1e1e1", "#d8c9a8")[number % 3])
            flat.paste(cutout, mask=cutout)
            buffer = io.BytesIO()
            flat.save(buffer, "JPEG", **option)
            yield f"{path.stem} {option}", buffer.getvalue()


def files(folders: list[Path]) -> Iterator[tuple[str, bytes]]:
    for folder in folders or [ROOT / "examples/images"]:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg"):
                yield path.name, path.read_bytes()
    if not folders:
        yield from rendered()


def is_usable(data: bytes) -> bool:
    """Whole for a lenient decoder and large enough for a hole."""
    if len(data) < 5 * HOLE or not data.startswith(b"\xff\xd8\xff") or not data.endswith(b"\xff\xd9"):
        return False
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    whole = lenient(data)
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    return whole is not None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sample", type=int, help="so many files, drawn by a fixed seed")
    parser.add_argument("--list", action="store_true", help="name each damaged file that is accepted")
    arguments = parser.parse_args()
    usable = [(name, data) for name, data in files(arguments.folders) if is_usable(data)]
    if arguments.sample and arguments.sample < len(usable):
        usable = random.Random(56).sample(usable, arguments.sample)

    refused = [name for name, data in usable if refusal(decode, data) or refusal(inspect, data)]
    print(f"whole files refused: {len(refused)} of {len(usable)} {refused}")
    odds: Counter[str] = Counter()
    for _, data in usable:
        odds.update(what for what, new in odd(data) if refusal(decode, new) or refusal(inspect, new))
    print(f"with a harmless oddity refused: {sum(odds.values())} of {9 * len(usable)} {dict(odds)}")

    accepted: Counter[str] = Counter()
    at_submit = 0
    for name, data in usable:
        for way, damage in WAYS.items():
            damaged = damage(data, random.Random(f"{name} {way}"))
            at_submit += bool(refusal(inspect, damaged))
            if not refusal(decode, damaged) and is_visible(damaged, data):
                accepted[way] += 1
                if arguments.list:
                    print(f"  accepted: {name}, {way}")
    total = len(usable) * len(WAYS)
    print(f"visibly damaged and accepted: {sum(accepted.values())} of {total}")
    for way, number in accepted.most_common():
        print(f"  {number:4} {way}")
    print(f"refused at submit: {at_submit} of {total}")

    pixels = sum(size.width * size.height for size in (inspect(data) for _, data in usable)) / 1e6
    for call in (inspect, decode):
        began = time.thread_time()
        for _, data in usable:
            refusal(call, data)
        seconds = time.thread_time() - began
        each = 1000 * seconds / len(usable)
        print(f"{call.__name__}: {each:.2f} ms a file, {1000 * seconds / pixels:.1f} ms a megapixel")


if __name__ == "__main__":
    main()
