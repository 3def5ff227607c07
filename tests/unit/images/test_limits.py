from __future__ import annotations

import pytest

from qie_batch.errors import Rejected
from qie_batch.images import Limits, check_limits, check_result
from qie_batch.model import EngineLimits

STRICT = EngineLimits(max_images=3, max_ratio=16)


def refusal(limits: EngineLimits, *sizes: tuple[int, int], result: tuple[int, int] | None = None) -> Rejected:
    with pytest.raises(Rejected) as caught:
        check_limits(limits, sizes, result)
    return caught.value


def test_what_is_within_the_limits_passes():
    check_limits(STRICT, [(1600, 100), (100, 1600), (64, 64)], (16, 256))
    check_limits(EngineLimits(), [(3000, 2)], (5000, 64))


@pytest.mark.parametrize("size", [(1601, 100), (100, 1601)])
def test_a_strip_is_refused_wherever_it_stands(size):
    assert refusal(STRICT, size).code == "image_too_narrow"
    assert "reference picture" in refusal(STRICT, (64, 64), size).message
    assert "result" in refusal(STRICT, (64, 64), result=size).message


def test_references_may_have_a_limit_of_their_own():
    limits = EngineLimits(max_images=2, max_reference_ratio=16, sizes=((1024, 1024),))
    check_limits(limits, [(1800, 100), (1600, 100)])
    assert refusal(limits, (64, 64), (1700, 100)).code == "image_too_narrow"


def test_what_is_fitted_to_a_few_sizes_always_has_a_limit():
    limits = EngineLimits(sizes=((1024, 1024),))
    check_limits(limits, [(2000, 100)], (100, 2000))
    assert refusal(limits, (2001, 100)).code == "image_too_narrow"
    assert "result" in refusal(limits, (64, 64), result=(3000, 100)).message


def test_more_images_than_the_engine_takes_are_refused():
    assert refusal(STRICT, *[(64, 64)] * 4).code == "image_count"
    assert refusal(EngineLimits(), (64, 64), (64, 64)).code == "references_not_supported"
    assert refusal(STRICT).code == "image_count"


def test_a_result_that_could_not_be_opened_again_is_refused():
    limits = Limits(max_side=200, max_pixels=10_000)
    check_result((200, 50), limits)
    for size in ((201, 16), (101, 100)):
        with pytest.raises(Rejected, match=r"QIE_MAX_SIDE.*QIE_MAX_PIXELS") as caught:
            check_result(size, limits)
        assert caught.value.code == "result_too_large"
