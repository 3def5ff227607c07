"""Drafts first: which preset the drafts get, and which the final results."""

from __future__ import annotations

import pytest

from qie_batch.engines.qwen.presets import BUILT_IN
from qie_batch.errors import UsageError
from qie_batch.model import EngineInfo
from qie_batch.steps.orders import OrderTexts, job_order
from qie_batch.steps.submit.drafts import with_drafts

ENGINE = EngineInfo(name="qwen", revision="1", presets=BUILT_IN, honours=frozenset({"preset"}))
CLASSIC = EngineInfo(name="classic", revision="1")


@pytest.mark.parametrize(("asked", "final"), [("", "reference"), ("balanced", "balanced")])
def test_drafts_get_the_quickest_preset_and_final_results_the_one_that_was_asked_for(asked, final):
    order = with_drafts(job_order(OrderTexts(preset=asked, draft_first=True)), ENGINE)
    assert (order.preset, order.final_preset, order.review) == ("draft", final, "required")


def test_an_order_without_drafts_is_as_it_was():
    order = job_order(OrderTexts(preset="balanced"))
    assert with_drafts(order, ENGINE) is order


@pytest.mark.parametrize(
    ("engine", "preset", "says"),
    [
        (CLASSIC, "", "engine classic has no presets"),
        (ENGINE, "draft", "preset draft is the one that drafts are made at"),
        (ENGINE, "best", "there is no preset 'best'"),
    ],
)
def test_drafts_that_mean_nothing_are_a_sentence(engine, preset, says):
    with pytest.raises(UsageError, match=says):
        with_drafts(job_order(OrderTexts(preset=preset, draft_first=True)), engine)
