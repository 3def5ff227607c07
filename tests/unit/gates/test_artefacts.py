import cv2
import numpy as np
import pytest

from qie_batch.gates import artefacts
from qie_batch.model import Verdict
from tests.support.seen import SIDE, evidence, scene

BEFORE = scene()
#: A legitimate edit: the product in another colour.
EDITED = scene(product=(170, 60, 70))


def look(after, instruction="make the product red", before=BEFORE):
    return artefacts.check(evidence(before, after, instruction), artefacts.LIMIT)


def levels(pixels):
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def grid(after):
    tile = np.random.default_rng(2).normal(0, 3, (16, 16))
    return levels(after + np.tile(tile, (SIDE // 16, SIDE // 16))[..., None])


def seam(after):
    out = after.astype(float)
    out[:, 150:] -= 6
    return levels(out)


def noise(after):
    return levels(after + np.random.default_rng(3).normal(0, 14, after.shape))


def black_block(after):
    out = after.copy()
    out[40:120, 30:140] = 0
    return out


FAULTS = {
    "blank": lambda after: np.full_like(after, 128),
    "plain black": black_block,
    "regular grid": grid,
    "seam of": seam,
    "noise of": noise,
    "became plain white": lambda after: levels((after - 20.0) * 2.4),
    "became plain black": lambda after: levels((after - 175.0) * 3),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_fault_is_found_and_named(words):
    finding = look(FAULTS[words](EDITED))
    assert finding.verdict is Verdict.FAILED
    if words != "became plain black":
        assert words in finding.sentence


def test_a_legitimate_edit_passes():
    finding = look(EDITED)
    assert finding.verdict is Verdict.PASSED
    assert finding.figure < 0.6
    assert not finding.sentence


@pytest.mark.parametrize(
    ("instruction", "after"),
    [
        ("make the background black", scene((0, 0, 0), noise=0)),
        ("make the background white", scene((255, 255, 255), noise=0)),
        ("add film grain", noise(BEFORE)),
        ("make the background a grid pattern", grid(BEFORE)),
        (
            "make it black and white",
            np.repeat(cv2.cvtColor(BEFORE, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2),
        ),
        ("make it brighter", levels(BEFORE * 1.2)),
        ("crop to a square", BEFORE[40:, 20:].copy()),
    ],
)
def test_what_the_instruction_asks_for_is_no_fault(instruction, after):
    assert look(after, instruction).verdict is Verdict.PASSED


@pytest.mark.parametrize("fault", [grid, seam, noise])
def test_what_the_input_has_already_is_no_fault(fault):
    assert look(fault(EDITED), before=fault(BEFORE)).verdict is Verdict.PASSED


def test_a_transparent_background_is_not_blank():
    alpha = np.zeros(BEFORE.shape[:2], np.uint8)
    alpha[90:290, 120:270] = 255
    white = scene(product=(255, 255, 255), noise=0)
    assert look(np.dstack([white, alpha]), "remove the background").verdict is Verdict.PASSED


def test_an_image_smaller_than_a_window_is_looked_at():
    small = cv2.resize(BEFORE, (40, 40), interpolation=cv2.INTER_AREA)
    assert look(small, before=small).verdict is Verdict.PASSED
    assert look(np.zeros_like(small), before=small).verdict is Verdict.FAILED


def test_the_weave_of_a_product_is_no_grid_when_its_backdrop_becomes_plain():
    before = scene(noise=2.0).astype(float)
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    weave = 12 * (np.sin(across * np.pi / 4) * np.sin(down * np.pi / 4))[..., None]
    inside = np.zeros((SIDE, SIDE, 1), bool)
    inside[95:285, 125:265] = True
    after = np.where(inside, before + weave, (225, 215, 205))
    assert look(levels(after), "put it on beige", levels(before + weave * inside)).verdict is Verdict.PASSED


def test_a_straight_edge_of_the_input_is_no_seam_in_another_light():
    before = scene().astype(float)
    before[300:] -= 9
    after = np.clip((before - 90) * 1.8, 0, 255)
    assert look(levels(after), "give it a moody light", levels(before)).verdict is Verdict.PASSED


def test_black_that_was_there_and_moved_is_no_fault():
    before = scene()
    before[100:200, :80] = 0
    assert look(before[:, ::-1].copy(), "flip horizontally", before).verdict is Verdict.PASSED
