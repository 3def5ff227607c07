import pytest

from qie_batch.gates import drift
from qie_batch.model import Verdict
from tests.support.moved import evidence, layers, moved, on

GREY, BLUE = (225, 225, 225), (40, 60, 160)


def checked(instruction="make the background blue", **motion):
    colours, cover = layers()
    after = on(BLUE, moved(colours, **motion), moved(cover, **motion))
    return drift.check(evidence(on(GREY, colours, cover), after, instruction), drift.LIMIT)


@pytest.mark.parametrize(
    ("motion", "words"),
    [
        ({"zoom": 1.02}, "larger by 2.0%"),
        ({"zoom": 0.98}, "smaller by 2.0%"),
        ({"shift": (3, 0)}, "3.0 px to the right"),
        ({"shift": (0, -3)}, "3.0 px up"),
        ({"degrees": 1.5}, "turned right by 1.5"),
    ],
)
def test_content_that_moved_is_a_fault_and_the_sentence_says_how(motion, words):
    found = checked(**motion)
    assert found.verdict is Verdict.FAILED
    assert found.figure > found.limit == drift.LIMIT
    assert words in found.sentence


def test_content_that_stayed_passes():
    found = checked()
    assert (found.verdict, found.sentence) == (Verdict.PASSED, "")
    assert found.figure < 0.3


def test_a_row_that_asks_for_another_place_is_not_held_to_the_old_one():
    assert checked("center the product and make it larger", zoom=1.2) is None


def test_an_edit_that_left_nothing_cannot_be_compared():
    colours, cover = layers()
    plain = colours * 0 + 128
    before = on(GREY, colours, cover)
    found = drift.check(evidence(before, plain), drift.LIMIT)
    assert (found.verdict, found.figure) == (Verdict.UNCHECKED, None)
    assert drift.check(evidence(before, plain, "hmm"), drift.LIMIT) is None
