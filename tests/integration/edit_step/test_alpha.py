"""What becomes of transparent pixels from the input's file to the result's."""

from __future__ import annotations

import hashlib
import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageOps

from qie_batch.engines.classic import INFO, create
from qie_batch.images import DEFAULT_LIMITS, Limits, decode, off_white, on_white
from qie_batch.model import EditResult, OutputFormat
from qie_batch.steps.edit import edit
from tests.support.ledgers import told
from tests.support.painters import Painter, only, submit

SIZE = (96, 64)
WARM = {"instruction": "make it warmer", "revision": INFO.revision}


def bottle() -> Image.Image:
    """RGBA: a product with a soft edge, and a colour that nobody sees around it."""
    mask = Image.new("L", (8 * SIZE[0], 8 * SIZE[1]))
    ImageDraw.Draw(mask).ellipse((160, 60, 600, 460), fill=255)
    image = Image.new("RGB", SIZE, (200, 60, 40))
    image.putalpha(mask.resize(SIZE, Image.Resampling.BOX))
    return image


def file(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def sixteen_bits(image: Image.Image) -> bytes:
    pixels = np.asarray(image).astype(np.uint16)[..., [2, 1, 0, 3]] * 257
    return bytes(cv2.imencode(".png", pixels)[1])


FILES = {
    "PNG": file(bottle(), "PNG"),
    "PNG of 16 bits": sixteen_bits(bottle()),
    "PNG with a palette": file(bottle().quantize(64, Image.Quantize.FASTOCTREE), "PNG"),
    "PNG with one transparent colour": file(
        on_white(bottle()).quantize(16), "PNG", transparency=on_white(bottle()).quantize(16).getpixel((0, 0))
    ),
    "grey PNG": file(bottle().convert("LA"), "PNG"),
    "lossy WebP": file(bottle(), "WEBP", quality=90),
    "lossless WebP": file(bottle(), "WEBP", lossless=True),
}


@pytest.fixture
def edited(ledger, store, make_context):
    """Edit the file by the engine; returns the item and the decoded result."""

    def run(data, engine, *, context=(), **params):
        sha256 = hashlib.sha256(data).hexdigest()
        store.put(f"inputs/{sha256}", data, "image/png")
        submit(ledger, "red", **{"inputs": (sha256,), "output": OutputFormat.PNG, **params})
        edit("job.0", make_context(engine, **dict(context)))
        item = only(ledger)
        return item, item.result and decode(store.get(item.result.object_key))

    return run


class Inverter(Painter):
    """An engine without alpha."""

    def edit(self, request, on_step):
        assert all(image.mode == "RGB" for image in request.images)
        return EditResult(image=ImageOps.invert(super().edit(request, on_step).image))


class Turner(Painter):
    def edit(self, request, on_step):
        return EditResult(image=super().edit(request, on_step).image.transpose(Image.Transpose.ROTATE_90))


@pytest.mark.parametrize("output", [OutputFormat.PNG, OutputFormat.WEBP])
@pytest.mark.parametrize("name", FILES)
def test_an_edit_by_classic_keeps_alpha_to_the_level(edited, name, output):
    source = decode(FILES[name])
    assert source.mode == "RGBA"
    _, result = edited(FILES[name], create({}), output=output, **WARM)
    assert result.getchannel("A").tobytes() == source.getchannel("A").tobytes()
    assert on_white(result).tobytes() != on_white(source).tobytes()


def test_a_jpeg_of_a_transparent_result_is_on_white_and_says_so(edited):
    item, result = edited(FILES["PNG"], create({}), output=OutputFormat.JPEG, **WARM)
    assert result.mode == "RGB"
    assert min(result.getpixel((2, 2))) > 250
    assert "transparent pixels became white, as JPEG holds none" in item.result.note


def test_what_was_cut_away_is_in_no_result(edited):
    _, result = edited(FILES["PNG"], create({}), **WARM)
    assert result.getpixel((0, 0)) == (255, 255, 255, 0)


def test_an_engine_without_alpha_gets_white_and_its_result_is_opaque(edited):
    item, result = edited(FILES["PNG"], Inverter())
    assert (result.mode, result.getpixel((0, 0))) == ("RGB", (0, 0, 0))
    assert item.result.note == "transparent pixels were put on white, as this engine takes none"


def test_alpha_is_put_back_where_that_is_asked_for(edited):
    source = bottle()
    item, result = edited(FILES["PNG"], Inverter(), keep_alpha=True)
    alpha = source.getchannel("A")
    assert result.getchannel("A").tobytes() == alpha.tobytes()
    painted = off_white(ImageOps.invert(on_white(source)), alpha)
    difference = ImageChops.difference(on_white(result), on_white(painted))
    assert difference.getbbox() is None
    assert item.result.note == "put the transparency back"


def test_an_opaque_image_stays_opaque_where_alpha_is_to_be_kept(edited):
    item, result = edited(file(on_white(bottle()), "PNG"), Inverter(), keep_alpha=True)
    assert (result.mode, item.result.note) == ("RGB", "")


@pytest.mark.parametrize(("engine", "kept"), [(Inverter(), {"keep_alpha": True}), (create({}), WARM)])
def test_bands_beside_a_transparent_image_are_transparent(edited, engine, kept):
    _, result = edited(FILES["PNG"], engine, width=200, height=64, **kept)
    alpha = result.getchannel("A")
    assert result.size == (200, 64)
    assert alpha.crop((0, 0, 52, 64)).getextrema() == alpha.crop((148, 0, 200, 64)).getextrema() == (0, 0)
    assert alpha.crop((52, 0, 148, 64)).tobytes() == bottle().getchannel("A").tobytes()


def test_alpha_is_not_put_on_a_result_of_another_shape(edited, ledger):
    item, _ = edited(FILES["PNG"], Turner(), keep_alpha=True)
    assert (told(ledger), item.failure.code) == ("F", "shape_changed")


def test_bands_beside_an_edited_background_are_of_the_new_colour(edited):
    image = Image.new("RGB", (240, 320), (150, 160, 170))
    ImageDraw.Draw(image).rectangle((80, 100, 160, 240), fill=(200, 20, 30))
    item, result = edited(
        file(image, "JPEG", quality=95),
        create({}),
        instruction="make the background yellow",
        revision=INFO.revision,
        width=640,
        height=320,
    )
    assert item.failure is None
    left, beside = result.getpixel((20, 160)), result.getpixel((220, 160))
    assert max(abs(one - other) for one, other in zip(left, beside, strict=True)) <= 2
    assert left[0] > 200 > left[2]
    assert result.getpixel((320, 170))[0] > 150


def test_a_result_that_could_not_be_opened_again_fails_its_row(edited, ledger):
    limits = Limits(max_side=DEFAULT_LIMITS.max_side, max_pixels=96 * 64)
    item, _ = edited(FILES["PNG"], create({}), context={"limits": limits}, width=97, height=64, **WARM)
    assert (told(ledger), item.failure.code) == ("F", "result_too_large")
