from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from qie_batch.interfaces import Version
from qie_batch.steps.submit.fetched import Record

GOOD = asdict(Record(version=Version(sender="a", etag='"1"'), sha256="0" * 64))


def parsed(record):
    return Record.parse(json.dumps(record).encode())


def test_a_record_comes_back_as_it_was_stored():
    assert asdict(parsed(GOOD)) == GOOD


@pytest.mark.parametrize(
    "record",
    [
        [],
        {},
        {**GOOD, "sha256": "../" + "0" * 61},
        {**GOOD, "sha256": None},
        {**GOOD, "version": []},
        {**GOOD, "version": {"etag": "1"}},
        {**GOOD, "version": {"sender": 1}},
        {**GOOD, "version": {"sender": "a", "etag": None}},
        {**GOOD, "version": {"sender": "a", "more": ""}},
    ],
)
def test_a_record_of_another_shape_is_none(record):
    assert parsed(record) is None


@pytest.mark.parametrize("data", [b"", b"\xff", b"{", b"[" * 9999])
def test_what_is_no_json_is_no_record(data):
    assert Record.parse(data) is None
