import numpy as np
import pytest

from qie_batch.vision.arrays import shrunk
from qie_batch.vision.registration import SIDE, corrected, register
from tests.support.moved import layers, moved, on

GREY, BLUE = (225, 225, 225), (40, 60, 160)


def registered(before, after):
    return register(shrunk(before, SIDE), shrunk(after, SIDE), before.shape[1::-1])


@pytest.mark.parametrize(
    "motion",
    [
        {"zoom": 1.01},
        {"zoom": 0.97},
        {"shift": (2.5, -1.5)},
        {"degrees": 0.5},
        {"degrees": -2.0, "shift": (6, 3)},
    ],
)
def test_a_motion_is_found_beside_another_backdrop_and_can_be_taken_back(motion):
    colours, cover = layers(480)
    before = on(GREY, colours, cover)
    after = on(BLUE, moved(colours, **motion), moved(cover, **motion))
    found = registered(before, after)
    assert found.zoom == pytest.approx(motion.get("zoom", 1), abs=0.001)
    assert found.degrees == pytest.approx(motion.get("degrees", 0), abs=0.06)
    assert found.shift == pytest.approx(motion.get("shift", (0, 0)), abs=0.25)
    again = registered(before, corrected(after, found))
    assert again.moved < 0.3


def test_a_product_in_another_colour_and_light_did_not_move():
    colours, cover = layers()
    other = np.clip((255 - colours[..., ::-1]) * 0.8, 0, 255).astype(np.uint8)
    assert registered(on(GREY, colours, cover), on(GREY, other, cover)).moved < 0.3


def test_images_that_have_nothing_in_common_have_no_motion():
    colours, cover = layers()
    plain = np.full_like(colours, 128)
    assert registered(on(GREY, colours, cover), plain) is None
