from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor

import httpx2
import openai
import pytest
from PIL import Image

from tests.support.openai_clients import jobs_of, openai_client, opened, picture

FLIP = "flip horizontally"
ROTATE = "rotate 90 degrees clockwise"


@pytest.fixture(scope="module")
def client(gateway):
    with openai_client(gateway, "edits") as client:
        yield client


def pixels(answer):
    return [opened(base64.b64decode(each.b64_json)) for each in answer.data]


def test_one_image_is_edited_and_comes_back_as_it_should_look(client):
    answer = client.images.edit(image=picture(size=(96, 64)), prompt=ROTATE)
    (image,) = pixels(answer)
    assert (image.format, image.size, image.getpixel((5, 5))) == ("PNG", (64, 96), (40, 90, 200))
    assert (answer.output_format, answer.size) == ("png", "64x96")


def test_several_results_in_the_format_and_size_asked_for(client):
    answer = client.images.edit(
        image=[picture((10, 200, 30))], prompt=FLIP, n=2, size="128x128", output_format="jpeg"
    )
    assert [(image.format, image.size) for image in pixels(answer)] == [("JPEG", (128, 128))] * 2


def test_the_parameters_of_vllm_omni_and_sglang_are_taken(client):
    more = {"seed": 7, "negative_prompt": "{blur}", "true_cfg_scale": 4.0, "num_inference_steps": 8}
    answers = [
        client.images.edit(image=picture((9, 9, 90)), prompt=FLIP, model="classic", extra_body=more)
        for _ in range(2)
    ]
    assert answers[0].data[0].b64_json == answers[1].data[0].b64_json


def test_json_with_a_data_url_is_the_same_edit(gateway):
    data = base64.b64encode(picture()).decode()
    body = {"prompt": FLIP, "images": [{"image_url": f"data:image/png;base64,{data}"}], "n": 1, "seed": None}
    with gateway.client("edits") as client:
        answer = client.post("/v1/images/edits", json=body)
    assert answer.status_code == 200, answer.text
    assert opened(base64.b64decode(answer.json()["data"][0]["b64_json"])).size == (96, 64)


def test_an_address_gives_the_bytes_without_a_token(client):
    answer = client.images.edit(image=picture((1, 2, 3)), prompt=FLIP, response_format="url")
    assert opened(httpx2.get(answer.data[0].url).content).getpixel((0, 0)) == (1, 2, 3)


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"prompt": ""}, "instruction_empty", "prompt"),
        ({"prompt": "make the {sku} sing"}, None, "prompt"),
        ({"image": b"not a picture"}, "image_not_an_image", "image"),
        ({"image": picture(size=(2049, 20))}, "image_too_large", "image"),
        ({"image": [picture(), picture((1, 1, 1))]}, "references_not_supported", "image"),
        ({"n": 9}, "variants_invalid", "n"),
        ({"size": "99999x1"}, "size_invalid", "size"),
        ({"output_format": "gif"}, "output_invalid", "output_format"),
        ({"mask": picture()}, "unsupported_parameter", "mask"),
        ({"extra_body": {"sed": 3}}, "unknown_parameter", "sed"),
        ({"extra_body": {"seed": -1}}, "seed_invalid", "seed"),
    ],
)
def test_what_cannot_be_edited_is_a_bad_request_that_names_the_parameter(client, asked, code, param):
    with pytest.raises(openai.BadRequestError) as error:
        client.images.edit(**{"image": picture(), "prompt": FLIP, **asked})
    assert error.value.param == param, error.value.message
    assert code in (None, error.value.code), error.value.message
    assert error.value.message.endswith(".")


def test_what_the_engine_refuses_by_its_pixels_is_a_bad_request_too(client):
    noise = io.BytesIO()
    Image.effect_noise((128, 128), 90).convert("RGB").save(noise, "PNG")
    with pytest.raises(openai.BadRequestError) as error:
        client.images.edit(image=noise.getvalue(), prompt="remove the background")
    assert error.value.code


def test_other_refusals_have_the_errors_of_openai_too(client, gateway):
    with pytest.raises(openai.NotFoundError) as error:
        client.images.edit(image=picture(), prompt=FLIP, model="os.path")
    assert error.value.code == "model_not_found"
    stranger = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="nonsense", max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()
    with gateway.client("edits", scope="jobs:read") as reader:
        answer = reader.post("/v1/images/edits", json={})
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "permission_error")


def test_the_engines_are_models(client):
    names = [model.id for model in client.models.list()]
    assert names[0] == "classic"
    assert client.models.retrieve("classic").object == "model"


def test_equal_requests_of_one_tenant_are_one_job(gateway):
    with openai_client(gateway, "folding") as client, ThreadPoolExecutor(4) as pool:
        asked = {"image": picture((77, 7, 7)), "prompt": "slightly brighter"}
        answers = list(pool.map(lambda _: client.images.edit(**asked), range(4)))
    assert len({answer.data[0].b64_json for answer in answers}) == 1
    assert len(jobs_of(gateway, "folding")) == 1


def test_an_idempotency_key_stands_for_one_edit(gateway):
    with openai_client(gateway, "keys") as client:
        headers = {"Idempotency-Key": "order 17"}
        client.images.edit(image=picture(), prompt=FLIP, extra_headers=headers)
        client.images.edit(image=picture(), prompt=FLIP, extra_headers=headers)
        client.images.edit(image=picture(), prompt=FLIP, extra_headers={"Idempotency-Key": "order 18"})
        with pytest.raises(openai.BadRequestError) as error:
            client.images.edit(image=picture(), prompt=ROTATE, extra_headers=headers)
    assert error.value.code == "idempotency_key_reused"
    assert len(jobs_of(gateway, "keys")) == 2


def test_a_refused_edit_is_checked_anew(gateway):
    with openai_client(gateway, "again") as client:
        for _ in range(2):
            with pytest.raises(openai.BadRequestError):
                client.images.edit(image=b"", prompt=FLIP)
    assert jobs_of(gateway, "again") == []


def test_a_body_that_is_no_json_is_a_bad_request(gateway):
    with gateway.client("edits") as client:
        for body in (b"", b"{", b"[1]", json.dumps({"prompt": {}}).encode()):
            answer = client.post(
                "/v1/images/edits", content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 400, answer.text
            assert answer.json()["error"]["type"] == "invalid_request_error"
