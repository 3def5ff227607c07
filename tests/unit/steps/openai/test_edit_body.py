from __future__ import annotations

import base64
import io
import json

import pytest

from qie_batch.errors import NotFound
from qie_batch.model import BatchFault
from qie_batch.steps.openai.batches.lines import read_lines
from qie_batch.steps.openai.edit_body import WrongParameter, read_body

PIXELS = b"\x89PNG"
DATA = f"data:image/png;base64,{base64.b64encode(PIXELS).decode()}"


def address_of(file_id):
    if file_id == "file-1":
        return "s3://bucket/files/t-acme/file-1"
    raise NotFound(f"there is no file {file_id!r}", code="file_unknown")


def body(files=(), **fields):
    return read_body(fields, files, address_of)


def test_parameters_become_the_cells_of_a_row():
    read = body(
        prompt="make it red",
        n=2,
        seed=7,
        size="640x480",
        true_cfg_scale=4.0,
        num_inference_steps="8",
        lora="winter",
    )
    assert read.cells == {
        "instruction": "make it red",
        "variants": "2",
        "seed": "7",
        "size": "640x480",
        "cfg": "4.0",
        "steps": "8",
        "lora": "winter",
        "output": "png",
    }


def test_what_is_left_to_the_engine_is_no_cell():
    read = body(prompt="x", size="auto", seed=None, background="auto", quality="high", user="u", stream=False)
    assert read.cells == {"instruction": "x", "output": "png"}


def test_one_scale_precedes_the_other_which_older_clients_know():
    assert body(guidance_scale=3).cells["cfg"] == "3"
    assert body(guidance_scale=3, true_cfg_scale=4).cells["cfg"] == "4"


def test_braces_of_a_prompt_ask_for_no_column():
    assert body(prompt="{a}", negative_prompt="}").cells["instruction"] == "{{a}}"


@pytest.mark.parametrize(
    ("given", "images"),
    [
        ({"image": DATA}, (PIXELS,)),
        ({"image": [DATA, "file-1"]}, (PIXELS, "s3://bucket/files/t-acme/file-1")),
        (
            {"images": [{"image_url": DATA}, {"file_id": "file-1"}]},
            (PIXELS, "s3://bucket/files/t-acme/file-1"),
        ),
        ({"images": [{"image_url": {"url": "https://a.example/1,2.png"}}]}, ("https://a.example/1,2.png",)),
        ({"files": (b"1", b"2")}, (b"1", b"2")),
    ],
)
def test_images_come_as_bytes_addresses_or_ids(given, images):
    assert body(**given).images == images


@pytest.mark.parametrize(
    "image",
    ["s3://bucket/other", "/etc/passwd", "1.png", "file-", "data:image/png;base64,%%",
     "data:image/png;base64,é", "data:,x", 7, {}, True,
     "https://a.example/1.png, https://a.example/2.png"],
)  # fmt: skip
def test_no_other_images_are_taken(image):
    with pytest.raises(WrongParameter) as error:
        body(image=image)
    assert (error.value.code, error.value.subject) == ("image_address", "image")


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"mask": "x"}, "unsupported_parameter", "mask"),
        ({"stream": True}, "unsupported_parameter", "stream"),
        ({"partial_images": 2}, "unsupported_parameter", "partial_images"),
        ({"background": "transparent"}, "unsupported_parameter", "background"),
        ({"promt": "x"}, "unknown_parameter", "promt"),
        ({"\ud800": "x"}, "unknown_parameter", "\ufffd"),
        ({"prompt": ["x"]}, "invalid_type", "prompt"),
        ({"output_compression": 101}, "quality_invalid", "output_compression"),
        ({"response_format": "gif"}, "invalid_value", "response_format"),
    ],
)
def test_what_cannot_be_done_is_refused_rather_than_left_out(fields, code, param):
    with pytest.raises(WrongParameter) as error:
        body(**fields)
    assert (error.value.code, error.value.subject) == (code, param)


def line(custom_id="a", **changes):
    whole = {"custom_id": custom_id, "method": "POST", "url": "/v1/images/edits"}
    return {**whole, "body": {"prompt": "x", "image": DATA}, **changes}


def read(*lines):
    texts = (each if isinstance(each, str) else json.dumps(each) for each in lines)
    return list(read_lines(io.BytesIO("\n".join(texts).encode()), address_of))


def test_lines_keep_their_numbers_over_blank_ones():
    assert [(each.line, each.custom_id) for each in read(line("a"), "", line("b"))] == [(1, "a"), (3, "b")]


@pytest.mark.parametrize(
    ("wrong", "code", "param"),
    [
        ("{", "invalid_json_line", ""),
        ("[" * 100_000, "invalid_json_line", ""),
        ("7", "invalid_json_line", ""),
        (line(""), "missing_custom_id", "custom_id"),
        (line("x" * 201), "invalid_custom_id", "custom_id"),
        (line(method="GET"), "invalid_method", "method"),
        (line(url="/v1/embeddings"), "mismatched_endpoint", "url"),
        (line(body=None), "missing_body", "body"),
        (line(body={"prompt": "x"}), "missing_required_parameter", "image"),
        (line(body={"image": [DATA] * 4}), "image_count", "image"),
        (line(body={"image": "file-2"}), "file_unknown", ""),
    ],
)
def test_a_wrong_line_says_what_is_wrong(wrong, code, param):
    (fault,) = [each for each in read(wrong, line("fine")) if isinstance(each, BatchFault)]
    assert (fault.line, fault.code, fault.param) == (1, code, param)


def test_one_custom_id_on_two_lines_and_a_file_without_lines_are_faults():
    assert read(line("a"), line("a"))[1].code == "duplicate_custom_id"
    assert read("", " ")[0].code == "empty_file"
