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
from tests.support.refusals import code_of

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
        assert code_of(inspect, damaged) == code_of(decode, damaged) == "image_broken"


@CODINGS
@pytest.mark.parametrize("fill", [bytes(4096), b"\xff" * 4096, random.Random(8).randbytes(4096)])
def test_hole_of_four_kibibytes_is_refused(options, fill):
    data = jpeg(**options)
    at = middle(data, 0.4)
    assert code_of(decode, data[:at] + fill + data[at + 4096 :]) == "image_broken"


@CODINGS
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_file_is_refused_at_submit(options, share):
    data = jpeg(**options)
    cut = data[: middle(data, share)]
    assert code_of(inspect, cut) == code_of(decode, cut) == "image_truncated"


@CODINGS
def test_cut_file_with_an_end_marker_is_refused(options):
    data = jpeg(**options)
    assert code_of(decode, data[: middle(data)] + EOI) == "image_broken"


def test_progressive_file_that_lacks_whole_scans_is_refused_at_submit():
    data = jpeg(progressive=True)
    last = read_layout(data).scans[-1]
    start = data.rfind(b"\xff\xda", 0, last.start)
    assert code_of(inspect, data[:start] + EOI) == "image_broken"
    assert code_of(inspect, data[:start]) == "image_truncated"


def test_lost_restart_interval_is_refused():
    data = jpeg(restart_marker_rows=1)
    lost = data[: data.index(b"\xff\xd2")] + data[data.index(b"\xff\xd5") :]
    assert code_of(decode, lost) == "image_broken"


def uneven(size=(640, 480)):
    """Differs from block to block, as photos do, and more than its noise."""
    tiles = Image.frombytes("L", (80, 60), random.Random(5).randbytes(4800)).resize(
        size, Image.Resampling.BICUBIC
    )
    return tiles.point(lambda value: 90 + value // 4)


def shifted(image, levels, step, at=(320, 240)):
    """As a wrong difference shifts all blocks behind one: `step` is the height of a row of blocks."""
    width, height = image.size
    wrong = image.point(lambda value: max(0, min(255, value + levels)))
    damaged = image.copy()
    for left, top, right, bottom in ((at[0], at[1], width, height), (0, at[1] + step, width, height)):
        damaged.paste(wrong.crop((left, top, right, bottom)), (left, top))
    return damaged


def test_wrong_difference_between_two_blocks_is_refused_by_its_seam():
    """An error that libjpeg cannot see: all blocks behind are too dark."""
    gradient = Image.linear_gradient("L").resize((480, 640)).transpose(Image.Transpose.ROTATE_90)
    image = Image.merge("RGB", [gradient] * 3)
    assert code_of(decode, jpeg(image, quality=95)) == ""
    assert code_of(decode, jpeg(shifted(image, -60, 16), quality=95)) == "image_broken"


def test_edge_across_the_whole_picture_is_no_seam():
    banner = Image.new("RGB", (640, 480), "white")
    banner.paste("navy", (0, 240, 640, 480))
    banner.paste("red", (320, 0, 640, 240))
    assert code_of(decode, jpeg(banner)) == ""


@pytest.mark.parametrize("levels", [-70, -25, 25, 70])
@pytest.mark.parametrize("column", [64, 320, 560])
def test_uneven_motif_of_which_all_blocks_behind_one_are_shifted_is_refused(levels, column):
    assert code_of(decode, jpeg(uneven(), quality=90)) == ""
    damaged = shifted(uneven(), levels, 8, (column, 240))
    assert code_of(decode, jpeg(damaged, quality=90)) == "image_broken"


def test_seam_is_found_where_a_part_of_the_row_cannot_become_brighter():
    """A white background stays white, so that only the product shows the seam."""
    packshot = Image.new("L", (640, 480), "white")
    packshot.paste(uneven((448, 480)), (96, 0))
    assert code_of(decode, jpeg(packshot, quality=90)) == ""
    assert code_of(decode, jpeg(shifted(packshot, 40, 8), quality=90)) == "image_broken"


@pytest.mark.parametrize("options", [{"subsampling": 0}, {}, {"quality": 30}, {"progressive": True}], ids=str)
@pytest.mark.parametrize("panels", [("navy", "navy"), ("#eee", "#ddd"), ("#e63", "#e63")])
def test_step_of_one_row_of_blocks_in_a_drawing_is_no_seam(options, panels):
    for step in (8, 16):
        for column in (200, 320, 448):
            drawing = Image.new("RGB", (640, 480), "white")
            drawing.paste(panels[0], (column, 240, 640, 480))
            drawing.paste(panels[1], (0, 240 + step, column, 480))
            assert code_of(decode, jpeg(drawing, **options)) == ""


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
    assert inspect(odd)[:4] == ("JPEG", 640, 480, False)
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
    assert code_of(decode, data) == ""
    assert code_of(decode, data[:at] + bytes(4096) + data[at + 4096 :]) == "image_broken"


def test_even_areas_of_optimised_files_are_no_holes():
    """Their entropy-coded bytes are zeros for kilobytes."""
    for options in ({"optimize": True}, {"progressive": True}, {}):
        for colour in ("white", (225, 225, 225), "black"):
            packshot = Image.new("RGB", (1600, 1200), colour)
            packshot.paste(motif((100, 80)), (700, 500))
            data = jpeg(packshot, **options)
            assert code_of(inspect, data) == code_of(decode, data) == ""


def test_zero_bits_that_leave_coefficients_as_they_are_make_no_hole():
    """Of a drawing, a progressive scan that refines coefficients holds 48 zero bytes and more."""
    draw = random.Random(33)
    drawing = Image.new("RGB", (1200, 628), "white")
    for _ in range(12):
        left, top = draw.randrange(1200), draw.randrange(628)
        right, bottom = left + draw.randrange(600) + 1, top + draw.randrange(300) + 1
        drawing.paste(tuple(draw.randrange(256) for _ in range(3)), (left, top, right, bottom))
    data = jpeg(drawing, quality=100, progressive=True)
    assert bytes(48) in data
    assert code_of(inspect, data) == code_of(decode, data) == ""


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
    assert caught.value.code == code_of(decode, with_frame(marker, precision)) == "image_format_unsupported"


def test_endless_segments_are_refused():
    comments = b"\xff\xfe\0\2" * 30_000
    assert code_of(inspect, b"\xff\xd8" + comments + jpeg()[2:]) == "image_broken"


def test_long_runs_of_fill_bytes_are_read_in_linear_time():
    data = jpeg()
    at = middle(data)
    began = time.thread_time()
    for behind in (b"\0", b"\xd0", EOI):
        code_of(inspect, data[:at] + b"\xff" * 2_000_000 + behind + data[at:])
    assert time.thread_time() - began < 2
