import cv2
import numpy as np
import pytest

from qie_batch.gates import outside
from qie_batch.model import Verdict
from tests.support.moved import evidence, layers, on

GREY, BLUE = (225, 225, 225), (40, 60, 160)
COLOURS, COVER = layers()
BEFORE = on(GREY, COLOURS, COVER)


def judged(after, instruction, keep=None, before=BEFORE):
    found = outside.check(evidence(before, after, instruction, keep), outside.LIMIT)
    return found and (found.verdict, found.sentence)


PASSED = (Verdict.PASSED, "")


@pytest.mark.parametrize(
    ("instruction", "right", "wrong", "what"),
    [
        ("make the background blue", on(BLUE, COLOURS, COVER), on(BLUE, 255 - COLOURS, COVER), "the product"),
        (
            "change the can to red",
            on(GREY, COLOURS[..., ::-1], COVER),
            on((190, 230, 180), COLOURS, COVER),
            "the background",
        ),
    ],
)
def test_what_was_not_to_change_is_measured(instruction, right, wrong, what):
    assert judged(right, instruction) == PASSED
    verdict, sentence = judged(wrong, instruction)
    assert verdict is Verdict.FAILED
    assert sentence.endswith(f"of {what} changed, which was to stay")


def test_a_text_may_change_its_own_place_and_nothing_else():
    lettered = BEFORE.copy()
    cv2.putText(lettered, "SALE", (20, 40), 0, 1.2, (200, 20, 20), 3)
    assert judged(lettered, "add the text “SALE”") == PASSED
    tinted = (lettered * np.array([0.6, 0.9, 1.0])).astype(np.uint8)
    assert judged(tinted, "add the text “SALE”")[0] is Verdict.FAILED


def test_the_kept_part_is_measured_whatever_the_instruction_allows():
    keep = np.zeros(COVER.shape, bool)
    keep[60:200, 60:200] = True
    other = 255 - BEFORE
    assert judged(np.where(keep[..., None], BEFORE, other), "hmm", keep) == PASSED
    verdict, sentence = judged(other, "hmm", keep)
    assert (verdict, "the kept part" in sentence) == (Verdict.FAILED, True)


def test_where_everything_may_change_nothing_is_measured():
    for words in ("hmm", "autumn mood", "crop to a square", "make the can red and the background blue"):
        assert judged(255 - BEFORE, words) is None


def test_a_product_that_cannot_be_told_from_its_background_is_not_looked_at():
    photograph = cv2.resize(np.random.default_rng(1).integers(0, 255, (24, 24, 3), np.uint8), (320, 320))
    assert judged(photograph, "make the background blue", before=photograph)[0] is Verdict.UNCHECKED
