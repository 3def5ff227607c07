"""Each answer of tests/data/answers_of_servers.toml, given over HTTP, ends the edit as it says there."""

from __future__ import annotations

import base64
import tomllib
from pathlib import Path

import pytest

from qie_batch.errors import Rejected, Unavailable
from tests.contract.engines.conftest import Case
from tests.support.remote_engines import openai_engine
from tests.support.remote_servers import RemoteServer, Said, image_bytes

SIZE, FLOORED = (128, 128), (128, 112)
ANSWERS = tomllib.loads(
    (Path(__file__).parents[2] / "data" / "answers_of_servers.toml").read_text(encoding="utf-8")
)["answer"]


def encoded(size, form="PNG"):
    return base64.b64encode(image_bytes(size, (200, 30, 30), form)).decode()


IMAGES = {"$PNG": encoded(SIZE), "$JPEG": encoded(SIZE, "JPEG"), "$SMALL": encoded(FLOORED)}


class Keeping(RemoteServer):
    """Gives the image that an answer leads to."""

    def file(self, _path):
        return Said(body=image_bytes(SIZE, (200, 30, 30)), kind="image/png")


@pytest.fixture(scope="module")
def served():
    """Server and engine of a dialect; each is started once."""
    started = {}

    def of(dialect):
        if dialect not in started:
            server = Keeping()
            started[dialect] = server, openai_engine(server.url, dialect=dialect, deadline_seconds=20.0)
        return started[dialect]

    yield of
    for server, engine in started.values():
        engine.close()
        server.close()


@pytest.fixture
def case():
    """In place of every engine's: this file has its own server."""
    return Case("openai", {})


def test_each_answer_says_what_is_known_of_it():
    assert {each["basis"] for each in ANSWERS} == {"measured", "reconstructed", "gateway"}
    assert all(each["server"] in ("vllm-omni", "sglang") for each in ANSWERS if each["basis"] == "measured")


@pytest.mark.parametrize("given", ANSWERS, ids=[f"{each['server']}: {each['case']}" for each in ANSWERS])
def test_an_answer_ends_the_edit_as_it_has_to(served, case, given):
    server, engine = served(given["server"])
    body = given["body"]
    for name, image in IMAGES.items():
        body = body.replace(name, image)
    said = Said(given.get("status", 200), body.encode(), given.get("kind", "application/json"))
    server.asked.clear()
    server.script = [said] * 5
    engine._replicas.succeeded(engine._replicas.all[0])  # whatever the answer before this one did
    assert ending(engine, case) == given["ends"]
    assert len(server.asked) == given.get("asked", 1)


def ending(engine, case):
    try:
        result = engine.edit(case.request(), lambda _step: None)
    except Rejected as error:
        return error.code
    except Unavailable:
        return "later"
    return "image" if result.image.size == SIZE else "another image"


@pytest.mark.parametrize("dialect", ["vllm-omni", "sglang", "openai", "qie-batch"])
def test_a_request_says_all_that_servers_understand_differently(served, case, dialect):
    server, engine = served(dialect)
    server.script, server.asked[:] = [], []
    engine._replicas.succeeded(engine._replicas.all[0])
    image = case.request().images[0]
    request = case.request(images=(image, image), steps=8, cfg=1.0, seed=3, instruction="a <|image_pad|> b")
    engine.edit(request, lambda _step: None)
    (asked,) = server.asked
    fields = {"prompt": "a < |image_pad|> b", "n": "1", "output_format": "png"}
    if dialect != "qie-batch":
        fields["size"] = "128x128"
    if dialect != "openai":
        fields |= {
            "response_format": "b64_json",
            "negative_prompt": " ",
            "num_inference_steps": "8",
            "true_cfg_scale": "1.0",
            "seed": "3",
        }
    assert asked.fields == fields
    assert asked.path == "/v1/images/edits"
    assert [name for name, _ in asked.files] == ["image[]" if dialect == "openai" else "image"] * 2
    assert asked.headers["authorization"].startswith("Bearer ")
    assert asked.headers["accept-encoding"] == "identity"
