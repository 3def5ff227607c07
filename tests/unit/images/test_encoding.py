"""Encoded results have pixels and no metadata."""

import io
import random

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from qie_batch.errors import Rejected
from qie_batch.images import decode, encode, off_white, on_white, thumbnail_jpeg
from qie_batch.model import OutputFormat


def with_metadata(kind="PNG"):
    """A file with EXIF and GPS, and an image with everything that Pillow might write."""
    image = Image.radial_gradient("L").resize((120, 90)).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "SECRET camera"
    exif.get_ifd(0x8825)[1] = "SECRET north"
    image.info = {
        "exif": exif.tobytes(), "icc_profile": b"SECRET profile", "comment": b"SECRET comment",
        "xmp": b"SECRET xmp", "Author": "SECRET author", "dpi": (300, 300), "transparency": (0, 0, 0),
    }  # fmt: skip
    buffer = io.BytesIO()
    image.save(buffer, kind, exif=exif)
    return buffer.getvalue(), image


@pytest.mark.parametrize(
    ("output", "kind", "content_type"),
    [(OutputFormat.PNG, "PNG", "image/png"), (OutputFormat.JPEG, "JPEG", "image/jpeg"),
     (OutputFormat.WEBP, "WEBP", "image/webp")],
)  # fmt: skip
def test_each_output_is_what_it_says(output, kind, content_type):
    image = Image.merge(
        "RGB", [Image.linear_gradient("L").resize((75, 51))] * 2 + [Image.new("L", (75, 51), 40)]
    )
    data, said = encode(image, output)
    assert said == content_type
    with Image.open(io.BytesIO(data)) as reread:
        assert (reread.format, reread.mode, reread.size) == (kind, "RGB", (75, 51))
    squares = ImageStat.Stat(ImageChops.difference(image, decode(data))).sum2
    assert max(squares) / (75 * 51) < (1e-9 if output is OutputFormat.PNG else 4)


@pytest.mark.parametrize("output", [OutputFormat.PNG, OutputFormat.JPEG, OutputFormat.WEBP])
@pytest.mark.parametrize("source", ["decoded", "original"])
def test_no_metadata_reaches_a_result(output, source):
    data, image = with_metadata("JPEG")
    before = dict(image.info)
    result, _ = encode(decode(data) if source == "decoded" else image, output)
    assert b"SECRET" not in result
    assert b"Exif" not in result
    with Image.open(io.BytesIO(result)) as reread:
        reread.load()
        assert not reread.getexif()
        left = {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "loop",
            "background",
            "timestamp",
            "duration",
        }
        assert set(reread.info) <= left
    assert image.info == before


def test_png_has_only_the_three_chunks_it_needs():
    data, _ = encode(with_metadata()[1], OutputFormat.PNG)
    names, at = [], 8
    while at < len(data):
        names.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4])
    assert list(dict.fromkeys(names)) == [b"IHDR", b"IDAT", b"IEND"]


@pytest.mark.parametrize("effort", ["fast", "small"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (517, 1), (500, 1201)], ids=str)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_every_effort_gives_back_the_pixels_of_a_png(mode, size, effort):
    bands = len(mode)
    image = Image.frombytes(mode, size, random.Random(1).randbytes(size[0] * size[1] * bands))
    if mode == "RGBA":
        image.putalpha(image.getchannel("A").point(lambda value: max(1, value)))
    data, _ = encode(image, OutputFormat.PNG, effort=effort)
    with Image.open(io.BytesIO(data)) as reread:
        reread.verify()
    with Image.open(io.BytesIO(data)) as reread:
        assert (reread.mode, reread.tobytes()) == (mode, image.tobytes())


def test_more_effort_makes_a_smaller_png():
    image = Image.effect_noise((400, 300), 9).filter(ImageFilter.GaussianBlur(3)).convert("RGB")
    fast, small = (encode(image, OutputFormat.PNG, effort=effort)[0] for effort in ("fast", "small"))
    assert len(small) < len(fast) < 400 * 300 * 3


def test_jpeg_keeps_a_colour_to_its_own_pixel():
    image = Image.new("RGB", (64, 64), "white")
    image.paste("red", (32, 0, 33, 64))
    reread = decode(encode(image, OutputFormat.JPEG)[0])
    assert min(reread.getpixel((30, 30))) > 240
    assert reread.getpixel((32, 30))[1] < 40


@pytest.mark.parametrize("source", ["bytes", "image"])
def test_thumbnail_is_a_small_bare_jpeg_of_the_same_ratio(source):
    data, image = with_metadata("JPEG")
    small = thumbnail_jpeg(data if source == "bytes" else image, 40)
    with Image.open(io.BytesIO(small)) as reread:
        assert (reread.format, reread.size) == ("JPEG", (40, 30))
    assert b"SECRET" not in small


def test_thumbnail_never_enlarges():
    with Image.open(io.BytesIO(thumbnail_jpeg(Image.new("RGB", (20, 16)), 100))) as reread:
        assert reread.size == (20, 16)


def test_thumbnail_of_no_image_is_refused():
    with pytest.raises(Rejected):
        thumbnail_jpeg(b"<html>", 100)


def transparent():
    """Colours everywhere, alpha from 0 to 255 from top to bottom."""
    image = Image.merge("RGB", [Image.radial_gradient("L").resize((96, 256))] * 3)
    image.paste((10, 200, 30), (0, 0, 96, 20))
    image.putalpha(Image.linear_gradient("L").resize((96, 256)))
    return image


@pytest.mark.parametrize("output", [OutputFormat.PNG, OutputFormat.WEBP])
def test_alpha_comes_back_exactly(output):
    image = transparent()
    assert decode(encode(image, output)[0]).getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_colours_that_nobody_sees_are_not_in_a_png():
    image = transparent()
    reread = decode(encode(image, OutputFormat.PNG)[0])
    hidden = [pixel for pixel in reread.get_flattened_data() if not pixel[3]]
    assert set(hidden) == {(255, 255, 255, 0)}
    assert on_white(reread).tobytes() == on_white(image).tobytes()
    assert image.getpixel((5, 0)) == (10, 200, 30, 0), "the image itself was changed"


def test_a_jpeg_shows_transparency_as_white():
    reread = decode(encode(transparent(), OutputFormat.JPEG)[0])
    assert reread.mode == "RGB"
    assert min(reread.getpixel((5, 0))) > 250


def test_a_thumbnail_shows_transparency_as_checks():
    reread = decode(thumbnail_jpeg(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), 64))
    assert min(reread.getpixel((4, 12))) > 250
    assert max(reread.getpixel((4, 4))) < 235


def test_an_image_taken_off_white_is_the_same_on_white():
    image = transparent()
    flat = on_white(image)
    again = off_white(flat, image.getchannel("A"))
    assert again.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    assert max(high for _, high in ImageChops.difference(on_white(again), flat).getextrema()) <= 1
    # Where alpha is high enough for 8 bits, the colours are those of before.
    lower = (0, 128, 96, 256)
    left = ImageChops.difference(again.crop(lower).convert("RGB"), image.crop(lower).convert("RGB"))
    assert max(high for _, high in left.getextrema()) <= 3
