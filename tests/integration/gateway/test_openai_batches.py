from __future__ import annotations

import base64
import io
import json
import time

import openai
import pytest

from tests.support.openai_clients import openai_client, opened, picture

FLIP = "flip horizontally"


@pytest.fixture(scope="module")
def client(gateway):
    with openai_client(gateway, "batches") as client:
        yield client


def data_url(image):
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"


def line(custom_id, **body):
    body = {"prompt": FLIP, "image": data_url(picture()), **body}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/images/edits", "body": body}


def batch_of(client, lines, **more):
    text = "".join(each if isinstance(each, str) else json.dumps(each) + "\n" for each in lines)
    file = client.files.create(file=("edits.jsonl", io.BytesIO(text.encode())), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/images/edits", completion_window="24h", **more
    )


def ended(client, batch, *wanted):
    deadline = time.monotonic() + 30
    while batch.status not in wanted:
        assert time.monotonic() < deadline, batch
        time.sleep(0.1)
        batch = client.batches.retrieve(batch.id)
    return batch


def lines_of(client, file_id):
    return [json.loads(text) for text in client.files.content(file_id).text.splitlines()]


def test_a_file_comes_back_as_it_was_until_it_is_deleted(client):
    data = picture((3, 4, 5))
    file = client.files.create(file=("blue.png", data), purpose="vision")
    assert (file.bytes, file.filename, file.purpose) == (len(data), "blue.png", "vision")
    assert client.files.content(file.id).read() == data
    assert client.files.retrieve(file.id) == file
    assert file.id in [each.id for each in client.files.list(purpose="vision")]
    assert client.files.delete(file.id).deleted
    for gone in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError) as error:
            gone(file.id)
        assert error.value.code == "file_unknown"


def test_files_are_listed_a_page_at_a_time(gateway):
    with openai_client(gateway, "pages") as client:
        made = [client.files.create(file=("a.png", picture()), purpose="user_data").id for _ in range(5)]
        assert [file.id for file in client.files.list(limit=2)] == made[::-1]


@pytest.mark.parametrize(
    ("purpose", "data", "code"),
    [
        ("fine-tune", b"{}", "invalid_value"),
        ("batch", b"", "file_empty"),
        ("vision", b"x" * 10_000_001, "file_too_large"),
    ],
)
def test_a_file_that_is_not_taken_says_why(client, purpose, data, code):
    with pytest.raises(openai.BadRequestError) as error:
        client.files.create(file=("a", data), purpose=purpose)
    assert error.value.code == code


def test_a_stored_file_can_be_edited(client, gateway):
    file = client.files.create(file=("red.png", picture((200, 0, 0))), purpose="vision")
    with gateway.client("batches") as raw:
        answer = raw.post("/v1/images/edits", json={"prompt": FLIP, "images": [{"file_id": file.id}]})
    image = opened(base64.b64decode(answer.json()["data"][0]["b64_json"]))
    assert image.getpixel((0, 0)) == (200, 0, 0)


def test_a_batch_becomes_images_and_errors(client):
    stored = client.files.create(file=("green.png", picture((0, 160, 0))), purpose="vision")
    batch = batch_of(
        client,
        [
            line("blue", n=2),
            line("green", image={"file_id": stored.id}, size="128x128", output_format="webp"),
            line("broken", image=data_url(b"not an image")),
            line("unclear", prompt="sing a song"),
        ],
        metadata={"shop": "north"},
    )
    assert (batch.status, batch.metadata) == ("validating", {"shop": "north"})
    batch = ended(client, batch, "completed", "failed")
    counts = batch.request_counts
    assert (batch.status, counts.total, counts.completed, counts.failed) == ("completed", 4, 2, 2)
    done = {each["custom_id"]: each["response"] for each in lines_of(client, batch.output_file_id)}
    blue, green = (done[name]["body"]["data"] for name in ("blue", "green"))
    assert [opened(base64.b64decode(each["b64_json"])).getpixel((0, 0)) for each in blue] == [
        (40, 90, 200)
    ] * 2
    image = opened(base64.b64decode(green[0]["b64_json"]))
    assert (image.format, image.size) == ("WEBP", (128, 128))
    wrong = {each["custom_id"]: each["response"] for each in lines_of(client, batch.error_file_id)}
    assert {name: answer["status_code"] for name, answer in wrong.items()} == {"broken": 400, "unclear": 400}
    assert wrong["broken"]["body"]["error"]["code"] == "image_not_an_image"


