import pytest

from qie_batch.engines.qwen import info
from qie_batch.engines.qwen.plans import PLANS, choose, step_down
from qie_batch.errors import Misconfigured

NAMED = {"model": "Qwen/Qwen-Image-Edit-2509", "model_revision": "2509"}
EXACT = [plan for plan in PLANS.values() if plan.weights == "bf16"]


@pytest.mark.parametrize(
    ("free", "plan"),
    [
        *((140e9, "80gb"), (84.9e9, "80gb"), (47.6e9, "48gb"), (42.3e9, "40gb")),
        *((33.6e9, "32gb"), (23.6e9, "24gb"), (16.7e9, "16gb")),
    ],
)
def test_auto_on_the_devices_that_are_sold(free, plan):
    assert choose("auto", free).name == plan


@pytest.mark.parametrize("plan", EXACT, ids=lambda plan: plan.name)
def test_auto_is_the_largest_plan_that_fits_and_never_one_of_other_pixels(plan):
    assert choose("auto", plan.needs) is plan
    if plan is not EXACT[-1]:
        assert choose("auto", plan.needs - 1) is EXACT[EXACT.index(plan) + 1]


def test_a_device_below_the_smallest_plan_is_refused_with_both_sizes():
    with pytest.raises(Misconfigured, match=r"8\.0 GB .* 16gb needs \d+\.\d GB") as caught:
        choose("auto", 8e9)
    assert caught.value.code == "device_too_small"
    assert "larger device" in caught.value.hint


def test_a_plan_that_the_device_cannot_hold_is_refused_with_one_that_fits():
    with pytest.raises(Misconfigured, match="the memory plan 80gb needs") as caught:
        choose("80gb", 47e9)
    assert "QIE_VRAM_PLAN=48gb" in caught.value.hint


def test_a_step_down_keeps_the_numbers_and_takes_less():
    for plan in PLANS.values():
        smaller = step_down(plan)
        assert smaller.weights == plan.weights
        assert smaller.peak < plan.peak or smaller is plan
    assert [step_down(plan).name for plan in EXACT] == ["48gb", "40gb", "32gb", "24gb", "16gb", "16gb"]


def test_the_revision_names_the_numbers_of_a_plan_that_changes_pixels_and_nothing_else():
    revisions = {name: info({**NAMED, "vram_plan": name}).revision for name in ("auto", *PLANS)}
    assert {name for name, revision in revisions.items() if revision == "2509"} == {
        "auto",
        *(plan.name for plan in EXACT),
    }
    assert revisions["24gb-int8"] == revisions["16gb-int8"] == "2509 int8"


def test_a_plan_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(Misconfigured, match="'12gb'") as caught:
        info({**NAMED, "vram_plan": "12gb"})
    assert "auto, 80gb, 48gb" in caught.value.hint


def test_fp8_and_an_int8_plan_exclude_each_other():
    with pytest.raises(Misconfigured, match="excludes QIE_VRAM_PLAN"):
        info({**NAMED, "vram_plan": "24gb-int8", "quantisation": "fp8"})


def test_a_lora_is_not_fused_into_int8():
    with pytest.raises(Misconfigured, match="QIE_FUSED_PRESET excludes"):
        info({**NAMED, "vram_plan": "24gb-int8", "fused_preset": "fast"})
