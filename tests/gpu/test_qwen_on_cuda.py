import runpy
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from qie_batch.engines.qwen import QwenOptions, open_engine
from qie_batch.engines.qwen.editing import QwenEngine
from qie_batch.engines.qwen.lightning import FILES
from qie_batch.engines.qwen.loading import hand_over_image_positions
from qie_batch.engines.qwen.options import EXACT, RUNGS
from qie_batch.errors import DeviceOutOfMemory, Fenced
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
def options(tmp_path_factory):
    tiny = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "support" / "tiny_qwen.py")))
    folder = tmp_path_factory.mktemp("loras")
    pins = {name: tiny.build_lora(folder / name, seed) for seed, name in enumerate(FILES.values(), start=1)}
    weights = tiny.build(tmp_path_factory.mktemp("weights"))
    return QwenOptions(model=str(weights), revision="tiny", lora_dir=folder, lora_sha256=pins)


@pytest.fixture(scope="module")
def engine(options):
    return open_engine(replace(options, vram_plan="resident"))


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


@pytest.mark.parametrize("memory", ["offload", "group"])
def test_a_small_card_paints_the_same(options, engine, memory):
    small = open_engine(replace(options, vram_plan=memory))
    assert np.abs(paint(small).astype(int) - paint(engine)).max() <= 1
    assert np.abs(paint(small, preset="draft").astype(int) - paint(engine, preset="draft")).max() <= 1


@pytest.mark.parametrize("memory", ["resident", "offload", "group"])
def test_a_cancelled_edit_leaves_the_engine_well(options, memory):
    engine = open_engine(replace(options, vram_plan=memory))
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


def test_the_loop_paints_what_the_stock_pipeline_paints(engine):
    """In bfloat16 on the device, with the speed-ups that change no bit."""
    plain = QwenEngine(replace(engine._options, rungs_off=INEXACT), engine._pipe, engine._lightning)
    hand_over_image_positions(engine._pipe.text_encoder)
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
