"""Hostile and damaged files, reproducible by seed: images, then manifests."""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from typing import TYPE_CHECKING

from PIL import Image, ImageCms

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
SIZE = (97, 61)


def hostile_pictures(seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Name and bytes; the name says what was done, and its extension may be wrong."""
    chance = random.Random(seed)
    bases = _bases()
    for make in (
        _truncated,
        _flipped,
        _spliced,
        _stuffed,
        _noise,
    ):
        yield from make(bases, chance)
    yield from _pngs(bases["rgb.png"], chance)
    yield from _jpegs(bases["baseline.jpg"], bases["progressive.jpg"])
    yield from _webps(bases["lossless.webp"], bases["lossy.webp"])
    yield from _profiles(chance)
    yield from _exifs()
    yield from _polyglots(bases)
    yield from _foreign(chance)


def scans_without_end(width: int = 8000, height: int = 5000, scans: int = 3200) -> bytes:
    """A progressive JPEG of some 300 KB whose every scan visits all of its blocks and changes none."""
    picture = _encoded(Image.new("L", (16, 16), 99), "JPEG", progressive=True, quality=50)
    frame = picture.index(b"\xff\xc2")
    start = picture.index(b"\xff\xda")
    head = picture[: frame + 5] + struct.pack(">HH", height, width) + picture[frame + 9 : start]
    # One Huffman code, 0: an end of band over 2^14 blocks (and 14 bits more of them).
    table = b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + b"\1" + bytes(15) + b"\xe0"
    blocks = -(-width // 8) * -(-height // 8)
    bits = ("0" + "1" * 14) * -(-blocks // 32767)
    bits += "1" * (-len(bits) % 8)
    codes = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 1, 63, 0) + codes
    # The scan of the means, all equal: one Huffman code, 0, for "no difference".
    means = b"\xff\xc4" + struct.pack(">HB", 20, 0x00) + b"\1" + bytes(16)
    means += b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 0, 0, 0) + bytes(blocks // 8)
    return head + means + table + scan * scans + b"\xff\xd9"


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _scene(mode: str = "RGB") -> Image.Image:
    bands = Image.linear_gradient("L").resize(SIZE), Image.radial_gradient("L").resize(SIZE)
    return Image.merge("RGBA", (*bands, bands[0].rotate(180), bands[1])).convert(mode)


def _bases() -> dict[str, bytes]:
    return {
        "baseline.jpg": _encoded(_scene(), "JPEG", quality=80),
        "progressive.jpg": _encoded(_scene(), "JPEG", progressive=True),
        "cmyk.jpg": _encoded(_scene("CMYK"), "JPEG", restart_marker_blocks=1),
        "grey.jpg": _encoded(_scene("L"), "JPEG"),
        "rgb.png": _encoded(_scene(), "PNG"),
        "palette.png": _encoded(_scene("P"), "PNG"),
        "deep.png": _encoded(_scene("L").convert("I").point(lambda v: v * 257).convert("I;16"), "PNG"),
        "lossy.webp": _encoded(_scene(), "WEBP"),
        "alpha.webp": _encoded(_scene("RGBA"), "WEBP", exif=_exif(3)),
        "lossless.webp": _encoded(_scene("RGBA"), "WEBP", lossless=True),
    }


def _truncated(bases: dict[str, bytes], chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for name, data in bases.items():
        for length in (1, 4, 12, 30, *sorted(chance.sample(range(31, len(data)), 8)), len(data) - 1):
            yield f"cut at {length} {name}", data[:length]


def _flipped(bases: dict[str, bytes], chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for name, data in bases.items():
        for flips in (1, 1, 1, 1, 2, 2, 5, 5, 20, 100):
            harmed = bytearray(data)
            for _ in range(flips):
                harmed[chance.randrange(12, len(data))] ^= 1 << chance.randrange(8)
            yield f"{flips} bits flipped {name}", bytes(harmed)


def _spliced(bases: dict[str, bytes], chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for name, data in bases.items():
        for other in chance.sample(list(bases.values()), 3):
            yield f"another's end {name}", data[: len(data) // 2] + other[len(other) // 2 :]


def _stuffed(bases: dict[str, bytes], chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for name, data in bases.items():
        at = chance.randrange(20, len(data))
        yield f"zeros inside {name}", data[:at] + bytes(5000) + data[at:]
        yield f"ones inside {name}", data[:at] + b"\xff" * 5000 + data[at:]
        yield f"doubled {name}", data + data
        yield f"long tail {name}", data + chance.randbytes(100_000)


def _noise(bases: dict[str, bytes], chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for name, data in bases.items():
        for length in (10, 300, 20_000):
            yield f"noise after 16 bytes {name}", data[:16] + chance.randbytes(length)
    yield "noise.png", chance.randbytes(3000)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _png(width: int, height: int, pixels: bytes, *extra: bytes, depth=8, colour=2, interlace=0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    body = _chunk(b"IDAT", zlib.compress(pixels, 1))
    return b"".join((PNG, _chunk(b"IHDR", header), *extra, body, _chunk(b"IEND", b"")))


def _pngs(good: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    chunks = _chunks(good)
    for index, (name, data) in enumerate(chunks):
        parts = [_chunk(*chunk) for chunk in chunks]
        for what, part in (
            ("wrong checksum", parts[index][:-1] + bytes([parts[index][-1] ^ 1])),
            ("missing", b""),
            ("twice", parts[index] * 2),
            ("length of 2 GB", b"\x7f\xff\xff\xff" + parts[index][4:]),
            ("length of 4 GB", b"\xff\xff\xff\xff" + parts[index][4:]),
            ("length 0", bytes(4) + parts[index][4:]),
        ):
            yield f"{name.decode()} {what}.png", PNG + b"".join((*parts[:index], part, *parts[index + 1 :]))
        for number in range(8):
            harmed = bytearray(data or b"\0")
            harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
            part = _chunk(name, bytes(harmed))
            sealed = PNG + b"".join((*parts[:index], part, *parts[index + 1 :]))
            yield f"{name.decode()} changed and sealed {number}.png", sealed
    line = bytes(1 + 3 * SIZE[0])
    for width, height in (
        *((0, 0), (0, 61), (97, 0), (1, 1), (15, 97), (61, 97), (97, 6100), (9700, 61), (12_000, 5333)),
        *((12_001, 16), (60_000, 60_000), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1), (2**32 - 1, 2**32 - 1)),
    ):
        yield f"says {width} x {height}.png", _png(width, height, line * SIZE[1])
    for colour in range(8):
        for depth in (0, 1, 2, 3, 4, 8, 16, 32):
            for interlace in (0, 1):
                pixels = bytes(SIZE[1] * 2 * (SIZE[0] * 8 + 9))
                name = f"colour type {colour} depth {depth} interlace {interlace}.png"
                palette = _chunk(b"PLTE", chance.randbytes(3 * 7)) if colour == 3 else b""
                yield name, _png(*SIZE, pixels, palette, depth=depth, colour=colour, interlace=interlace)
    bomb = zlib.compress(bytes(48_000_000), 9)
    plain = line * SIZE[1]
    for name, part in (
        ("zTXt bomb", _chunk(b"zTXt", b"a\0\0" + bomb)),
        ("iTXt bomb", _chunk(b"iTXt", b"a\0\1\0\0\0" + bomb)),
        ("iCCP bomb", _chunk(b"iCCP", b"a\0\0" + bomb)),
        ("many texts", _chunk(b"tEXt", b"a\0b") * 20_000),
        ("long text", _chunk(b"tEXt", b"a\0" + b"b" * 3_000_000)),
        ("many bombs", _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000))) * 100),
        ("5 MB of EXIF", _chunk(b"eXIf", _exif(6)[6:] + bytes(5_000_000))),
        ("unknown critical chunk", _chunk(b"ABCD", b"x")),
        ("APNG", _chunk(b"acTL", struct.pack(">II", 3, 0))),
        ("APNG of 4 G frames", _chunk(b"acTL", struct.pack(">II", 2**32 - 1, 0))),
        ("transparency too short", _chunk(b"tRNS", b"\0")),
        ("palette of 1000", _chunk(b"PLTE", bytes(3000))),
        ("gamma 0", _chunk(b"gAMA", bytes(4))),
        ("size 0 a metre", _chunk(b"pHYs", bytes(9))),
    ):
        yield f"{name}.png", _png(*SIZE, plain, part)
    yield "100 MB in 16 x 16.png", _png(16, 16, bytes(100_000_000))
    yield "64 MP of nothing.png", _png(8000, 8000, bytes(8000 * 1001), depth=1, colour=0)
    yield "no pixels.png", _png(*SIZE, b"")
    tiny = b"".join(_chunk(b"IDAT", bytes([byte])) for byte in zlib.compress(plain))
    yield "one byte a chunk.png", good[:33] + tiny + good[-12:]


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _jpegs(good: bytes, progressive: bytes) -> Iterator[tuple[str, bytes]]:
    for kind, data, marker in (("", good, b"\xff\xc0"), (" progressive", progressive, b"\xff\xc2")):
        at = data.index(marker)
        for width, height in (
            *((0, 0), (97, 0), (0, 61), (1, 1), (61, 97), (97, 8000), (8000, 61), (8000, 5000)),
            *((65_535, 16), (16, 65_535), (60_000, 60_000), (65_535, 65_535)),
        ):
            size = struct.pack(">HH", height, width)
            yield f"says {width} x {height}{kind}.jpg", data[: at + 5] + size + data[at + 9 :]
        for offset, what, values in (
            (1, "frame", (0xC1, 0xC3, 0xC5, 0xC7, 0xC9, 0xCA, 0xCB)),
            (4, "bits", (0, 2, 12, 16, 255)),
            (9, "components", (0, 1, 2, 4, 255)),
            (11, "sampling", (0x00, 0x44, 0x41, 0xFF)),
            (12, "table", (1, 3, 255)),
        ):
            for value in values:
                harmed = bytearray(data)
                harmed[at + offset] = value
                yield f"{what} {value}{kind}.jpg", bytes(harmed)
    for marker in (0xDB, 0xC4, 0xC0, 0xDA):
        at = good.index(bytes((0xFF, marker)))
        length = int.from_bytes(good[at + 2 : at + 4], "big") + 2
        yield f"without {marker:x}.jpg", good[:at] + good[at + length :]
        for lie in (0, 1, 2, 65_535):
            yield f"{marker:x} says {lie} bytes.jpg", good[: at + 2] + struct.pack(">H", lie) + good[at + 4 :]
        for filler in (b"\0", b"\xff"):
            filled = good[: at + 4] + filler * (length - 4) + good[at + length :]
            yield f"{marker:x} all {filler.hex()}.jpg", filled
    soi, rest = good[:2], good[2:]
    yield "a megabyte of FF.jpg", soi + b"\xff" * 1_000_000 + rest
    yield "a megabyte of restarts.jpg", good[:-2] + b"\xff\xd0" * 500_000 + b"\xff\xd9"
    yield "many starts.jpg", soi * 5000 + rest
    yield "4 MB of comments.jpg", soi + _segment(0xFE, b"c" * 60_000) * 70 + rest
    yield "20,000 empty segments.jpg", soi + _segment(0xE5, b"") * 20_000 + rest
    yield "13 MB of EXIF.jpg", soi + _segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 200 + rest
    yield "Photoshop resources.jpg", soi + _segment(0xED, b"Photoshop 3.0\x008BIM" + b"\xff" * 60_000) + rest
    yield "MPO.jpg", soi + _segment(0xE2, b"MPF\0II*\0\x08\0\0\0" + b"\xff" * 300) + rest + good
    yield "thousands of scans.jpg", scans_without_end(64, 64, 5000)
    yield "scans over a large picture.jpg", scans_without_end(8000, 5000, 20)


def _riff(*chunks: bytes, length: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if length is None else length) + body


def _webp_chunk(name: bytes, data: bytes, length: int | None = None) -> bytes:
    size = struct.pack("<I", len(data) if length is None else length)
    return name + size + data + b"\0" * (len(data) % 2)


def _canvas(width: int, height: int, flags: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _webp_chunk(b"VP8X", struct.pack("<I", flags) + size)


def _webps(lossless: bytes, lossy: bytes) -> Iterator[tuple[str, bytes]]:
    for kind, still in (("lossless", lossless[12:]), ("lossy", lossy[12:])):
        for length in (0, 4, 11, 2**31, 2**32 - 1):
            yield f"{kind} file says {length}.webp", _riff(still, length=length)
            yield f"{kind} chunk says {length}.webp", _riff(still[:4] + struct.pack("<I", length) + still[8:])
        for width, height in ((1, 1), (97, 61), (12_000, 5333), (13_300, 13_300), (2**24, 2**24), (2**24, 1)):
            for flags in (0, 0x02, 0x10, 0x20, 0x3E, 0xFF):
                name = f"{kind} on a canvas of {width} x {height} flags {flags:x}.webp"
                yield name, _riff(_canvas(width, height, flags), still)
        frame = bytes(6) + (96).to_bytes(3, "little") + (60).to_bytes(3, "little") + bytes(4) + still
        animated = _webp_chunk(b"ANIM", bytes(6)), _webp_chunk(b"ANMF", frame)
        yield f"{kind} one frame.webp", _riff(_canvas(97, 61, 0x12), *animated)
        yield f"{kind} 5000 frames.webp", _riff(_canvas(97, 61, 0x12), animated[0], animated[1] * 5000)
        yield f"{kind} frame outside.webp", _riff(_canvas(20, 20, 0x12), *animated)
        for what in (b"ICCP", b"EXIF", b"XMP "):
            parts = _canvas(97, 61, 0x3C), _webp_chunk(what, b"\xff" * 3_000_000), still
            yield f"{kind} 3 MB of {what.decode()}.webp", _riff(*parts)
    for width, height in ((1, 1), (12_000, 5333), (8192, 16_384), (16_384, 16_384)):
        size = (0x2F | (width - 1) << 8 | (height - 1) << 22).to_bytes(5, "little")
        yield f"bomb of {width} x {height}.webp", _riff(_webp_chunk(b"VP8L", size + bytes(8)))
    for width, height in ((0, 0), (16_383, 16_383), (12_000, 5333)):
        size = lossy[20:26] + struct.pack("<HH", width, height) + lossy[30:]
        yield f"lossy says {width} x {height}.webp", _riff(_webp_chunk(b"VP8 ", size))
    solid = Image.new("RGBA", (8000, 8000), (1, 2, 3, 4))
    yield "64 MP in a few bytes.webp", _encoded(solid, "WEBP", lossless=True, quality=0, method=0)
    yield "animation.webp", _encoded(_scene(), "WEBP", save_all=True, append_images=[_scene("L")])


def _profiles(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    profiles = {
        "of noise": chance.randbytes(5000),
        "of LAB": lab,
        "of 900 kB": srgb + bytes(900_000),
        "of 3 MB": srgb + bytes(3_000_000),
        "cut short": srgb[:200],
        "that says grey": srgb.replace(b"RGB ", b"GRAY", 1),
        "that says CMYK": srgb.replace(b"RGB ", b"CMYK", 1),
        "of 4 G tags": srgb[:128] + b"\xff\xff\xff\xff" + srgb[132:],
    }
    # Renamed, because a profile that calls itself sRGB is not applied.
    odd = srgb.replace("sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be"))
    for number in range(20):
        harmed = bytearray(odd)
        for _ in range(1 + number // 2):
            harmed[chance.randrange(128, len(harmed))] = chance.randrange(256)
        profiles[f"harmed {number}"] = bytes(harmed)
    for name, profile in profiles.items():
        yield f"profile {name}.png", _encoded(_scene(), "PNG", icc_profile=profile)
        mode = "L" if "grey" in name else "CMYK" if "CMYK" in name else "RGB"
        yield f"profile {name}.jpg", _encoded(_scene(mode), "JPEG", icc_profile=profile)


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def _exifs() -> Iterator[tuple[str, bytes]]:
    def tiff(tag: int, kind: int, count: int, value: int, entries: int = 1, following: int = 0) -> bytes:
        entry = struct.pack("<HHII", tag, kind, count, value)
        return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", entries) + entry + struct.pack("<I", following)

    blocks = {
        **{f"orientation {value}": tiff(0x0112, 3, 1, value) for value in (0, 1, 6, 9, 255, 65_535)},
        "orientation as text": tiff(0x0112, 2, 4, 0x41414141),
        "orientation of eight bytes": tiff(0x0112, 12, 1, 8),
        "orientation as a fraction of 0": tiff(0x0112, 5, 1, 8),
        "4 G orientations": tiff(0x0112, 3, 2**32 - 1, 0),
        "65,535 entries": tiff(0x0112, 3, 1, 6, entries=65_535),
        "directory after itself": tiff(0x0112, 3, 1, 6, following=8),
        "sub-directory in itself": tiff(0x8769, 4, 1, 8),
        "value beyond the end": tiff(0x010F, 2, 5000, 2**31),
        "unknown kind": tiff(0x0112, 99, 1, 6),
        "resolution of 0": tiff(0x011A, 5, 1, 8),
        "empty": b"Exif\0\0",
        "not TIFF": b"Exif\0\0" + b"\xff" * 100,
        "big-endian lie": b"Exif\0\0MM*\0\x08\0\0\0",
    }
    for name, block in blocks.items():
        yield f"EXIF {name}.jpg", _encoded(_scene(), "JPEG", exif=block)
        yield f"EXIF {name}.png", _encoded(_scene(), "PNG", exif=block)
        still = _encoded(_scene(), "WEBP")[12:]
        yield f"EXIF {name}.webp", _riff(_canvas(*SIZE, 0x08), still, _webp_chunk(b"EXIF", block[6:]))


def _polyglots(bases: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    archive = b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)
    page = b"<html><script>alert(1)</script></html>"
    jpeg, png = bases["baseline.jpg"], bases["rgb.png"]
    yield "JPEG and ZIP.jpg", jpeg + archive
    yield "PNG and ZIP.png", png + archive
    yield "GIFAR.gif", _encoded(_scene("P"), "GIF") + archive
    yield "PNG and HTML.png", png[:33] + _chunk(b"tEXt", b"Comment\0" + page) + png[33:]
    yield "JPEG and HTML.jpg", jpeg[:2] + _segment(0xFE, page) + jpeg[2:]
    yield "JPEG and PHP.php", jpeg[:2] + _segment(0xFE, b"<?php system($_GET[0]); ?>") + jpeg[2:]
    yield "PDF with a JPEG.jpg", b"%PDF-1.4\n" + jpeg
    yield "ZIP with a JPEG.jpg", archive + jpeg
    yield "HTML with a PNG.png", page + png
    yield "PNG after a JPEG.png", jpeg + png
    yield "JPEG named PNG.png", jpeg
    yield "WebP named JPEG.jpg", bases["lossy.webp"]


def _foreign(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for kind in ("GIF", "TIFF", "BMP", "ICO", "PPM", "TGA", "PCX", "SGI", "PDF", "EPS", "JPEG2000", "DDS"):
        yield f"{kind}.jpg", _encoded(_scene(), kind)
    yield "animation.gif", _encoded(_scene("P"), "GIF", save_all=True, append_images=[_scene("L")])
    heads = {
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1",
        "AVIF": b"\0\0\0\x18ftypavif\0\0\0\0mif1",
        "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0isom",
        "PSD": b"8BPS\0\1\0\0\0\0\0\0",
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        "SVG with entities": b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg>&a;</svg>",
        "HTML": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "JSON": b'{"error": "AccessDenied"}',
        "LFS": b"version https://git-lfs.github.com/spec/v1\n",
        "BLP": b"BLP2\1\0\0\0",
        "FITS": b"SIMPLE  =                    T",
        "RAR": b"Rar!\x1a\7\0",
        "ELF": b"\x7fELF\2\1\1",
        "RIFF of another kind": b"RIFF\xff\xff\xff\x7fWAVEfmt ",
        "text": "../../etc/passwd\n\u202egpj.exe".encode(),
        "NULs": bytes(100_000),
        "line ends": b"\r\n" * 50_000,
        "spaces": b" " * 1_000_000,
    }
    for name, head in heads.items():
        yield f"{name}.png", head
        yield f"{name} and noise.png", head + chance.randbytes(2000)
    yield "empty.jpg", b""
    yield "60 MB.jpg", b"\xff\xd8\xff" + bytes(60_000_000)


def hostile_manifests(seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """File name and bytes."""
    chance = random.Random(seed)
    yield from _odd_bytes(chance)
    yield from _odd_tables()
    yield from _odd_cells()
    yield from _odd_objects()


HEAD = b"id,image,instruction\n"
ROW = b"1,1.jpg,make it red\n"


def _odd_bytes(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    good = HEAD + ROW * 3
    text = "id,image,instruction\n1,\u56fe.jpg,\u53d8\u7ea2 \U0001f600\n"
    yield "empty.csv", b""
    yield "mark only.csv", b"\xef\xbb\xbf"
    yield "line ends only.csv", b"\r\n" * 1_000_000
    yield "spaces only.csv", b" " * 1_000_000
    yield "nul only.csv", bytes(1_000_000)
    for at in (0, 5, len(HEAD), len(good)):
        yield f"nul at {at}.csv", good[:at] + b"\0" + good[at:]
    for codec in (
        "utf-16-le",
        "utf-16-be",
        "utf-32-le",
        "utf-32",
        "utf-7",
        "gb18030",
        "big5",
        "cp1252",
        "cp037",
    ):
        yield f"{codec}.csv", text.encode(codec, "replace")
    for mark, codec in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        yield f"{codec} odd.csv", mark + text.encode(codec) + b"x"
        yield f"{codec} half a character.csv", mark + text.encode(codec) + b"\x00\xd8" * 3
        yield f"{codec} swapped.csv", mark[::-1] + text.encode(codec)
    yield "surrogates.csv", good + "2,\ud800.jpg,x\n".encode("utf-8", "surrogatepass")
    yield "overlong.csv", good + b"2,\xc0\xaf.jpg,x\n"
    yield "late rubbish.csv", good + b"2,2.jpg,\xe5\x9b" + b"\xff" * 9
    for start in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF", b"\x89PNG", b""):
        yield f"noise after {start!r}.csv", start + chance.randbytes(50_000)
    for number in range(40):
        harmed = bytearray(good + text.encode())
        for _ in range(1 + number // 4):
            harmed[chance.randrange(len(harmed))] = chance.randrange(256)
        yield f"harmed {number}.csv", bytes(harmed)
    yield "a line of 50 MB.csv", HEAD + b"x" * 50_000_001


def _odd_tables() -> Iterator[tuple[str, bytes]]:
    wide = b",".join(b"c%d" % number for number in range(1_000_000))
    yield "a million columns.csv", wide + b"\n"
    yield "a million empty columns.csv", HEAD[:-1] + b"," * 1_000_000 + b"\n" + ROW
    yield "a million cells.csv", HEAD + ROW + b"x," * 1_000_000 + b"\n" + ROW
    yield "a thousand columns.csv", HEAD[:-1] + b"".join(b",c%d" % n for n in range(997)) + b"\n" + ROW * 2000
    yield "all the same id.csv", HEAD + ROW * 50_000
    yield "doubled columns.csv", b"id,id,image,instruction\n" + b"1,1,1,1\n"
    yield "nameless columns.csv", b",,,\n" + ROW
    yield "header alone.csv", HEAD
    yield "header without end.csv", HEAD[:-1]
    yield "huge header.csv", b"id,image,instruction," + b"x" * 120_000 + b"\n" + ROW
    yield "huge headers.csv", b",".join(b"%d" % n + b"x" * 40_000 for n in range(100)) + b"\n"
    yield "header of escapes.csv", b'id,image,instruction,"\x1b[2J\x07\r\na",\xe2\x80\xae\n' + ROW
    yield "escapes for columns.csv", b"\x1b]0;owned\x07,\x1b[31mimage,x\n" + ROW
    yield (
        "long cell in escapes.csv",
        b'id,image,instruction,"\x1b[2J\n"\n1,1.jpg,red,' + b"x" * 70_000 + b"\n",
    )
    for opening in (b'"', b'""', b'"""', b'x"', b'"x"y', b'","', b"'"):
        yield f"row of {opening.decode()}.csv", HEAD + ROW + opening + ROW * 3
        yield f"header of {opening.decode()}.csv", opening + HEAD + ROW
    yield "quote never closed.csv", HEAD + ROW + b'2,2.jpg,"' + b"x,\n" * 1_000_000
    yield "a row of 4 million lines.csv", HEAD + ROW + b'"\n",' * 4_000_000
    yield "quotes only.csv", HEAD + b'"' * 1_000_000
    yield "delimiters only.csv", HEAD + b"," * 1_000_000
    yield "a cell of 20 MB.csv", HEAD + b"1,1.jpg," + b"x" * 20_000_000 + b"\n"
    yield "a quoted cell of 20 MB.csv", HEAD + b'1,1.jpg,"' + b"x" * 20_000_000 + b'"\n'
    yield "a cell of 100,000.csv", HEAD + b"1,1.jpg," + b"x" * 100_000 + b"\n" + ROW
    yield "a thousand long cells.csv", HEAD + (b"1,1.jpg," + b"x" * 40_000 + b"\n") * 1000
    yield "ragged.csv", HEAD + b"".join(b",".join([b"x"] * n) + b"\n" for n in range(300))
    for name, end in (("CR", b"\r"), ("mixed", b"\r\r\n"), ("VT", b"\x0b"), ("LS", b"\xe2\x80\xa8")):
        yield f"lines that end in {name}.csv", (HEAD + ROW * 3).replace(b"\n", end)
    yield "tabs.tsv", b"id\timage\tinstruction\n1\t1.jpg\tred\textra\n"
    yield "csv as.jsonl", HEAD + ROW


def _odd_cells() -> Iterator[tuple[str, bytes]]:
    number = "1" * 5000
    cells = {
        "id": (
            *("", " ", "../../etc/passwd", "C:\\x", "\x1b[2J", "a\u202eb", "a\u2028b", "=1+1", "'=1+1", "@x"),
            *("-2+3+cmd|' /C calc'!A0", "x" * 201, "x" * 60_000, "NUL", ".", "..", "a/b", "\x7f", "\ufeff"),
        ),
        "image": (
            *(
                "",
                "../../../etc/passwd",
                "/etc/passwd",
                "/dev/zero",
                "/proc/self/environ",
                "..\\..\\x",
                "~/x",
            ),
            *(
                "file:///etc/passwd",
                "http://169.254.169.254/",
                "data:image/png;base64,AA",
                "gopher://x/",
                "s3://",
            ),
            *(
                "s3://b",
                "s3://b/",
                "s3://b/../x",
                "s3://B@x/y",
                "s3:///x",
                "s3://b/\n",
                "\x1b[2J.jpg",
                "x" * 60_000,
            ),
        ),
        "instruction": (
            *(
                "",
                "{",
                "}",
                "{}",
                "{{",
                "{{}",
                "{id",
                "{nothing}",
                "{instruction}",
                "{id.__class__}",
                "{0}",
                "{id!r}",
            ),
            *(
                "{" * 60_000,
                "{id}" * 15_000,
                "{}" * 30_000,
                "%s%n",
                "{\x1b[2J}",
                "x" * 60_000,
                "{" + "x" * 60_000 + "}",
            ),
        ),
        "steps": (
            "0",
            "-1",
            "1e9",
            "1e999",
            "NaN",
            "inf",
            number,
            "20.0",
            "20." + "0" * 5000,
            "\u0663",
            "\u00b2",
            "0x10",
        ),
        "cfg": ("-0", "1e5", "nan", "1.", "1,5", number, "1." + number, "\uff14", "21", "--1"),
        "seed": ("-1", str(2**32), number, "1_000", " 7 ", "+7", "7.5"),
        "size": ("0x0", "64x64", "4097x64", "x", f"{number}x1", "64*64*64", "\u0661x\u0661", "-64x64"),
        "variants": ("0", "9", number, "1.0"),
        "priority": ("HIGH", "", "\u0130", "0", "x" * 60_000),
        "output": ("JPG", "exe", "../png", "x" * 60_000),
        "preset": ("fast", "FA\u017fT", "\udcff".encode("utf-8", "replace").decode(), "x" * 60_000),
    }
    for column, texts in cells.items():
        rows = []
        for line, text in enumerate(texts):
            row = {"id": str(line), "image": "1.jpg", "instruction": "red", column: text}
            rows.append(row)
        names = list(rows[0])
        quoted = [",".join('"' + row[name].replace('"', '""') + '"' for name in names) for row in rows]
        yield f"{column}.csv", "\n".join([",".join(names), *quoted]).encode()
        yield f"{column}.jsonl", "\n".join(json.dumps(row) for row in rows).encode()
    big = b"a" * 60_000
    yield (
        "text that grows.csv",
        b"id,image,big,instruction\n1,1.jpg," + big + b"," + b"{big}" * 12_000 + b"\n",
    )
    yield "folder.csv", b"id,image,instruction,qie_folder\n1,x.jpg,red,../../..\n2,x.jpg,red,s3://b/\x1b\n"


def _odd_objects() -> Iterator[tuple[str, bytes]]:
    good = b'{"id": "1", "image": "1.jpg", "instruction": "red"}\n'
    for depth in (*range(100, 1100, 20), 5000, 100_000):
        yield (
            f"lists {depth} deep.jsonl",
            good + good[:-2] + b', "x": ' + b"[" * depth + b"]" * depth + b"}\n",
        )
        deep = b'{"x":' * depth + b"1" + b"}" * depth
        yield f"objects {depth} deep.jsonl", good + good[:-2] + b', "x": ' + deep + b"}\n"
    yield "open lists.jsonl", good + b"[" * 1_000_000
    for value in (
        *(
            "1" * 5000,
            "-" + "1" * 5000,
            "1e999",
            "NaN",
            "Infinity",
            "1" * 5000 + ".5",
            "true",
            "null",
            "[]",
            "{}",
        ),
        *(
            '"\\ud800"',
            '"\\udfff\\ud800"',
            '"\\u0000"',
            '"\\u001b[2J"',
            '"a\\nb"',
            '"\\ufeff"',
            "[[1]]",
            '{"a": null}',
        ),
    ):
        for key in (
            "id",
            "image",
            "instruction",
            "steps",
            "seed",
            "cfg",
            "\\ud800",
            "\\u0000",
            "",
            "\\u001b[2J",
        ):
            row = good[:-2].decode() + f', "{key}": {value}}}\n'
            yield f"{key} is {value[:12]}.jsonl", good + row.encode()
    yield "an array.jsonl", b"[" + good.strip() + b"]"
    yield "scalars.jsonl", b'1\n"x"\nnull\ntrue\n[]\n' + good
    yield "half an object.jsonl", good + good[:20]
    yield "two on a line.jsonl", good.strip() + good
    yield "many keys.jsonl", json.dumps({f"k{number}": 1 for number in range(200_000)}).encode()
    yield "other keys each.jsonl", b"".join(b'{"k%d": 1}\n' % number for number in range(5000))
    yield "the same key.jsonl", b'{"id": "1"' + b', "id": "2"' * 100_000 + b"}\n"
    yield "a long key.jsonl", b'{"' + b"k" * 10_000_000 + b'": 1}\n' + good
    yield "a long text.jsonl", good + b'{"id": "' + b"x" * 10_000_000 + b'"}\n'
    yield "not an object.jsonl", good + b"id,image\n"
    yield "empty objects.jsonl", b"{}\n" * 1000
    yield "bad numbers.jsonl", good + b'{"id": 01}\n{"id": .5}\n{"id": 1.}\n{"id": +1}\n'
    yield "comments.jsonl", b"// x\n" + good
