from __future__ import annotations

import pytest

from qie_batch import keys
from qie_batch.keys import S3Address


def test_each_kind_of_object_has_a_prefix_of_its_own():
    assert keys.input_key("ab") == "inputs/ab"
    assert keys.result_key("cd") == "results/cd"
    assert keys.cache_key_of(keys.result_key("cd")) == "cd"
    assert keys.manifest_key("ef", "csv") == "manifests/ef.csv"
    assert keys.job_key("j", "report.html") == "jobs/j/report.html"


@pytest.mark.parametrize("text", ["s3://shop/a.png", "s3://s-h.o_p/a//b\n.png"])
def test_an_address_comes_apart_and_together_again(text):
    address = S3Address.parse(text)
    assert address == S3Address.split(text)
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    ["s3://", "s3://shop", "s3://shop/", "s3://shop/a/", "s3://s hop/a", "S3://shop/a", "shop/a", "s3:///a"],
)
def test_what_names_no_object_is_no_address(text):
    assert S3Address.parse(text) is None


def test_a_prefix_splits_without_a_key():
    assert S3Address.split("s3://shop") == S3Address(bucket="shop", key="")
