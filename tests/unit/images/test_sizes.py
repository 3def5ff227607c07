"""An image of any size is fitted into a bucket, and the result has the image's size again."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat

from qie_batch.errors import Rejected
from qie_batch.images import fit

BUCKETS = (
    (1024, 1024), (1184, 896), (896, 1184), (1248, 832), (832, 1248),
    (1152, 928), (928, 1152), (1376, 768), (768, 1376), (1440, 736),
)  # fmt: skip
SMALL = tuple((width // 8, height // 8) for width, height in BUCKETS)


def scene(size):
    """Smooth, with a few straight edges: what a product on a plain ground looks like."""
    width, height = size
    image = Image.merge(
        "RGB", (Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size),
                Image.linear_gradient("L").rotate(90).resize(size))
    )  # fmt: skip
    box = (width // 4, height // 4, width // 2, height // 2)
    ImageDraw.Draw(image).rectangle(box, fill=(200, 60, 40))
    return image


def psnr(one, other):
    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / (3 * one.width * one.height)
    return 99 if mean == 0 else 10 * math.log10(255**2 / mean)


def test_image_of_a_buckets_size_is_left_alone():
    image = scene((1184, 896))
    fitted = fit(image, BUCKETS)
    assert fitted.image is image
    assert fitted.restore(image).tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("size", "bucket"),
    [((800, 800), (1024, 1024)), ((640, 480), (1184, 896)), ((480, 640), (896, 1184)),
     ((3000, 2000), (1248, 832)), ((1920, 1080), (1376, 768)), ((1080, 1920), (768, 1376)),
     ((1250, 1000), (1152, 928)), ((4000, 400), (1440, 736))],
)  # fmt: skip
def test_bucket_of_the_nearest_ratio_is_chosen(size, bucket):
    assert fit(scene(size), BUCKETS).image.size == bucket


@pytest.mark.parametrize(
    ("size", "least"),
    [((1000, 1000), 38), ((640, 480), 38), ((901, 677), 38), ((333, 517), 38), ((97, 89), 40),
     ((1999, 1501), 34), ((1600, 120), 34)],
)  # fmt: skip
def test_round_trip_is_visually_equal(size, least):
    image = scene(size)
    fitted = fit(image, BUCKETS)
    restored = fitted.restore(fitted.image)
    assert restored.size == size
    assert psnr(image, restored) > least


def test_image_is_scaled_and_not_stretched():
    fitted = fit(Image.new("RGB", (1000, 600)), BUCKETS)
    left, top, right, bottom = fitted.frame
    assert (right - left) / (bottom - top) == pytest.approx(1000 / 600, rel=2e-3)


def test_padding_that_is_cut_off_repeats_the_edge():
    image = Image.new("RGB", (900, 300), "white")
    image.paste("red", (0, 290, 900, 300))
    fitted = fit(image, BUCKETS)
    assert fitted.image.getpixel((700, 5)) == (255, 255, 255)
    assert fitted.image.getpixel((700, 730)) == (255, 0, 0)


@settings(max_examples=150, deadline=None)
@given(width=st.integers(16, 300), height=st.integers(16, 300))
def test_any_size_comes_back_exactly(width, height):
    fitted = fit(Image.new("RGB", (width, height)), SMALL)
    assert fitted.image.size in SMALL
    assert fitted.restore(fitted.image).size == (width, height)


@settings(max_examples=150, deadline=None)
@given(
    own=st.tuples(st.integers(16, 200), st.integers(16, 200)),
    size=st.tuples(st.integers(16, 200), st.integers(16, 200)),
    buckets=st.sampled_from([SMALL, ()]),
)
def test_any_size_asked_for_is_met_exactly(own, size, buckets):
    fitted = fit(Image.new("RGB", own), buckets, size)
    assert fitted.image.size in (buckets or (own,))
    assert fitted.restore(fitted.image).size == size


def test_without_buckets_the_image_is_unchanged():
    image = scene((333, 77))
    fitted = fit(image, ())
    assert fitted.image is image
    assert fitted.restore(image).tobytes() == image.tobytes()


@pytest.mark.parametrize("buckets", [BUCKETS, ()])
def test_size_of_another_ratio_shows_the_whole_image_between_bands(buckets):
    image = Image.new("RGB", (300, 600), "white")
    image.paste("red", (100, 0, 200, 600))
    fitted = fit(image, buckets, (800, 800))
    result = fitted.restore(fitted.image)
    row = [result.getpixel((x, 400)) for x in (10, 190, 400, 610, 790)]
    assert [min(pixel) > 250 for pixel in row] == [True, True, False, True, True]
    assert result.getpixel((400, 3)) == (255, 0, 0)


@pytest.mark.parametrize("buckets", [BUCKETS, ()])
def test_bands_beside_a_transparent_border_are_transparent(buckets):
    image = Image.new("RGBA", (300, 600), (90, 90, 90, 0))
    image.paste((200, 0, 0, 255), (100, 100, 200, 500))
    fitted = fit(image, buckets, (800, 800))
    result = fitted.restore(fitted.image)
    assert [result.getpixel((x, 400))[3] for x in (10, 190, 400, 610, 790)] == [0, 0, 255, 0, 0]


def test_bands_continue_the_background_that_the_edit_gave():
    fitted = fit(Image.new("RGB", (300, 600), "grey"), (), (800, 800))
    assert fitted.restore(Image.new("RGB", (300, 600), "teal")).getpixel((5, 5)) == (0, 128, 128)


def test_bands_have_the_median_colour_of_the_border():
    image = Image.new("RGB", (300, 600), (250, 251, 252))
    image.paste("black", (100, 0, 200, 600))
    result = fit(image, (), (600, 600)).restore(image)
    assert result.getpixel((10, 300)) == (250, 251, 252)


def test_ratio_that_differs_by_rounding_alone_leaves_no_band():
    image = Image.new("RGB", (100, 67), "red")
    result = fit(image, (), (3000, 2000)).restore(image)
    assert result.getextrema() == ((255, 255), (0, 0), (0, 0))


def test_tiny_images_are_refused():
    for size in ((1, 1), (15, 100), (100, 15)):
        with pytest.raises(Rejected) as caught:
            fit(Image.new("RGB", size), BUCKETS)
        assert caught.value.code == "image_too_small"


def test_strip_is_left_alone_where_any_size_is_painted():
    strip = Image.new("RGB", (20 * 16 + 1, 16))
    assert fit(strip, ()).image is strip


def test_engine_that_paints_another_size_is_a_bug():
    with pytest.raises(ValueError, match="painted"):
        fit(scene((100, 100)), BUCKETS).restore(scene((100, 100)))