def test_the_size_of_a_result_file_is_known_before_it_is_read(client):
    batch = ended(client, batch_of(client, [line("a", n=3), line("b é")]), "completed")
    file = client.files.retrieve(batch.output_file_id)
    assert (file.bytes, file.purpose) == (
        len(client.files.content(batch.output_file_id).content),
        "batch_output",
    )


def test_a_file_with_wrong_lines_is_refused_with_each_of_them(client):
    lines = [
        line("a"),
        "{\n",
        line("a"),
        {**line("b"), "url": "/v1/chat/completions"},
        line("c", sed=3),
        {"custom_id": "d"},
        line("e", model="classic"),
        line("f", image="file-unknown"),
        line("g", image=None),
        line(7),
    ]
    batch = ended(client, batch_of(client, lines), "failed", "completed")
    assert batch.status == "failed"
    assert [(error.line, error.code) for error in batch.errors.data] == [
        (2, "invalid_json_line"),
        (3, "duplicate_custom_id"),
        (4, "mismatched_endpoint"),
        (5, "unknown_parameter"),
        (6, "missing_body"),
        (7, "mixed_parameters"),
        (8, "file_unknown"),
        (9, "missing_required_parameter"),
        (10, "missing_custom_id"),
    ]
    assert batch.request_counts.total == 0


def test_images_on_servers_that_are_not_listed_are_refused(client):
    batch = ended(client, batch_of(client, [line("web", image="https://localhost/a.png")]), "completed")
    (wrong,) = lines_of(client, batch.error_file_id)
    assert wrong["response"]["body"]["error"]["code"].startswith("image_")


def test_a_batch_that_is_cancelled_ends_with_what_is_done(client):
    batch = batch_of(client, [line(str(number), model="qwen", prompt="make it blue") for number in range(3)])
    batch = ended(client, batch, "in_progress")
    client.batches.cancel(batch.id)
    batch = ended(client, batch, "cancelled")
    assert (batch.request_counts.failed, batch.output_file_id) == (3, None)
    wrong = lines_of(client, batch.error_file_id)
    assert {each["error"]["code"] for each in wrong} == {"batch_cancelled"}


def test_batches_are_listed_newest_first(gateway):
    with openai_client(gateway, "lists") as client:
        made = [batch_of(client, [line("a")]).id for _ in range(3)]
        assert [batch.id for batch in client.batches.list(limit=2)] == made[::-1]


@pytest.mark.parametrize(
    ("asked", "param"),
    [({"endpoint": "/v1/embeddings"}, "endpoint"), ({"completion_window": "1h"}, "completion_window")],
)
def test_what_a_batch_cannot_be_is_a_bad_request(client, asked, param):
    asked = {"endpoint": "/v1/images/edits", "completion_window": "24h", **asked}
    with pytest.raises(openai.BadRequestError) as error:
        client.batches.create(input_file_id="file-1", **asked)
    assert error.value.param == param


def test_another_tenant_sees_none_of_it(client, gateway):
    batch = ended(client, batch_of(client, [line("mine")]), "completed")
    with openai_client(gateway, "batch-stranger") as stranger:
        for look in (
            lambda: stranger.batches.retrieve(batch.id),
            lambda: stranger.batches.cancel(batch.id),
            lambda: stranger.files.retrieve(batch.input_file_id),
            lambda: stranger.files.content(batch.input_file_id),
            lambda: stranger.files.delete(batch.input_file_id),
            lambda: stranger.files.retrieve(batch.output_file_id),
            lambda: stranger.files.content(batch.output_file_id),
            lambda: batch_of_file(stranger, batch.input_file_id),
        ):
            with pytest.raises(openai.NotFoundError):
                look()
        assert (list(stranger.files.list()), list(stranger.batches.list())) == ([], [])


def batch_of_file(client, file_id):
    return client.batches.create(input_file_id=file_id, endpoint="/v1/images/edits", completion_window="24h")
