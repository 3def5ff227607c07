import numpy as np
import pytest

from qie_batch.gates import colour
from qie_batch.model import Verdict
from tests.support.seen import BODY, evidence, scene

RED, NAVY, GREEN = (190, 40, 45), (32, 50, 90), (50, 140, 80)


def look(after, instruction="", **checks):
    return colour.check(evidence(scene(), after, instruction, **checks), colour.LIMIT)


@pytest.mark.parametrize(
    ("instruction", "rgb"),
    [("change the mug to red", RED), ("把杯子改成藏青色", NAVY), ("make it blue", NAVY)],
)
def test_the_colour_of_the_instruction_passes(instruction, rgb):
    assert look(scene(product=rgb), instruction).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("instruction", "rgb"),
    [("change the mug to red", GREEN), ("把杯子改成藏青色", RED), ("make it blue", GREEN)],
)
def test_another_colour_fails_and_is_named(instruction, rgb):
    finding = look(scene(product=rgb), instruction)
    assert finding.verdict is Verdict.FAILED
    assert finding.figure > finding.limit
    assert "the edited region is not" in finding.sentence


def test_light_and_shade_on_the_product_are_no_other_colour():
    after = scene(product=RED).astype(np.float32)
    left, _top, right, _bottom = BODY
    after[:, left:right] *= np.linspace(1.2, 0.6, right - left)[None, :, None]
    assert look(np.clip(after, 0, 255).astype(np.uint8), "make it red").verdict is Verdict.PASSED


def test_the_background_is_held_to_its_own_colour():
    assert look(scene(RED), "make the background red").verdict is Verdict.PASSED
    finding = look(scene(GREEN), "make the background red")
    assert finding.verdict is Verdict.FAILED
    assert "background is not red" in finding.sentence


def test_a_new_background_hides_no_colour_of_the_product():
    asked = "change the mug to red and make the background green"
    assert look(scene(GREEN, product=RED), asked).verdict is Verdict.PASSED
    finding = look(scene(GREEN, product=NAVY), asked)
    assert "edited region is not red" in finding.sentence


def test_expect_color_takes_the_place_of_the_instruction():
    assert look(scene(product=GREEN), "make it red", expect_color="green").verdict is Verdict.PASSED
    assert look(scene(product=RED), "make it new", expect_color="#328c50").verdict is Verdict.FAILED


def test_expect_color_of_an_unchanged_image_is_looked_for_everywhere():
    assert look(scene(), "recolour", expect_color="#3c5ab4").verdict is Verdict.PASSED
    assert look(scene(), "recolour", expect_color="red").verdict is Verdict.FAILED


def test_what_is_no_colour_is_not_checked_and_says_so():
    finding = look(scene(), expect_color="reddish")
    assert finding.verdict is Verdict.UNCHECKED
    assert "'reddish'" in finding.sentence


@pytest.mark.parametrize("instruction", ["put the red mug on a table", "make it brighter", ""])
def test_an_instruction_without_a_target_colour_is_not_looked_at(instruction):
    assert look(scene(product=GREEN), instruction) is None


def test_transparent_pixels_have_no_colour():
    after = np.dstack([scene(RED), np.zeros(scene().shape[:2], np.uint8)])
    assert look(after, "make the background red") is None
