from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen.offloading import Offloading
from qie_batch.engines.qwen.placement import streamed
from qie_batch.engines.qwen.plans import PLANS
from qie_batch.errors import DeviceOutOfMemory, Fenced

LEAN = ["48gb", "16gb"]


@pytest.fixture(scope="module", params=LEAN)
def small(request, options):
    return open_engine(replace(options, vram_plan=request.param))


def painted(engine, request, **changes):
    return engine.edit(request(**changes), lambda _step: None).image.tobytes()


@pytest.mark.parametrize("preset", ["reference", "draft"])
def test_a_small_plan_paints_the_same_bits(small, edit, request_for, preset):
    assert painted(small, request_for, preset=preset) == edit(preset=preset)


def test_a_cancelled_edit_leaves_the_engine_well(small, edit, request_for):
    def stop(_step):
        raise Fenced("The attempt is no longer the latest.")

    with pytest.raises(Fenced):
        small.edit(request_for(), stop)
    assert painted(small, request_for) == edit()


def test_an_edit_that_needs_less_memory_takes_the_next_smaller_plan_and_goes_back(options, edit, request_for):
    engine = open_engine(replace(options, vram_plan="48gb"))
    seen = []
    with engine._placement.of_edit(low_memory=True) as plan:
        seen.append(plan.name)
    assert seen == ["40gb"]
    assert engine._placement.plan is PLANS["48gb"]
    assert painted(engine, request_for, low_memory=True) == edit()  # one tile
    assert painted(engine, request_for) == edit()


def test_the_whole_plan_lends_out_the_text_encoder_alone(options, edit, request_for):
    engine = open_engine(options)
    with engine._placement.of_edit(low_memory=True) as plan:
        assert plan.lean
        assert engine._placement._offloading.modules
    assert not engine._placement._offloading.modules
    assert painted(engine, request_for) == edit()


def test_an_edit_that_does_not_fit_in_less_memory_either_leaves_the_engine_well(options, edit, request_for):
    engine = open_engine(replace(options, vram_plan="48gb"))

    def full(_step):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(DeviceOutOfMemory):
        engine.edit(request_for(low_memory=True), full)
    assert engine._placement.plan is PLANS["48gb"]
    assert painted(engine, request_for) == edit()


def test_what_ran_names_the_plan_the_numbers_and_the_step_down(options, request_for):
    engine = open_engine(replace(options, vram_plan="24gb-int8"))
    ran = engine.edit(request_for(low_memory=True), lambda _step: None).ran
    assert (ran["plan"], ran["quantisation"], ran["tiled"]) == ("16gb-int8", "int8", True)
    ran = engine.edit(request_for(), lambda _step: None).ran
    assert ran["plan"] == "24gb-int8"
    assert "tiled" not in ran


@pytest.mark.slow
def test_compiled_blocks_take_turns_too_and_are_not_compiled_anew(options, engine, request_for, pictures):
    torch._dynamo.reset()
    counters.clear()
    compiled = replace(options, lora_dir=None, rungs_on=("attention", "compile"))
    small = open_engine(replace(compiled, vram_plan="16gb"))
    for changes in ({}, {"width": 160, "height": 96}, {"images": pictures}, {"cfg": 1.0}):
        assert difference(small, engine, request_for(**changes)) <= 1
    lean = open_engine(replace(compiled, vram_plan="40gb"))
    for low_memory in (False, True, False):
        assert difference(lean, engine, request_for(low_memory=low_memory)) <= 1
    assert counters["stats"]["unique_graphs"] == 1


def difference(engine, other, request):
    """The largest of any value, of 255."""
    found, expected = (
        np.asarray(each.edit(request, lambda _step: None).image).astype(int) for each in (engine, other)
    )
    return np.abs(found - expected).max()


def test_streamed_blocks_are_spread_evenly():
    blocks = nn.ModuleList(nn.Identity() for _ in range(60))
    assert [list(blocks).index(block) for block in streamed(blocks, 4)] == [0, 15, 30, 45]
    assert len(streamed(blocks, 58)) == 58
    assert streamed(blocks, 0) == []


def test_two_slots_hold_what_runs_and_what_comes_next():
    torch.manual_seed(0)
    layers = [nn.Linear(64, 64) for _ in range(5)]
    inputs = torch.randn(3, 64)
    expected = [layer(inputs) for layer in layers]
    offloading = Offloading(torch.device("cpu"))
    offloading.move_out(layers)
    offloading.order([layers])
    for _ in range(2):
        for index in (0, 1, 2, 3, 4, 2, 2, 0):  # in order, and out of it
            assert torch.equal(layers[index](inputs), expected[index])
    assert [buffer.content.numel() for buffer in offloading._buffers] == [64 * 65 * 4] * 2
    offloading.move_in(layers[:2])
    assert len(offloading.modules) == 3
    assert all(torch.equal(layer(inputs), right) for layer, right in zip(layers, expected, strict=True))


@pytest.mark.slow
def test_layers_of_int8_take_turns_too(options, request_for):
    resident = open_engine(replace(options, vram_plan="24gb-int8"))
    turns = open_engine(replace(options, vram_plan="16gb-int8"))
    assert painted(resident, request_for) == painted(turns, request_for)
