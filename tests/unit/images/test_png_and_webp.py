"""Which damage of PNG and WebP files is of the pixels, and which of metadata that is dropped."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from qie_batch.images import decode, inspect
from tests.support.refusals import code_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name, content, crc=None):
    crc = zlib.crc32(name + content) if crc is None else crc
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


END = chunk(b"IEND", b"")


def png(*extra, depth=8, colour=2, end=END):
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    rows = (b"\0" + bytes([200, 40, 40, 255][:channels] * 16) * (depth // 8)) * 16
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, depth, colour, 0, 0, 0))
    return SIGNATURE + header + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + end


NOISE = random.Random(5).randbytes(300_000)

METADATA = {
    "XMP of 3 MB, compressed": chunk(
        b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>" * 750_000)
    ),
    "workflow of 5 MB, compressed": chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"{}, " * 1_250_000)),
    "text of 2 MB": chunk(b"tEXt", b"prompt\0" + b"x" * 2_000_000),
    "many texts": chunk(b"tEXt", b"a\0b") * 5000,
    "profile of 1.5 MB": chunk(b"iCCP", b"p\0\0" + zlib.compress(NOISE * 5)),
    "profile that is no zlib": chunk(b"iCCP", b"p\0\0abc"),
    "profile cut short": chunk(b"iCCP", b"p\0\0" + zlib.compress(NOISE)[:-2000]),
    "profile without a name": chunk(b"iCCP", b""),
    "wrong checksum of text": chunk(b"tEXt", b"a\0b", crc=1),
    "wrong checksum of a profile": chunk(b"iCCP", b"p\0\0" + zlib.compress(b"x"), crc=1),
    "wrong checksum of gamma": chunk(b"gAMA", b"\0\1\x86\xa0", crc=1),
    "short pHYs": chunk(b"pHYs", b"\0"),
    "short tIME": chunk(b"tIME", b"\0"),
    "short gAMA": chunk(b"gAMA", b"\0"),
    "short sRGB": chunk(b"sRGB", b""),
    "short cHRM": chunk(b"cHRM", b"\0\0"),
    "text that is no zlib": chunk(b"zTXt", b"a\0\0nope"),
    "text without a separator": chunk(b"tEXt", b"abc"),
    "broken EXIF": chunk(b"eXIf", b"II*\0\xff\xff"),
    "content credentials": chunk(b"caBX", NOISE),
    "bKGD, sPLT, hIST": chunk(b"bKGD", b"") + chunk(b"sPLT", b"x") + chunk(b"hIST", b"y"),
    "unknown": chunk(b"abCd", NOISE, crc=7),
    "short acTL": chunk(b"acTL", b"\0"),
}


@pytest.mark.parametrize("name", list(METADATA))
def test_metadata_of_a_png_never_refuses_the_image(name):
    data = png(METADATA[name])
    assert inspect(data) == ("PNG", 16, 16, False, True)
    assert decode(data).tobytes() == decode(png()).tobytes()


def test_bytes_behind_the_end_of_a_png_are_ignored():
    assert code_of(decode, png() + b"junk") == ""


def test_png_without_its_end_is_refused_at_submit():
    for data in (png(end=b""), png()[:-14], png()[:-1]):
        assert code_of(inspect, data) == code_of(decode, data) == "image_truncated"


def test_wrong_checksum_of_what_decides_pixels_is_refused():
    whole = png()
    assert code_of(decode, whole.replace(whole[-16:-12], b"abcd")) == "image_broken"
    assert code_of(decode, png(chunk(b"tRNS", bytes(6), crc=3))) == "image_broken"


def test_png_that_lacks_pixels_or_its_palette_is_refused_at_submit():
    for missing in (png(colour=3), png()[:33] + END, png()[:33] + chunk(b"IDAT", b"") + END):
        assert code_of(inspect, missing) == code_of(decode, missing) == "image_broken"


def test_wrong_checksum_of_pixels_is_told_at_submit():
    at = png().index(b"IDAT") + 8
    for wrong in (png()[:at] + b"x" + png()[at + 1 :], png(end=chunk(b"IEND", b"", crc=4))):
        assert code_of(inspect, wrong) == code_of(decode, wrong) == "image_broken"
    assert code_of(inspect, png(chunk(b"tRNS", bytes(6), crc=3))) == "image_broken"


def test_one_transparent_colour_of_sixteen_bits_is_refused_at_submit():
    data = png(chunk(b"tRNS", bytes(6)), depth=16)
    assert code_of(inspect, data) == code_of(decode, data) == "image_transparency_unsupported"


def test_png_of_one_frame_is_a_still():
    frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 16, 16, 0, 0, 1, 10, 0, 0))
    assert code_of(decode, png(chunk(b"acTL", struct.pack(">II", 1, 0)), frame)) == ""
    assert code_of(inspect, png(chunk(b"acTL", struct.pack(">II", 3, 0)), frame)) == "image_animated"


def webp(**options):
    buffer = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(buffer, "WEBP", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("options", [{"quality": 80}, {"lossless": True}], ids=str)
def test_webp_that_is_cut_or_has_a_hole_is_refused_at_submit(options):
    data = webp(**options)
    cut = data[: len(data) // 2]
    assert code_of(inspect, cut) == code_of(decode, cut) == "image_truncated"
    for fill in (bytes(4096), b"\xff" * 4096):
        damaged = data[:6000] + fill + data[10_096:]
        assert code_of(inspect, damaged) == code_of(decode, damaged) == "image_broken"
    tail = data[:6000] + bytes(len(data) - 6000)
    assert code_of(inspect, tail) == "image_broken"


@pytest.mark.parametrize("options", [{"quality": 50}, {"quality": 100}, {"lossless": True}], ids=str)
@pytest.mark.parametrize("colour", ["white", "black", (225, 225, 225)])
def test_even_webp_has_no_hole(options, colour):
    packshot = Image.new("RGB", (1200, 900), colour)
    packshot.paste("red", (500, 400, 600, 500))
    buffer = io.BytesIO()
    packshot.save(buffer, "WEBP", **options)
    assert code_of(inspect, buffer.getvalue()) == code_of(decode, buffer.getvalue()) == ""
