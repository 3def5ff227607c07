import numpy as np
import pytest

from qie_batch.engines.classic.canvas import Canvas
from qie_batch.engines.classic.edits import Place, WriteText
from qie_batch.engines.classic.lettering import drawing
from qie_batch.errors import Rejected

SIDES = {Place.LEFT: -1, Place.RIGHT: 1}


def blank(width=400, height=300, level=235, alpha=None):
    rgb = np.full((height, width, 3), level, np.uint8)
    return Canvas(rgb=rgb, alpha=None if alpha is None else np.full((height, width), alpha, np.uint8))


def written(canvas, place, text="Sale"):
    return drawing.write(canvas, WriteText(text=text, place=place))


def inked(before, after):
    """Left, top, right and bottom of what changed."""
    down, across = np.nonzero((before.rgb != after.rgb).any(axis=-1))
    return across.min(), down.min(), across.max() + 1, down.max() + 1


@pytest.mark.parametrize("place", Place)
def test_a_text_stands_at_its_place(place):
    canvas = blank()
    left, top, right, bottom = inked(canvas, written(canvas, place))
    across, down = (left + right) / 2 / 400, (top + bottom) / 2 / 300
    words = place.value.split()
    assert (across < 0.4) == ("left" in words)
    assert (across > 0.6) == ("right" in words)
    assert (down < 0.4) == ("top" in words)
    assert (down > 0.6) == ("bottom" in words)
    assert min(left, 400 - right) >= 15
    assert min(top, 300 - bottom) >= 15


@pytest.mark.parametrize("place", [place for place in Place if " " in place.value or place in SIDES])
def test_lines_at_a_side_are_aligned_to_it(place):
    canvas = blank()
    after = written(canvas, place, "An offer for the longest summer of all")
    ink = (after.rgb < 128).any(axis=-1)
    columns = ink.any(axis=0).nonzero()[0]
    edge = columns[0] if "left" in place.value else columns[-1]
    near = ink[:, edge - 4 : edge + 5].any(axis=1)
    rows = ink.any(axis=1)
    lines = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(int)))
    starts, ends = lines[::2], lines[1::2]
    assert len(starts) >= 2
    assert all(near[start:end].any() for start, end in zip(starts, ends, strict=True) if end - start > 6)


def test_a_text_at_a_side_leaves_the_other_half_free():
    canvas = blank()
    _left, _top, right, _bottom = inked(canvas, written(canvas, Place.TOP_LEFT, "New season arrivals"))
    assert right < 220


def test_a_long_text_at_a_side_takes_the_whole_width_before_it_becomes_too_small():
    canvas = blank(200, 300)
    words = "the quick brown fox jumps over it"
    left, _top, right, _bottom = inked(canvas, written(canvas, Place.RIGHT, words * 3))
    assert right - left > 100
    with pytest.raises(Rejected) as error:
        written(blank(60, 40), Place.TOP_RIGHT, words)
    assert error.value.code == "text_does_not_fit"


def test_text_is_opaque_on_transparent_pixels_and_nothing_else_is():
    canvas = blank(level=0, alpha=0)
    after = written(canvas, Place.CENTRE)
    assert after.alpha.max() == 255
    assert after.alpha[:100].max() == after.alpha[200:].max() == 0
    assert (after.rgb[after.alpha > 0] == (24, 25, 28)).all()


def test_ink_is_chosen_by_what_is_seen_on_white():
    hidden_black = written(blank(level=0, alpha=0), Place.TOP)
    assert hidden_black.rgb[hidden_black.alpha == 255].max() < 40
    black = written(blank(level=0, alpha=255), Place.TOP)
    assert black.rgb.max() == 255
    assert (black.alpha == 255).all()


def test_a_partly_transparent_image_keeps_its_alpha_beside_the_text():
    after = written(blank(alpha=90), Place.BOTTOM_RIGHT)
    assert (after.alpha[:200] == 90).all()
    assert after.alpha.max() == 255


def test_the_input_does_not_change():
    canvas = blank(alpha=0)
    rgb, alpha = canvas.rgb.copy(), canvas.alpha.copy()
    written(canvas, Place.LEFT)
    assert (canvas.rgb == rgb).all()
    assert (canvas.alpha == alpha).all()


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("size", [(40, 600), (600, 130), (150, 150)])
def test_a_text_with_a_plate_stays_inside_narrow_images(place, size):
    busy = Canvas(rgb=np.random.default_rng(2).integers(0, 256, (size[1], size[0], 3), np.uint8))
    assert written(busy, place, "Sa").size == size
