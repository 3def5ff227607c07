import os
import runpy
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported

import pytest
import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus
from PIL import Image

from qie_batch.engines.qwen import QwenOptions, open_engine
from qie_batch.engines.qwen.loras import FILES
from tests.support.requests import edit_request

SIZE = 128


@pytest.fixture(scope="session")
def tiny():
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[2] / "support" / "tiny_qwen.py")))


@pytest.fixture(scope="session", autouse=True)
def small_pictures():
    """The pipeline looks at its inputs at these areas, whatever their size."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline_qwenimage_edit_plus, "VAE_IMAGE_SIZE", SIZE * SIZE)
        patch.setattr(pipeline_qwenimage_edit_plus, "CONDITION_IMAGE_SIZE", 112 * 112)
        yield


@pytest.fixture(scope="session")
def weights(tiny, tmp_path_factory):
    return tiny.build(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def options(tiny, weights, tmp_path_factory):
    """Tiny weights and both LoRAs, pinned."""
    folder = tmp_path_factory.mktemp("loras")
    pins = {name: tiny.build_lora(folder / name, seed) for seed, name in enumerate(FILES.values(), start=1)}
    return QwenOptions(
        model=str(weights), revision="tiny", lora_dir=folder, lora_sha256=pins, device="cpu", dtype="float32"
    )


@pytest.fixture(scope="session")
def engine(options):
    return open_engine(options)


@pytest.fixture(scope="session")
def pictures():
    """Three different ones, of different shapes."""
    return tuple(
        Image.radial_gradient("L").resize(size).convert("RGB").point(lambda value, k=k: value * k // 3)
        for k, size in enumerate([(160, 128), (96, 128), (128, 128)], start=1)
    )


@pytest.fixture(scope="session")
def request_for(pictures):
    def build(**changes):
        fields = {
            "images": pictures[:1],
            "instruction": "turn the background red",
            "negative": " ",
            "width": SIZE,
            "height": SIZE,
            "steps": 3,
            "seed": 7,
        }
        return edit_request(**{**fields, **changes})

    return build


@pytest.fixture(scope="session")
def edit(engine, request_for):
    """The pixels of one edit, as bytes."""

    def run(**changes):
        return engine.edit(request_for(**changes), lambda _step: None).image.tobytes()

    return run
