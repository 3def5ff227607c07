import runpy
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from qie_batch.engines.qwen import QwenOptions, open_engine, quantise
from qie_batch.engines.qwen.editing import QwenEngine
from qie_batch.engines.qwen.loras import FILES
from qie_batch.engines.qwen.options import EXACT, RUNGS
from qie_batch.errors import DeviceOutOfMemory, Fenced, Misconfigured
from qie_batch.model import EditParams, EditRequest
from tests.support.requests import changed

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]

SIZE = 256
#: "modulation" is exact, but belongs to the other engine of the same pipeline.
INEXACT = (*(rung for rung in RUNGS if rung not in EXACT), "modulation")
REQUEST = EditRequest(
    images=(Image.radial_gradient("L").convert("RGB"),),
    width=SIZE,
    height=SIZE,
    params=EditParams(instruction="turn the background red", negative=" ", steps=3, seed=7),
)


@pytest.fixture(scope="module")
def tiny():
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "support" / "tiny_qwen.py")))


@pytest.fixture(scope="module")
def options(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("loras")
    pins = {name: tiny.build_lora(folder / name, seed) for seed, name in enumerate(FILES.values(), start=1)}
    weights = tiny.build(tmp_path_factory.mktemp("weights"))
    own = {"winter": {"file": "winter", "sha256": tiny.build_lora(folder / "winter", 9), "scale": 0.5}}
    return QwenOptions(model=str(weights), revision="tiny", lora_dir=folder, lora_sha256=pins, loras=own)


@pytest.fixture(scope="module")
def engine(options):
    return open_engine(replace(options, vram_plan="80gb"))


def paint(engine, **changes):
    return np.asarray(engine.edit(changed(REQUEST, **changes), lambda _step: None).image)


def test_the_engine_names_its_card_and_runs_in_bfloat16(engine):
    assert engine.device == torch.cuda.get_device_name()
    assert engine._pipe.transformer.dtype == torch.bfloat16
    for part in (engine._pipe.transformer, engine._pipe.text_encoder, engine._pipe.vae):
        assert {parameter.device.type for parameter in part.parameters()} == {"cuda"}


def test_the_same_seed_paints_the_same_and_presets_leave_no_trace(engine):
    reference, fast = paint(engine), paint(engine, preset="fast")
    assert reference.shape == (SIZE, SIZE, 3)
    assert reference.std() > 1
    assert (reference != fast).any()
    assert (paint(engine) == reference).all()
    assert (paint(engine, preset="fast") == fast).all()


def test_a_lora_of_ones_own_is_switched_without_a_trace(engine):
    reference, fast = paint(engine), paint(engine, preset="fast")
    winter, both = paint(engine, lora_name="winter"), paint(engine, lora_name="winter", preset="fast")
    assert (winter != reference).any()
    assert (both != fast).any()
    assert (paint(engine, preset="fast") == fast).all()
    assert (paint(engine, lora_name="winter") == winter).all()
    assert (paint(engine) == reference).all()


def test_a_fused_lora_paints_nearly_as_the_one_beside_the_weights(options, engine):
    fused = open_engine(replace(options, vram_plan="80gb", fused_preset="fast"))
    difference = np.abs(paint(fused, preset="fast").astype(int) - paint(engine, preset="fast"))
    assert difference.mean() < 4


@pytest.mark.parametrize("plan", ["48gb", "24gb", "16gb"])
def test_a_small_plan_paints_the_same(options, engine, plan):
    """Twice, so that the second edit finds the buffers as the first one left them."""
    small = open_engine(replace(options, vram_plan=plan))
    for preset in ("", "draft", ""):
        assert (paint(small, preset=preset) == paint(engine, preset=preset)).all()


@pytest.mark.parametrize("plan", ["48gb", "16gb"])
def test_what_takes_turns_is_on_the_host_and_leaves_the_device(options, plan):
    small = open_engine(replace(options, vram_plan=plan))
    paint(small)
    guests = small._placement._offloading._guests.values()
    assert guests
    assert all(guest.content.is_pinned() for guest in guests)
    assert {buffer.content.device.type for buffer in small._placement._offloading._buffers} == {"cuda"}


def test_int8_plans_paint_nearly_the_same_and_the_same_as_one_another(options, engine):
    resident, turns = (open_engine(replace(options, vram_plan=f"{size}gb-int8")) for size in (24, 16))
    for preset in ("", "fast"):
        found = paint(resident, preset=preset)
        assert (found == paint(turns, preset=preset)).all()
        assert np.abs(found.astype(int) - paint(engine, preset=preset)).mean() < 8


@pytest.mark.skipif(
    torch.cuda.is_available() and torch.cuda.get_device_capability() < (8, 9), reason="no FP8 arithmetic"
)
def test_fp8_paints_nearly_the_same_beside_a_lora_too(options, engine, monkeypatch):
    monkeypatch.setattr(quantise, "_OUTER", 0)  # the tiny model has two blocks
    eight = open_engine(replace(options, quantisation="fp8"))
    for preset in ("", "fast"):
        assert np.abs(paint(eight, preset=preset).astype(int) - paint(engine, preset=preset)).mean() < 16


def test_an_edit_in_less_memory_says_so_and_the_next_one_has_it_back(engine):
    before = paint(engine)
    result = engine.edit(replace(REQUEST, low_memory=True), lambda _step: None)
    assert (result.ran["plan"], result.ran["tiled"]) == ("48gb", True)
    assert (paint(engine) == before).all()
    for part in (engine._pipe.transformer, engine._pipe.text_encoder):
        assert {parameter.device.type for parameter in part.parameters()} == {"cuda"}


def test_a_plan_that_the_device_cannot_hold_is_refused(options):
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    hog = torch.empty(free - 8 * 10**9, dtype=torch.uint8, device="cuda")
    for plan in ("auto", "16gb", "80gb"):
        with pytest.raises(Misconfigured, match="GB of free memory") as caught:
            open_engine(replace(options, vram_plan=plan))
        assert caught.value.code == "device_too_small"
    del hog
    torch.cuda.empty_cache()


@pytest.mark.parametrize("plan", ["80gb", "16gb"])
def test_a_cancelled_edit_leaves_the_engine_well(options, plan):
    engine = open_engine(replace(options, vram_plan=plan))
    before = paint(engine)
    fenced = Fenced("The attempt is no longer the latest.")

    def stop(_step):
        raise fenced

    with pytest.raises(Fenced) as caught:
        engine.edit(REQUEST, stop)
    assert caught.value is fenced
    assert (paint(engine) == before).all()


def test_a_full_card_is_said_to_be_full_and_recovers(engine):
    before = paint(engine)
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    hog = torch.empty(free - 2**28, dtype=torch.uint8, device="cuda")
    with pytest.raises(DeviceOutOfMemory):
        paint(engine, width=4096, height=4096)
    del hog
    torch.cuda.empty_cache()
    assert (paint(engine) == before).all()


def test_the_loop_paints_what_the_stock_pipeline_paints(tiny, engine):
    """In bfloat16 on the device, with the speed-ups that change no bit."""
    plain = QwenEngine(replace(engine._options, rungs_off=INEXACT), engine._pipe, engine._loras)
    tiny.hand_over_image_positions(engine._pipe.text_encoder)
    painted = engine._pipe(
        image=list(REQUEST.images),
        prompt=REQUEST.params.instruction,
        negative_prompt=REQUEST.params.negative,
        true_cfg_scale=4.0,
        num_inference_steps=REQUEST.params.steps,
        width=SIZE,
        height=SIZE,
        generator=torch.Generator("cpu").manual_seed(REQUEST.params.seed),
    ).images[0]
    assert (paint(plain) == np.asarray(painted)).all()


def test_no_step_waits_for_the_device(engine):
    paint(engine)  # what is computed once is computed

    def watch(step):
        torch.cuda.set_sync_debug_mode("error" if step < REQUEST.params.steps else "default")

    try:
        engine.edit(REQUEST, watch)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_the_phases_of_an_edit_add_up_on_the_device(engine):
    began = time.perf_counter()
    phases = engine.edit(REQUEST, lambda _step: None).phases
    assert 0 < sum(phases.values()) <= time.perf_counter() - began
