"""Which JPEGs are refused for their pixels, which for their coding, and which oddities are none of both."""

import io
import random
import time
from functools import cache

import pytest
from PIL import Image

from qie_batch.errors import Rejected
from qie_batch.images import decode, inspect
from qie_batch.images.jpeg_layout import read_layout

EOI = b"\xff\xd9"


@cache
def motif(size=(640, 480)):
    grain = Image.frombytes("L", size, random.Random(3).randbytes(size[0] * size[1]))
    shades = [Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size)]
    return Image.merge("RGB", [*(Image.blend(shade, grain, 0.3) for shade in shades), grain])


def jpeg(image=None, **options):
    buffer = io.BytesIO()
    (image or motif()).save(buffer, "JPEG", **{"quality": 85, **options})
    return buffer.getvalue()


def code(call, data):
    try:
        call(data)
    except Rejected as error:
        return error.code
    return ""


def middle(data, share=0.5):
    scan = read_layout(data).scans[-1]
    return scan.start + int((scan.end - scan.start) * share)


CODINGS = pytest.mark.parametrize(
    "options",
    [{}, {"optimize": True}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}],
    ids=str,
)


@CODINGS
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_tail_of_zeros_is_refused_at_submit(options, share):
    data = jpeg(**options)
    at = middle(data, share)
    for damaged in (data[:at] + bytes(len(data) - at), data[:at] + bytes(len(data) - at - 2) + EOI):
        assert code(inspect, damaged) == code(decode, damaged) == "image_broken"


@CODINGS
@pytest.mark.parametrize("fill", [bytes(4096), b"\xff" * 4096, random.Random(8).randbytes(4096)])
def test_hole_of_four_kibibytes_is_refused(options, fill):
    data = jpeg(**options)
    at = middle(data, 0.4)
    assert code(decode, data[:at] + fill + data[at + 4096 :]) == "image_broken"


@CODINGS
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_file_is_refused_at_submit(options, share):
    data = jpeg(**options)
    cut = data[: middle(data, share)]
    assert code(inspect, cut) == code(decode, cut) == "image_truncated"


@CODINGS
def test_cut_file_with_an_end_marker_is_refused(options):
    data = jpeg(**options)
    assert code(decode, data[: middle(data)] + EOI) == "image_broken"


def test_progressive_file_that_lacks_whole_scans_is_refused_at_submit():
    data = jpeg(progressive=True)
    last = read_layout(data).scans[-1]
    start = data.rfind(b"\xff\xda", 0, last.start)
    assert code(inspect, data[:start] + EOI) == "image_broken"
    assert code(inspect, data[:start]) == "image_truncated"


def test_lost_restart_interval_is_refused():
    data = jpeg(restart_marker_rows=1)
    lost = data[: data.index(b"\xff\xd2")] + data[data.index(b"\xff\xd5") :]
    assert code(decode, lost) == "image_broken"


def test_wrong_difference_between_two_blocks_is_refused_by_its_seam():
    """An error that libjpeg cannot see: all blocks behind are too dark."""
    image = Image.merge("RGB", [Image.linear_gradient("L").resize((640, 480))] * 3)
    dark = image.point(lambda value: value * 0.6)
    damaged = image.copy()
    damaged.paste(dark.crop((0, 256, 640, 480)), (0, 256))
    damaged.paste(dark.crop((320, 240, 640, 256)), (320, 240))
    assert code(decode, jpeg(damaged, quality=95)) == "image_broken"


def test_edge_across_the_whole_picture_is_no_seam():
    banner = Image.new("RGB", (640, 480), "white")
    banner.paste("navy", (0, 240, 640, 480))
    banner.paste("red", (320, 0, 640, 240))
    assert code(decode, jpeg(banner)) == ""


