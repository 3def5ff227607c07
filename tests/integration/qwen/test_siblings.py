"""Qwen-Image-Edit-2511 has the layout and the classes of 2509, and one more entry in a config file."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from diffusers import QwenImageEditPlusPipeline

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen.loading import edit_processor


@pytest.fixture(scope="module")
def weights_of_2511(weights, tmp_path_factory):
    folder = shutil.copytree(weights, tmp_path_factory.mktemp("2511") / "weights")
    path = folder / "transformer" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"zero_cond_t": True}))
    return folder


@pytest.fixture(scope="module")
def sibling(options, weights_of_2511):
    return replace(options, model=str(weights_of_2511), revision="2511")


@pytest.fixture(scope="module")
def stock(tiny, weights_of_2511):
    pipe = QwenImageEditPlusPipeline.from_pretrained(
        weights_of_2511, processor=edit_processor(weights_of_2511 / "processor"), dtype=torch.float32
    )
    tiny.hand_over_image_positions(tiny.aligned(pipe).text_encoder)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def painted(engine, request):
    return engine.edit(request, lambda _step: None).image.tobytes()


@pytest.mark.parametrize("count", [1, 3])
def test_2511_runs_by_settings_alone_as_in_the_stock_pipeline(
    sibling, stock, engine, pictures, request_for, count
):
    request = request_for(images=pictures[:count])
    other = open_engine(sibling)
    assert other.info.revision == "2511"
    expected = stock(
        image=list(request.images),
        prompt=request.params.instruction,
        negative_prompt=request.params.negative,
        true_cfg_scale=4.0,
        num_inference_steps=request.params.steps,
        width=request.width,
        height=request.height,
        generator=torch.Generator("cpu").manual_seed(request.params.seed),
    ).images[0]
    assert painted(other, request) == expected.tobytes()
    assert painted(other, request) != painted(engine, request)


@pytest.mark.slow
def test_2511_runs_under_small_plans_and_int8_too(sibling, request_for):
    request = request_for()
    whole, small = (open_engine(replace(sibling, vram_plan=plan)) for plan in ("auto", "24gb"))
    assert painted(small, request) == painted(whole, request)
    assert painted(open_engine(replace(sibling, vram_plan="16gb-int8")), request)
