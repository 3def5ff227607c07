import cv2
import numpy as np
import pytest

from qie_batch.gates import unchanged
from qie_batch.model import Verdict
from tests.support.seen import evidence, scene

BEFORE = scene()


def look(after, instruction="make the product red", before=BEFORE):
    return unchanged.check(evidence(before, after, instruction), unchanged.LIMIT)


def test_the_same_pixels_fail():
    finding = look(BEFORE)
    assert finding.verdict is Verdict.FAILED
    assert finding.figure == 0
    assert finding.sentence


def test_the_input_painted_anew_fails():
    softer = cv2.GaussianBlur(BEFORE, (0, 0), 0.7).astype(np.int16) + np.array([2, -1, 1])
    moved = np.roll(np.clip(softer, 0, 255).astype(np.uint8), 1, axis=1)
    assert look(moved).verdict is Verdict.FAILED


def test_a_line_of_letters_is_a_change():
    after = BEFORE.copy()
    cv2.putText(after, "NEW", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)
    assert look(after, "add the text “NEW”").verdict is Verdict.PASSED


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_more_or_less_light_is_a_change(factor):
    after = np.clip(BEFORE * factor, 0, 255).astype(np.uint8)
    assert look(after, "a little more light").verdict is Verdict.PASSED


def test_sharpening_is_a_change():
    blurred = cv2.GaussianBlur(BEFORE, (0, 0), 1.5)
    after = np.clip(blurred * 2.2 - cv2.GaussianBlur(blurred, (0, 0), 2) * 1.2, 0, 255).astype(np.uint8)
    assert look(after, "sharpen it", blurred).verdict is Verdict.PASSED


def test_a_zoom_that_is_asked_for_is_a_change():
    closer = cv2.resize(BEFORE, None, fx=1.1, fy=1.1)[19:403, 19:403].copy()
    assert look(closer, "zoom in by 10 %").verdict is Verdict.PASSED


def test_another_transparency_is_a_change():
    alpha = np.full(BEFORE.shape[:2], 255, np.uint8)
    alpha[:100] = 0
    white = scene((255, 255, 255), noise=0)
    assert look(np.dstack([white, alpha]), "remove the background", white) is None


def test_another_size_is_what_a_resize_asks_for():
    assert look(BEFORE[::2, ::2].copy(), "resize to 192 px wide") is None


def test_a_background_that_was_as_asked_is_no_fault():
    white = scene((255, 255, 255), noise=0)
    assert look(white, "make the background white", white) is None
