import numpy as np

from qie_batch.gates import lock
from qie_batch.model import Verdict
from tests.support.moved import evidence, layers, on

COLOURS, COVER = layers(96)
BEFORE = on((225, 225, 225), COLOURS, COVER)
KEEP = COVER == 255


def test_kept_pixels_that_are_equal_pass_and_one_that_is_not_fails():
    after = np.where(KEEP[..., None], BEFORE, 0).astype(np.uint8)
    found = lock.check(evidence(BEFORE, after, keep=KEEP), lock.LIMIT)
    assert (found.verdict, found.figure, found.limit) == (Verdict.PASSED, 0, 0)
    after[48, 48, 1] ^= 1
    found = lock.check(evidence(BEFORE, after, keep=KEEP), lock.LIMIT)
    assert (found.verdict, found.figure) == (Verdict.FAILED, 1)
    assert found.sentence == "1 kept pixel differs from the input's"


def test_without_a_lock_there_is_nothing_to_prove():
    assert lock.check(evidence(BEFORE, BEFORE), lock.LIMIT) is None
