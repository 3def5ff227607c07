from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from qie_batch.colours import BY_WORD
from qie_batch.engines.classic import background
from qie_batch.engines.classic.canvas import Canvas
from qie_batch.errors import Rejected
from qie_batch.vision.cutout import find_product

WHITE, TEAL, BLACK = BY_WORD["white"], BY_WORD["teal"], BY_WORD["black"]
GREY, RED = (205, 207, 210), (190, 40, 50)


def never(_pixels):
    raise AssertionError("searched")


@pytest.fixture(scope="module")
def mug():
    """A white mug, the hole of its handle, and a soft shadow, on transparent pixels."""
    shape = Image.new("L", (960, 960))
    pen = ImageDraw.Draw(shape)
    pen.ellipse((520, 360, 780, 620), outline=255, width=56)
    pen.rounded_rectangle((240, 280, 600, 700), radius=50, fill=255)
    alpha = np.asarray(shape.resize((240, 240), Image.Resampling.BOX), np.float32) / 255
    down, across = np.mgrid[0:240, 0:240].astype(np.float32)
    shadow = 0.5 * np.exp(-(((across - 105) / 60) ** 2) - ((down - 178) / 9) ** 2)
    whole = alpha + (1 - alpha) * shadow
    rgb = np.broadcast_to((np.float32(250) * alpha / np.maximum(whole, 1e-6))[..., None], (240, 240, 3))
    return Canvas(rgb=np.rint(rgb).astype(np.uint8), alpha=np.rint(whole * 255).astype(np.uint8))


