"""The denoising loop against the stock pipeline and against itself with each speed-up."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, QwenImageEditPlusPipeline
from safetensors.torch import load_file

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen.loras import FILES, SCHEDULER
from qie_batch.engines.qwen.vae import LastTap
from tests.support.requests import changed

PLAIN = ("shared_vision", "memo", "modulation")


def stock_pipeline(tiny, weights, processor):
    pipe = QwenImageEditPlusPipeline.from_pretrained(weights, processor=processor, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    tiny.hand_over_image_positions(pipe.text_encoder)
    return tiny.aligned(pipe)


@pytest.fixture(scope="module")
def stock(tiny, weights, engine):
    return stock_pipeline(tiny, weights, engine._pipe.processor)


def paint_stock(pipe, request, cfg=4.0):
    params = request.params
    return pipe(
        image=list(request.images),
        prompt=params.instruction,
        negative_prompt=params.negative,
        true_cfg_scale=cfg,
        num_inference_steps=params.steps,
        width=request.width,
        height=request.height,
        generator=torch.Generator("cpu").manual_seed(params.seed),
    ).images[0]


def paint(engine, request):
    return engine.edit(request, lambda _step: None).image


def difference(one, other):
    return np.abs(np.asarray(one).astype(int) - np.asarray(other)).max()


@pytest.mark.parametrize("preset", ["fast", "draft"])
def test_a_distilled_preset_paints_what_the_stock_pipeline_paints(
    tiny, weights, options, engine, pictures, request_for, preset
):
    chosen = engine.info.presets[preset]
    pipe = stock_pipeline(tiny, weights, engine._pipe.processor)
    pipe.scheduler = FlowMatchEulerDiscreteScheduler(**SCHEDULER)
    pipe.load_lora_weights(load_file(options.lora_dir / FILES[chosen.lora]), adapter_name=chosen.lora)
    tiny.aligned(pipe)
    for count in (1, 2, 3):
        request = request_for(images=pictures[:count], preset=preset, steps=chosen.steps)
        assert paint(engine, request).tobytes() == paint_stock(pipe, request, cfg=1.0).tobytes()


def test_all_forty_steps_are_those_of_the_stock_pipeline(stock, engine, request_for):
    request = request_for(steps=40)
    assert paint(engine, request).tobytes() == paint_stock(stock, request).tobytes()


@pytest.mark.parametrize("rung", PLAIN)
def test_an_exact_speed_up_changes_no_bit(options, engine, pictures, request_for, rung):
    request = request_for(images=pictures[:2])
    without = open_engine(replace(options, rungs_off=(rung,)))
    assert paint(without, request).tobytes() == paint(engine, request).tobytes()


def test_both_branches_of_the_guidance_in_one_forward_paint_the_same_within_rounding(
    options, engine, request_for
):
    together = open_engine(replace(options, rungs_on=("cfg_batch",)))
    request = request_for(negative="a long list of what is not wanted, so that the texts differ in length")
    assert difference(paint(together, request), paint(engine, request)) <= 1


@pytest.mark.parametrize("low_memory", [False, True])
def test_convolutions_without_the_taps_on_zeros_paint_the_same_within_rounding(
    options, engine, request_for, low_memory
):
    folded = open_engine(replace(options, rungs_on=("vae_conv2d",)))
    taps = [part for part in folded._pipe.vae.modules() if isinstance(part, LastTap)]
    assert len(taps) > 20
    assert all(tap.weight.dim() == 4 for tap in taps)
    request = request_for(width=512, height=272, steps=2, low_memory=low_memory)
    assert difference(paint(folded, request), paint(engine, request)) <= 1


def test_the_images_pass_the_vision_tower_once_and_the_vae_once_for_all_edits_of_them(
    options, pictures, request_for
):
    engine = open_engine(options)
    seen = {"vision": 0, "vae": 0, "text": 0}

    def count(name):
        return lambda *_: seen.__setitem__(name, seen[name] + 1)

    engine._pipe.text_encoder.model.visual.register_forward_pre_hook(count("vision"))
    engine._pipe.vae.encoder.register_forward_pre_hook(count("vae"))
    engine._pipe.text_encoder.model.language_model.register_forward_pre_hook(count("text"))
    for instruction in ("make it red", "make it blue", "make it red"):
        paint(engine, request_for(images=pictures[:2], instruction=instruction))
    assert seen == {"vision": 1, "vae": 2, "text": 3}  # two instructions and the negative text


def test_no_step_is_skipped_that_changes_much_and_the_record_says_which_were(options, request_for):
    own = {
        "masked": {"cache": {"first": 1, "mask": "110"}},
        "careful": {"cache": {"first": 1, "threshold": 0}},
    }
    engine = open_engine(replace(options, presets=own))
    request = request_for(steps=5)
    whole = paint(engine, request)
    masked = engine.edit(changed(request, preset="masked"), lambda _step: None)
    assert masked.ran["mask"] == ["11000", "11000"]
    assert masked.ran["cache"] == "step-cache 1 mask 110"
    assert masked.image.tobytes() != whole.tobytes()
    careful = engine.edit(changed(request, preset="careful"), lambda _step: None)
    assert careful.ran["mask"] == ["11111", "11111"]
    assert careful.image.tobytes() == whole.tobytes()


def test_the_threshold_skips_steps_that_change_little(options, request_for):
    own = {"bold": {"cache": {"first": 1, "threshold": 1e9, "warmup": 2, "most_skipped": 2}}}
    engine = open_engine(replace(options, presets=own))
    result = engine.edit(request_for(steps=7, preset="bold"), lambda _step: None)
    assert result.ran["mask"] == ["1100100", "1100100"]


def test_the_result_says_what_ran_and_how_long_each_phase_took(engine, request_for):
    steps = []
    result = engine.edit(request_for(preset="fast", steps=None), steps.append)
    assert steps == list(range(1, 9))
    ran = result.ran
    assert (ran["preset"], ran["steps"], ran["cfg"], ran["lora"], ran["scheduler"]) == (
        *("fast", 8, 1.0),
        *("lightning-8", "lightning"),
    )
    assert ran["versions"]["torch"] == torch.__version__
    assert json.loads(json.dumps(dict(ran))) == ran
    assert list(result.phases) == ["prompt", "vae", "steps", "decode"]
    assert all(seconds >= 0 for seconds in result.phases.values())
    assert result.phases["steps"] > 0


def test_smaller_areas_cost_fewer_tokens(options, pictures, request_for):
    small = open_engine(replace(options, reference_side=512, edit_side=512))
    assert small.info.revision == "tiny edit 512 reference 512"
    tokens = []
    small._pipe.transformer.img_in.register_forward_pre_hook(lambda _, args: tokens.append(args[0].shape[1]))
    paint(small, request_for(images=pictures[2:], width=64, height=64))
    assert set(tokens) == {2 * (64 // 16) ** 2}


def test_the_table_of_modulation_follows_the_lora_and_the_schedule(options, engine, request_for):
    without = open_engine(replace(options, rungs_off=("modulation",)))
    for changes in ({"preset": "fast", "steps": 4}, {"steps": 4}, {"steps": 4, "width": 160}, {"steps": 3}):
        request = request_for(**changes)
        assert paint(engine, request).tobytes() == paint(without, request).tobytes()


def test_steps_wait_for_no_value_of_the_device(engine, request_for, monkeypatch):
    """On a CUDA device each of these calls would wait until the device has finished."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("a step reads a value back")

    def after_the_first(step):
        if step == 1:
            for name in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__"):
                monkeypatch.setattr(torch.Tensor, name, refuse)
        if step == 3:
            monkeypatch.undo()

    assert engine.edit(request_for(), after_the_first).image
