"""Every engine that comes with qie-batch, each with what one suite needs to know of it."""

from __future__ import annotations

import os
import runpy
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported

import pytest
from PIL import Image

from tests.support.remote_engines import dashscope_options, openai_options
from tests.support.remote_servers import DashScopeServer, RemoteServer, Said
from tests.support.requests import edit_request

SERVED = ("vllm-omni", "sglang", "openai", "qie-batch")
NAMES = ("classic", "qwen", *(f"openai {dialect}" for dialect in SERVED), "dashscope")


@dataclass
class Case:
    name: str
    options: dict[str, Any]
    #: Options that give other pixels.
    other_options: dict[str, Any] = field(default_factory=dict)
    instruction: str = "make the background red"
    size: tuple[int, int] = (128, 128)
    fields: dict[str, Any] = field(default_factory=dict)
    #: Fields of a request that the engine refuses for good.
    refused: dict[str, Any] = field(default_factory=dict)
    server: RemoteServer | None = None
    module: Any = None

    def __post_init__(self):
        self.module = import_module(f"qie_batch.engines.{self.name.partition(' ')[0]}")

    def request(self, **changes):
        image = Image.new("RGB", self.size, "white")
        # A product, so that engines which look for one find it.
        image.paste("navy", (40, 40, 90, 90))
        return edit_request(
            **{"images": (image,), "instruction": self.instruction, "seed": 7, **self.fields, **changes}
        )


@pytest.fixture(scope="session")
def classic():
    return Case("classic", {}, refused={"instruction": "make it sing"})


@pytest.fixture(scope="session")
def qwen(tmp_path_factory):
    import torch  # noqa: PLC0415 - takes seconds, and only this engine needs it
    from diffusers.pipelines.qwenimage import (  # noqa: PLC0415 - likewise
        pipeline_qwenimage_edit_plus as pipeline,
    )

    tiny = runpy.run_path(str(Path(__file__).parents[2] / "support" / "tiny_qwen.py"))
    folder = tiny["build"](tmp_path_factory.mktemp("weights"))
    options = {"model": str(folder), "model_revision": "tiny", "device": "cpu", "dtype": "float32"}
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "VAE_IMAGE_SIZE", 128 * 128)
        patch.setattr(pipeline, "CONDITION_IMAGE_SIZE", 112 * 112)
        yield Case(
            "qwen",
            options,
            other_options={**options, "model_revision": "other"},
            fields={"steps": 3},
            refused={"steps": 1},
        )


def _openai(dialect):
    @pytest.fixture(scope="session", name=f"openai {dialect}")
    def case():
        server = RemoteServer()
        options = openai_options(server.url, dialect=dialect, deadline_seconds=20.0)
        yield Case(
            f"openai {dialect}",
            options,
            other_options={**options, "openai_model": "another"},
            fields={} if dialect == "openai" else {"steps": 3},
            server=server,
        )
        server.close()

    return case


vllm_omni, sglang, openai, qie_batch = map(_openai, SERVED)


@pytest.fixture(scope="session")
def dashscope():
    server = DashScopeServer()
    options = dashscope_options(server.url, deadline_seconds=20.0)
    other = {**options, "dashscope_model": "qwen-image-edit-max"}
    yield Case("dashscope", options, other_options=other, refused={"instruction": "x" * 801}, server=server)
    server.close()


@pytest.fixture(scope="session", params=NAMES)
def case(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def engine(case):
    engine = case.module.create(case.options)
    yield engine
    if hasattr(engine, "close"):
        engine.close()


@pytest.fixture(autouse=True)
def clean(case):
    """No test leaves an answer to the next."""
    yield
    if case.server:
        case.server.script.clear()
        case.server.control_script.clear()


REFUSAL = Said(400, {"error": {"message": "no"}, "code": "InvalidParameter", "message": "no"})