def oddities():
    data = jpeg()
    behind_first = 4 + int.from_bytes(data[4:6], "big")
    return {
        "no end marker": data[:-2],
        "half an end marker": data[:-1],
        "bytes behind the end": data + b"<html>",
        "second image behind the end": data + jpeg(motif((64, 48))),
        "fill bytes before the end": data[:-2] + b"\xff" * 9 + EOI,
        "zeros before the end": data[:-2] + bytes(5) + EOI,
        "fill bytes before a marker": data[:2] + b"\xff" * 3 + data[2:],
        "junk between segments": data[:behind_first] + b"junk" + data[behind_first:],
        "no JFIF": data[:2] + data[behind_first:],
        "JFIF of an unknown version": data.replace(b"JFIF\0\1\1", b"JFIF\0\7\7"),
        "broken EXIF": data[:2] + b"\xff\xe1\0\x0eExif\0\0II*\0\xff\xff" + data[2:],
        "broken profile": data[:2] + b"\xff\xe2\0\x13ICC_PROFILE\0\5\2abc" + data[2:],
    }


@pytest.mark.parametrize("name", list(oddities()))
def test_oddity_without_harm_is_decoded_to_the_same_pixels(name):
    odd = oddities()[name]
    assert inspect(odd) == ("JPEG", 640, 480, False)
    assert decode(odd).tobytes() == decode(jpeg()).tobytes()


def test_pixels_are_those_of_pillow():
    for options in ({}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"optimize": True}):
        data = jpeg(**options)
        assert decode(data).tobytes() == Image.open(io.BytesIO(data)).tobytes()
    grey = jpeg(motif().convert("L"))
    assert decode(grey).tobytes() == Image.open(io.BytesIO(grey)).convert("RGB").tobytes()


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_are_checked_too(mode):
    data = jpeg(motif().convert(mode))
    at = middle(data)
    assert code(decode, data) == ""
    assert code(decode, data[:at] + bytes(4096) + data[at + 4096 :]) == "image_broken"


def test_even_areas_of_optimised_files_are_no_holes():
    """Their entropy-coded bytes are zeros for kilobytes."""
    for options in ({"optimize": True}, {"progressive": True}, {}):
        for colour in ("white", (225, 225, 225), "black"):
            packshot = Image.new("RGB", (1600, 1200), colour)
            packshot.paste(motif((100, 80)), (700, 500))
            data = jpeg(packshot, **options)
            assert code(inspect, data) == code(decode, data) == ""


def with_frame(marker, precision=8):
    data = jpeg(motif((64, 48)))
    at = data.index(b"\xff\xc0")
    return data[:at] + bytes([0xFF, marker]) + data[at + 2 : at + 4] + bytes([precision]) + data[at + 5 :]


@pytest.mark.parametrize(
    ("marker", "precision", "name"),
    [
        (0xC1, 12, "a 12-bit JPEG"),
        (0xC2, 12, "a 12-bit JPEG"),
        (0xC3, 8, "a lossless JPEG"),
        (0xC3, 16, "a lossless JPEG"),
        (0xC9, 8, "an arithmetic-coded JPEG"),
        (0xCA, 8, "an arithmetic-coded JPEG"),
        (0xC5, 8, "a hierarchical JPEG"),
    ],
)
def test_coding_that_is_not_read_is_called_by_its_name(marker, precision, name):
    with pytest.raises(Rejected, match=f"the file is {name}, which is not read: save it as") as caught:
        inspect(with_frame(marker, precision))
    assert caught.value.code == code(decode, with_frame(marker, precision)) == "image_format_unsupported"


def test_endless_segments_are_refused():
    comments = b"\xff\xfe\0\2" * 30_000
    assert code(inspect, b"\xff\xd8" + comments + jpeg()[2:]) == "image_broken"


def test_long_runs_of_fill_bytes_are_read_in_linear_time():
    data = jpeg()
    at = middle(data)
    began = time.thread_time()
    for behind in (b"\0", b"\xd0", EOI):
        code(inspect, data[:at] + b"\xff" * 2_000_000 + behind + data[at:])
    assert time.thread_time() - began < 2
