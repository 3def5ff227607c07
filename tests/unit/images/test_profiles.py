"""Colours are converted by what a profile or a gamma says, whatever the profile is called."""

import io
import struct

import pytest
from PIL import Image, ImageCms

from qie_batch.images import decode
from tests.unit.images.test_png_and_webp import chunk, png

#: The primaries of sRGB as XYZ under D50.
PRIMARIES = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
    b"wtpt": (0.96420, 1.0, 0.82491),
}


def matrix_profile(name, gamma):
    """An ICC profile, version 2, of these primaries and this gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    text = name.encode() + b"\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        **{tag: b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in value))
           for tag, value in PRIMARIES.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }  # fmt: skip
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += tag + struct.pack(">II", at + len(body), len(content))
        body += padded
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


def linear(value):
    value /= 255
    return round(255 * (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4))


def tagged(colour, profile):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(buffer, "PNG", icc_profile=profile)
    return decode(buffer.getvalue()).getpixel((9, 9))


def near(pixel, expected, distance):
    return all(abs(a - b) <= distance for a, b in zip(pixel, expected, strict=True))


@pytest.mark.parametrize("name", ["sRGB-elle-V2-g10.icc", "sRGB linear", "Linear RGB"])
@pytest.mark.parametrize("colour", [(200, 40, 40), (128, 128, 128), (255, 255, 255), (0, 0, 0)])
def test_linear_profile_is_converted_by_its_content(name, colour):
    stored = tuple(map(linear, colour))
    assert near(tagged(stored, matrix_profile(name, 1.0)), colour, 3)


def test_profile_of_srgb_is_not_converted():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert tagged((200, 40, 41), profile) == (200, 40, 41)


def gamma(value):
    return chunk(b"gAMA", struct.pack(">I", value))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (gamma(45455), (200, 40, 40)),
        (gamma(45000), (200, 40, 40)),
        (gamma(0), (200, 40, 40)),
        (gamma(2**31 - 1), (200, 40, 40)),
        (gamma(100_000) + chunk(b"sRGB", b"\0"), (200, 40, 40)),
        (gamma(100_000), (229, 110, 110)),
        (gamma(55556), (210, 53, 53)),
    ],
    ids=["1/2.2", "near 1/2.2", "zero", "huge", "overruled by sRGB", "linear", "1/1.8"],
)
def test_gamma_of_a_png_is_honoured(chunks, expected):
    assert near(decode(png(chunks)).getpixel((3, 3)), expected, 2)


def test_profile_overrules_the_gamma():
    buffer = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (16, 16), (200, 40, 40)).save(buffer, "PNG", icc_profile=profile)
    data = buffer.getvalue()
    assert decode(data[:33] + gamma(100_000) + data[33:]).getpixel((3, 3)) == (200, 40, 40)


def test_gamma_of_grey_and_alpha_is_honoured():
    assert near(decode(png(gamma(100_000), colour=0)).getpixel((0, 3)), (229,) * 3, 2)
    assert near(decode(png(gamma(100_000), colour=6)).getpixel((3, 3)), (229, 110, 110), 2)
