import numpy as np
import pytest

from qie_batch.gates import background
from qie_batch.model import Verdict
from tests.support.seen import evidence, scene

WHITE = (255, 255, 255)
#: The product beyond the lower border.
LOW = (120, 250, 270, 450)


def look(after, instruction="make the background white", before=None, **checks):
    before = scene() if before is None else before
    return background.check(evidence(before, after, instruction, **checks), background.LIMIT)


def on_white(**options):
    return scene(WHITE, noise=0, **options)


def test_a_whole_product_on_white_passes():
    finding = look(on_white())
    assert finding.verdict is Verdict.PASSED
    assert finding.figure == 0


@pytest.mark.parametrize("instruction", ["make the background white", "白底图", "纯白背景"])
def test_a_grey_background_fails(instruction):
    finding = look(scene((236, 236, 234)), instruction)
    assert finding.verdict is Verdict.FAILED
    assert "of the outer background is not white" in finding.sentence
    assert "the instruction" in finding.sentence


def test_a_background_that_is_grey_towards_the_floor_fails():
    after = on_white().astype(np.float32)
    after[250:] = np.minimum(after[250:], np.linspace(255, 205, len(after) - 250)[:, None, None])
    assert look(after.astype(np.uint8)).verdict is Verdict.FAILED


def test_a_soft_shadow_below_the_product_passes():
    after = on_white()
    after[292:305, 130:260] = 215
    assert look(after).verdict is Verdict.PASSED


def test_a_product_that_the_edit_cuts_fails():
    finding = look(on_white(body=LOW))
    assert finding.verdict is Verdict.FAILED
    assert "cut at the lower border" in finding.sentence


def test_a_product_that_the_input_cuts_passes_for_an_instruction_and_fails_for_a_channel():
    before, after = scene(body=LOW), on_white(body=LOW)
    assert look(after, before=before).verdict is Verdict.PASSED
    finding = look(after, before=before, channel="amazon")
    assert finding.verdict is Verdict.FAILED
    assert "channel amazon" in finding.sentence


def test_a_product_that_is_too_small_for_the_channel_fails():
    after = on_white(body=(170, 170, 220, 240))
    assert look(after).verdict is Verdict.PASSED
    finding = look(after, channel="amazon")
    assert finding.verdict is Verdict.FAILED
    assert "covers" in finding.sentence


@pytest.mark.parametrize(
    "instruction",
    ["make the background light blue", "replace the white background with a beach", "make it red"],
)
def test_no_other_instruction_demands_white(instruction):
    assert look(scene((120, 150, 200)), instruction) is None


def test_a_channel_without_that_rule_demands_nothing():
    assert look(scene(), "make it red", channel="web") is None


def test_an_unknown_channel_is_not_checked_and_says_so():
    finding = look(on_white(), channel="nowhere")
    assert finding.verdict is Verdict.UNCHECKED
    assert "nowhere" in finding.sentence


def test_a_transparent_background_is_on_white():
    alpha = np.zeros(scene().shape[:2], np.uint8)
    alpha[90:290, 120:270] = 255
    assert look(np.dstack([scene(), alpha]), channel="amazon").verdict is Verdict.PASSED
