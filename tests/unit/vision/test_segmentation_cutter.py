from __future__ import annotations

import cv2
import numpy as np
import pytest

from qie_batch.errors import Rejected
from qie_batch.vision.cutout import find_product
from qie_batch.vision.segmentation.cutter import ALONE, ModelCutter

GREY, BLUE = (205, 207, 210), (42, 98, 181)
HEIGHT, WIDTH = 240, 320
BOX = (slice(60, 190), slice(90, 220))


def drawn(colour=BLUE):
    pixels = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    pixels[BOX] = colour
    return pixels


def scene(colour=BLUE):
    """A product before stripes, which are no plain backdrop."""
    pixels = drawn(colour)
    stripes = np.zeros((HEIGHT, WIDTH), bool)
    stripes[:, 40:70] = stripes[:, 250:290] = stripes[:20] = stripes[210:225] = True
    pixels[stripes] = (120, 60, 30)
    return pixels


def mask_of(*areas, value=1.0):
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    for area in areas:
        mask[area] = value
    return mask


def segmenter(mask, mirrored=None):
    """Answers the image with one mask and its mirror with another."""
    answers = iter([mask, mask[:, ::-1] if mirrored is None else mirrored])
    return lambda _pixels: next(answers)


def cut(pixels, mask, mirrored=None):
    return ModelCutter(segment=segmenter(mask, mirrored))(pixels)


def refusal(pixels, mask, mirrored=None):
    with pytest.raises(Rejected) as caught:
        cut(pixels, mask, mirrored)
    return caught.value


def test_the_built_in_cutout_counts_where_the_model_agrees():
    cutout = cut(drawn(), mask_of((slice(62, 188), slice(92, 218))))
    assert np.array_equal(cutout.mask, find_product(drawn()).mask)
    assert cutout.note == ""


@pytest.mark.parametrize(
    "area",
    [
        (slice(60, 150), slice(90, 220)),
        (slice(60, 230), slice(90, 220)),
        (slice(0, HEIGHT), slice(0, WIDTH)),
        (slice(0, 0), slice(0, 0)),
    ],
)
def test_masks_that_disagree_are_refused(area):
    assert refusal(drawn(), mask_of(area)).code == "cutout_doubtful"


def with_dark_strip(blur):
    """A dark strip under the product, as a soft shadow or with hard edges."""
    light = np.ones((HEIGHT, WIDTH), np.float32)
    light[210:226, 110:200] = 0.3
    light = cv2.GaussianBlur(light, (0, 0), blur)
    pixels = np.round(drawn() * light[..., None]).astype(np.uint8)
    pixels[BOX] = BLUE
    return pixels


def test_a_soft_shadow_that_the_built_in_takes_for_product_is_shadow():
    pixels = with_dark_strip(5)
    assert find_product(pixels).mask[218, 150] == 1
    cutout = cut(pixels, mask_of(BOX))
    assert cutout.mask[200:].max() == 0
    assert cutout.shade[218, 150] < 0.8
    assert cutout.mask[120, 150] == 1


def test_a_second_object_that_the_model_misses_is_refused():
    assert refusal(with_dark_strip(0.5), mask_of(BOX)).code == "cutout_doubtful"


def test_the_model_alone_cuts_out_what_the_built_in_refuses():
    with pytest.raises(Rejected, match="no plain background"):
        find_product(scene())
    cutout = cut(scene(), mask_of(BOX))
    assert cutout.note == ALONE
    assert np.array_equal(cutout.mask > 0.5, mask_of(BOX) > 0.5)
    assert cutout.shade.min() == 1


def test_the_backdrop_beside_a_scenes_product_is_what_is_seen_there():
    backdrop = cut(scene(), mask_of(BOX)).backdrop
    assert np.abs(backdrop[120, 85] - GREY).max() < 12
    assert np.abs(backdrop[120, 55] - (120, 60, 30)).max() < 30


@pytest.mark.parametrize("area", [(slice(0, 0), slice(0, 0)), (slice(0, HEIGHT), slice(0, WIDTH))])
def test_a_model_that_finds_nothing_leaves_the_refusal_as_it_is(area):
    assert refusal(scene(), mask_of(area)).code == "background_not_plain"


def test_a_model_that_is_unsure_is_refused():
    half = np.maximum(mask_of(BOX), mask_of((slice(100, 150), slice(0, 80)), value=0.4))
    assert "not sure" in refusal(scene(), half).message


def test_a_model_that_finds_another_product_in_the_mirror_is_refused():
    other = mask_of((slice(60, 190), slice(60, 160)))
    assert "mirrored" in refusal(scene(), mask_of(BOX), other).message


def test_an_outline_where_the_image_has_no_edge_is_refused():
    assert "no edge" in refusal(scene(), mask_of((slice(75, 175), slice(105, 205)))).message
