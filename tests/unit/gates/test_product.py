import cv2
import numpy as np

from qie_batch.gates import product
from qie_batch.model import Verdict
from tests.support.moved import evidence, layers, moved, on

GREY, BLUE = (225, 225, 225), (40, 60, 160)
LABEL = slice(128, 224), slice(96, 224)


def checked(change=lambda part: part, instruction="make the background blue", **more):
    colours, cover = layers()
    other = colours.copy()
    other[LABEL] = change(colours[LABEL])
    before, after = on(GREY, colours, cover), on(BLUE, other, cover)
    return product.check(evidence(before, moved(after, **more), instruction), product.LIMIT)


def test_a_product_that_stayed_passes_in_another_light_and_a_little_moved():
    assert checked().verdict is Verdict.PASSED
    assert checked(lambda part: (part * 0.85).astype(np.uint8), shift=(1.5, 0.5)).verdict is Verdict.PASSED


def test_a_label_that_is_blurred_mirrored_or_gone_is_a_fault():
    for change in (
        lambda part: cv2.GaussianBlur(part, (0, 0), 12),
        lambda part: part[:, ::-1],
        lambda part: np.full_like(part, 150),
    ):
        found = checked(change)
        assert found.verdict is Verdict.FAILED
        assert found.sentence.startswith("a detail of the product is not what it was, in the middle")


def test_an_edit_of_the_product_itself_is_not_held_to_its_old_details():
    assert checked(lambda part: part[:, ::-1], "change the can to red") is None
    assert checked(lambda part: part[:, ::-1], "add the text “Sale”") is None


def test_a_product_that_cannot_be_told_from_its_background_is_not_looked_at():
    photograph = cv2.resize(np.random.default_rng(1).integers(0, 255, (24, 24, 3), np.uint8), (320, 320))
    found = product.check(evidence(photograph, photograph), product.LIMIT)
    assert (found.verdict, found.figure) == (Verdict.UNCHECKED, None)