@pytest.fixture(scope="module")
def photo():
    """A red disc on grey paper, darker towards the corners, with noise of one level."""
    down, across = np.mgrid[0:240, 0:320].astype(np.float32)
    paper = 1 - 0.05 * (((across - 160) / 160) ** 2 + ((down - 120) / 120) ** 2)
    shape = Image.new("L", (1280, 960))
    ImageDraw.Draw(shape).ellipse((480, 280, 800, 600), fill=255)
    cover = np.asarray(shape.resize((320, 240), Image.Resampling.BOX), np.float32)[..., None] / 255
    rgb = np.array(RED) * cover + np.array(GREY) * paper[..., None] * (1 - cover)
    rgb += np.random.default_rng(2).normal(0, 1, rgb.shape)
    return Canvas(rgb=np.clip(rgb, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def cut(photo):
    """The cut-out of the photo, searched for once."""
    cutout = find_product(photo.rgb)
    return lambda _pixels: cutout


def code(edit, *arguments):
    with pytest.raises(Rejected) as error:
        edit(*arguments)
    return error.value.code


def test_alpha_is_the_mask_and_nothing_is_searched(mug):
    after = background.replace(mug, TEAL, never)
    cover = mug.alpha[..., None] / 255
    assert abs(after.rgb - (mug.rgb * cover + np.array(TEAL.rgb) * (1 - cover))).max() <= 0.51
    assert after.alpha is None
    assert (after.rgb[120, 163] == TEAL.rgb).all()  # the hole of the handle
    assert (after.rgb[120, 100] == 250).all()


def test_half_transparent_glass_stays_half_transparent():
    alpha = np.zeros((100, 100), np.uint8)
    alpha[20:80, 30:70] = 96
    after = background.replace(Canvas(rgb=np.full((100, 100, 3), 220, np.uint8), alpha=alpha), TEAL, never)
    assert abs(after.rgb[50, 50] - (np.array(TEAL.rgb) + 96 / 255 * (220 - np.array(TEAL.rgb)))).max() < 1


def test_transparent_background_stays_as_it_is_and_says_so(mug):
    after = background.replace(mug, None, never)
    assert after.rgb is mug.rgb
    assert after.alpha is mug.alpha
    assert after.notes == ("background was transparent already",)


def test_empty_half_transparent_and_rounded_images_show_no_product(photo):
    for alpha in (0, 128):
        canvas = replace(photo, alpha=np.full(photo.rgb.shape[:2], alpha, np.uint8))
        assert code(background.replace, canvas, WHITE, find_product) == "product_not_found"
    rounded = Image.new("L", (320, 240))
    ImageDraw.Draw(rounded).rounded_rectangle((0, 0, 319, 239), radius=50, fill=255)
    canvas = replace(photo, alpha=np.asarray(rounded))
    assert code(background.replace, canvas, WHITE, find_product) == "product_not_found"


def test_photo_with_a_damaged_alpha_is_searched_and_becomes_opaque(photo):
    alpha = np.full((240, 320), 255, np.uint8)
    alpha[0, :], alpha[100:140, 100:140] = 0, 254
    after = background.replace(replace(photo, alpha=alpha), WHITE, find_product)
    assert after.alpha is None
    assert (after.rgb[:50] == 255).all()


@pytest.mark.parametrize("colour", [WHITE, TEAL, BLACK])
def test_new_colour_is_exact_away_from_the_product(photo, cut, colour):
    after = background.replace(photo, colour, cut)
    far = cv2.dilate((after.product > 0).astype(np.uint8), np.ones((25, 25))) == 0
    assert (after.rgb[far] == colour.rgb).all()


def test_transparent_background_has_clean_edges_and_nothing_below_alpha_0(photo, cut):
    after = background.replace(photo, None, cut)
    assert np.array_equal(after.alpha, after.product)
    assert (after.rgb[after.alpha == 0] == 0).all()
    edge = (after.alpha > 60) & (after.alpha < 255)
    assert edge.any()
    assert (
        abs(after.rgb[edge] - np.array(RED, float)).mean()
        < abs(photo.rgb[edge] - np.array(RED, float)).mean() / 2
    )


def test_second_background_is_made_without_a_second_search(photo, cut):
    once = background.replace(photo, TEAL, cut)
    for first in (WHITE, None):
        twice = background.replace(background.replace(photo, first, cut), TEAL, never)
        assert abs(twice.rgb.astype(int) - once.rgb).mean() < 0.2
        assert abs(twice.rgb.astype(int) - once.rgb).max() < 40


def test_doubt_of_the_cut_out_is_noted(photo, cut):
    after = background.replace(photo, WHITE, lambda pixels: replace(cut(pixels), note="look at it"))
    assert after.notes == ("look at it",)


def test_shadow_darkens_the_backdrop_below_and_never_the_product(photo, cut):
    before = background.replace(photo, WHITE, cut)
    after = background.add_shadow(before, 1.0, never)
    inside = before.product == 255
    assert np.array_equal(after.rgb[inside], before.rgb[inside])
    assert after.rgb[153, 160].mean() < 215
    assert after.rgb[153, 160].mean() < after.rgb[66, 160].mean()
    assert (after.rgb[:20] == 255).all()
    weak = background.add_shadow(before, 0.4, never)
    assert after.rgb[153, 160].mean() < weak.rgb[153, 160].mean() < 255


def test_shadow_on_transparent_pixels_is_black_with_alpha(photo, cut):
    before = background.replace(photo, None, cut)
    after = background.add_shadow(before, 1.0, never)
    assert 40 < after.alpha[153, 160] < 200
    assert after.rgb[153, 160].max() < 8
    on_white = background.replace(after, WHITE, never).rgb.astype(int)
    other = background.add_shadow(background.replace(photo, WHITE, cut), 1.0, never).rgb
    assert abs(on_white - other).mean() < 0.3


def test_product_with_a_shadow_gets_no_second_one(mug):
    after = background.add_shadow(mug, 1.0, never)
    assert after.rgb is mug.rgb
    assert after.notes == ("the product has a soft shadow already, no other was added",)
    kept = background.add_shadow(background.replace(mug, WHITE, never), 1.0, never)
    assert kept.notes == after.notes


def test_product_that_fills_the_image_leaves_no_room_for_a_shadow():
    alpha = np.zeros((200, 100), np.uint8)
    alpha[2:-2, 2:-2] = 255
    canvas = Canvas(rgb=np.full((200, 100, 3), 90, np.uint8), alpha=alpha)
    assert code(background.add_shadow, canvas, 1.0, never) == "no_room_for_shadow"


def test_product_over_the_lower_border_casts_its_shadow_beside_it():
    alpha = np.zeros((200, 200), np.uint8)
    alpha[60:, 60:140] = 255
    after = background.add_shadow(Canvas(rgb=np.full((200, 200, 3), 90, np.uint8), alpha=alpha), 1.0, never)
    assert after.alpha[199, 141] > 20
    assert abs(int(after.alpha[199, 141]) - int(after.alpha[150, 141])) < 6
    assert (after.alpha[:, 0] == 0).all()
