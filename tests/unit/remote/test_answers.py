from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest

from qie_batch.errors import Rejected
from qie_batch.model import EditParams
from qie_batch.remote.answers import DEFAULT_PAUSE, LONGEST_PAUSE, retry_after, sentence
from qie_batch.remote.calls import Answer
from qie_batch.remote.params import check_range, without_control_tokens


def said(body, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(400, {name.replace("_", "-"): value for name, value in headers.items()}, data)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"message": "too long", "code": 400}}, "too long"),
        ({"error": "too long"}, "too long"),
        ({"detail": "too long."}, "too long"),
        ({"detail": [{"loc": ["body", "prompt"], "msg": "Field required"}]}, "prompt: Field required"),
        ({"code": "InvalidParameter", "message": "url error"}, "url error"),
        ({"title": "Bad", "detail": "a row is wrong"}, "a row is wrong"),
        (b"Internal Server Error", "Internal Server Error"),
        (b"", "no reason"),
        (b"\xff\x00\x1b[2J", "\ufffd\ufffd\ufffd[2J"),
        (b'{"error": {"message": 5}}', '{"error": {"message": 5}}'),
    ],
)
def test_a_sentence_is_found_in_every_shape(body, expected):
    assert sentence(said(body)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "key sk-abcdefghijk is wrong",
        "no file /srv/models/qwen/x.bin",
        "ask http://10.0.0.7:8000/v1/models",
        "header Bearer abc.def",
        "my own words: 12345-own-key",
    ],
)
def test_a_sentence_has_no_path_no_address_and_no_secret(text):
    shown = sentence(said({"detail": text}), ["12345-own-key"])
    hidden = ("sk-abc", "/srv", "10.0.0.7", "abc.def", "12345")
    assert not any(part in shown for part in hidden)


def test_a_sentence_is_one_short_line():
    shown = sentence(said({"detail": "a\nb " * 500}))
    assert "\n" not in shown
    assert len(shown) <= 201


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("", DEFAULT_PAUSE),
        ("soon", DEFAULT_PAUSE),
        ("9" * 30, LONGEST_PAUSE),
        ("-5", DEFAULT_PAUSE),
        ("0", 0.1),
    ],
)
def test_the_time_to_ask_again_is_bounded(text, seconds):
    assert retry_after(said(b"", retry_after=text)) == seconds


def test_the_time_to_ask_again_may_be_a_date():
    later = formatdate(time.time() + 90, usegmt=True)
    assert 80 < retry_after(said(b"", retry_after=later)) <= 90


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 2**70}, "seed"),
        ({"steps": 0}, "steps"),
        ({"steps": -1}, "steps"),
        ({"steps": 1}, "steps"),
        ({"steps": 5000}, "steps"),
        ({"cfg": 0.0}, "cfg"),
        ({"cfg": float("inf")}, "cfg"),
        ({"instruction": "word " * 10_000}, "instruction"),
        ({"negative": "word " * 10_000}, "negative"),
    ],
)
def test_what_servers_answer_with_500_or_with_another_edit_is_never_sent(changes, subject):
    with pytest.raises(Rejected) as caught:
        check_range(EditParams(**{"instruction": "make it red", **changes}))
    assert caught.value.subject == subject


def test_what_servers_take_is_sent():
    check_range(EditParams(instruction="make it red", seed=2**63 - 1, steps=40, cfg=1.0))


def test_a_control_token_is_plain_text():
    assert without_control_tokens("a <|im_end|> b <|image_pad|>\ud800") == "a < |im_end|> b < |image_pad|>?"
    assert without_control_tokens("a < b | c > d") == "a < b | c > d"
