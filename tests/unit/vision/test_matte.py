import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qie_batch.vision.compositing import lay_on, separated
from qie_batch.vision.cutout import Cutout
from qie_batch.vision.matte import refined

BLUE, DARK = (70, 120, 190), (44, 36, 60)


def scene(height, width, shrink, seed=1):
    rng = np.random.default_rng(seed)
    pixels = cv2.resize(rng.integers(0, 255, (height // 4 + 1, width // 4 + 1, 3), np.uint8), (width, height))
    low = max(2, int(height / shrink)), max(2, int(width / shrink))
    mask = (cv2.GaussianBlur(rng.random(low).astype(np.float32), (0, 0), 4) > 0.5).astype(np.float32)
    backdrop = np.broadcast_to(np.array(BLUE, np.float32), (*low, 3))
    shade = np.clip(cv2.GaussianBlur(rng.random(low).astype(np.float32) + 0.5, (0, 0), 2), 0, 1)
    return pixels, Cutout(mask=mask, backdrop=backdrop, shade=shade)


@settings(max_examples=12, deadline=None)
@given(
    height=st.integers(8, 150), width=st.integers(8, 150), shrink=st.floats(0.8, 5), band=st.integers(1, 60)
)
def test_bands_give_the_very_pixels_of_the_whole(height, width, shrink, band):
    pixels, cutout = scene(height, width, shrink)
    alpha = refined(pixels, cutout.mask, band=height)
    assert np.array_equal(refined(pixels, cutout.mask, band=band), alpha)
    whole, parts = (separated(pixels, alpha, cutout, band=rows) for rows in (height, band))
    assert np.array_equal(whole[0], parts[0])
    assert np.array_equal(whole[1], parts[1])


def disc(side, shrink):
    """A dark disc on blue as a JPEG with halved chroma shows it, its cover, and its small mask."""
    large = np.zeros((side * 4, side * 4), np.uint8)
    cv2.circle(large, (side * 2, side * 2), side, 255, -1)
    cover = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    rgb = np.rint(np.array(DARK) * cover + np.array(BLUE) * (1 - cover)).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    pixels = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1].copy()
    small = cv2.resize(cover, (round(side / shrink),) * 2, interpolation=cv2.INTER_AREA)
    mask = (small > 0.5).astype(np.float32)
    flat = np.broadcast_to(np.array(BLUE, np.float32), (*mask.shape, 3))
    return pixels, cover[..., 0], Cutout(mask=mask, backdrop=flat, shade=np.ones_like(mask))


@pytest.mark.parametrize("shrink", [1, 2.2, 4])
def test_edge_of_the_mask_lies_on_the_edge_of_the_image(shrink):
    pixels, cover, cutout = disc(240, shrink)
    alpha = refined(pixels, cutout.mask)
    assert abs(alpha / 255 - cover).sum() < 0.35 * np.pi * 120
    assert (alpha[cv2.erode(cover, np.ones((13, 13))) == 1] == 255).all()
    assert (alpha[cv2.dilate(cover, np.ones((13, 13))) == 0] == 0).all()


def test_product_from_a_blue_backdrop_has_no_blue_fringe():
    pixels, cover, cutout = disc(240, 1)
    product, alpha = separated(pixels, refined(pixels, cutout.mask), cutout)
    fringe = (cover > 0.5) & (cv2.erode(cover, np.ones((7, 7))) < 1) & (alpha > 128)
    blueness = (product[..., 2].astype(int) - product[..., 0])[fringe] - (DARK[2] - DARK[0])
    before = (pixels[..., 2].astype(int) - pixels[..., 0])[fringe] - (DARK[2] - DARK[0])
    assert before.mean() > 12
    assert abs(blueness).mean() < before.mean() / 3
    assert (product[alpha == 0] == 0).all()


def test_inside_of_the_product_keeps_every_pixel():
    pixels, cover, cutout = disc(240, 2.2)
    inside = cv2.erode(cover, np.ones((17, 17))) == 1
    product, _alpha = separated(pixels, refined(pixels, cutout.mask), cutout)
    assert np.array_equal(product[inside], pixels[inside])


def test_new_colour_is_exact_where_no_shadow_lies():
    pixels, cutout = scene(120, 160, 3)
    alpha = refined(pixels, cutout.mask)
    lay_on(pixels, alpha, (255, 255, 255), np.ones((4, 5), np.float32))
    assert (pixels[alpha == 0] == 255).all()
