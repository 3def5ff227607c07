"""The canonical form of an edit: what a ledger stores, and what a cache key is made of."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from qie_batch.model import EditParams, EditSpec, OutputFormat

LEDGER = Path(__file__).parents[2] / "data" / "ledger-0.1.0.jsonl"
PLAIN = EditSpec(
    inputs=("00" * 32,), params=EditParams(instruction="make it red"), engine="classic", revision="1"
)
FULL = EditSpec(
    inputs=("00" * 32, "ab" * 32),
    params=EditParams(
        instruction='把背景换成白色, "sale" \\ \n',
        negative="blurred",
        width=1024,
        height=768,
        steps=24,
        cfg=4.0,
        seed=2**63 - 1,
        preset="balanced",
        output=OutputFormat.WEBP,
    ),
    engine="shop.engine",
    revision="2509",
    lora="lightning-8@0123456789ab",
)


def items_of_the_last_version():
    rows = (json.loads(line) for line in LEDGER.read_text(encoding="utf-8").splitlines())
    return [each["row"] for each in rows if each["table"] == "items" and each["row"]["spec"]]


@pytest.mark.parametrize("spec", [PLAIN, FULL], ids=["plain", "full"])
def test_parsing_is_the_inverse_of_the_canonical_form(spec):
    parsed = EditSpec.parse(spec.canonical)
    assert parsed == spec
    assert isinstance(parsed.params.output, OutputFormat)
    assert (parsed.canonical, parsed.cache_key) == (spec.canonical, spec.cache_key)


def test_a_cache_key_of_the_last_version_stays():
    params = EditParams(instruction="change the blue jacket to red")
    source = "e12c01ba7d5b3d624987185a63b050339fd2f959ffa6af6845a9aaefe867de0a"
    spec = EditSpec(inputs=(source,), params=params, engine="classic", revision="1")
    assert spec.cache_key == "c0bca4f64765ceb6b986454cb958c0195f314f6b8a6dc3dfa039db442d05a432"


def test_every_spec_of_a_ledger_of_the_last_version_has_the_cache_key_that_it_had():
    found = items_of_the_last_version()
    assert len(found) > 10
    assert [EditSpec.parse(item["spec"]).cache_key for item in found] == [item["cache_key"] for item in found]


def test_a_spec_is_silent_about_fields_of_later_versions_that_are_not_set():
    assert {"quality", "keep_alpha"}.isdisjoint(json.loads(PLAIN.canonical))
    kept = replace(PLAIN, params=replace(PLAIN.params, keep_alpha=True))
    assert EditSpec.parse(kept.canonical) == kept


CHANGES = {
    "instruction": "make it blue",
    "negative": "noise",
    "width": 64,
    "height": 64,
    "steps": 3,
    "cfg": 2.5,
    "seed": 0,
    "preset": "draft",
    "output": OutputFormat.JPEG,
    "quality": 80,
    "keep_alpha": True,
    "lora_name": "winter",
    "lock": "product",
    "align": True,
    "strip_metadata": True,
}


def test_every_parameter_and_every_other_field_changes_the_cache_key():
    assert CHANGES.keys() == {field.name for field in fields(EditParams)}, "a parameter is not tried here"
    changed = [replace(PLAIN, params=replace(PLAIN.params, **{name: CHANGES[name]})) for name in CHANGES]
    changed += [
        replace(PLAIN, inputs=("01" * 32,)),
        replace(PLAIN, inputs=("00" * 32,) * 2),
        replace(PLAIN, engine="qwen"),
        replace(PLAIN, revision="2"),
        replace(PLAIN, lora="lightning-4"),
    ]
    assert len({spec.cache_key for spec in [PLAIN, *changed]}) == len(changed) + 1
