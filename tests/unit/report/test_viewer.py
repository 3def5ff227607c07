from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from qie_batch.gates import gate_modules
from qie_batch.model import Decision, ItemState, Show
from qie_batch.report import viewer
from qie_batch.views import ReviewItemView

SCRIPT = "</script><script>alert(1)</script>"


def item(**changes):
    shown = {
        "id": "job.0",
        "version": 1,
        "line": 2,
        "row_id": "sku-1",
        "variant": 0,
        "instruction": "make it darker",
        "seed": 1,
        "state": ItemState.NEEDS_REVIEW,
        "review": "",
        "before": "",
        "after": "",
        "small": "",
        "engine": "classic",
        "width": 96,
        "height": 96,
        "note": "",
        "findings": (),
        "latest": None,
    }
    return ReviewItemView(**{**shown, **changes})


def sheet(*items, **head):
    parts = viewer.sheet(viewer.Head(**{"job": "job", "name": "Autumn", **head}), items)
    return b"".join(parts).decode()


def test_the_policy_of_a_sheet_allows_its_own_style_and_script_and_no_other():
    page = sheet(item())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1].replace("&#39;", "'")
    for kind in ("style", "script"):
        text = re.search(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_no_text_of_a_catalog_ends_the_element_that_it_is_in():
    page = sheet(item(row_id=SCRIPT, instruction=SCRIPT), name=SCRIPT)
    assert "<script>alert" not in page
    text = re.search(r'class="review-item">(.*?)</script>', page)[1]
    assert json.loads(text)["row_id"] == SCRIPT


def test_a_sheet_is_made_an_item_at_a_time():
    asked = []

    def items():
        for number in range(3):
            asked.append(number)
            yield item(id=f"job.{number}")

    parts = viewer.sheet(viewer.Head(job="job", name=""), items())
    next(parts)
    assert asked == []
    next(parts)
    assert asked == [0]


def test_every_text_that_the_viewer_names_is_there_in_each_language_and_no_other():
    english = viewer.texts()["en"]
    for texts in viewer.texts().values():
        assert texts.keys() == english.keys()
        for key, text in texts.items():
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), key
    script = viewer.script()
    named = set(re.findall(r'\bt\("([a-z_.]+)"', script))
    named |= {key for pair in re.findall(r't\(\w+ \? "([a-z_.]+)" : "([a-z_.]+)"', script) for key in pair}
    by_word = (
        "kinds.",
        "gates.",
        "units.",
        "decisions.",
        "reasons.",
        "actions.",
        "tools.",
        "filter.",
        "bulk.",
    )
    by_word += ("keys.", "language", "before", "after")
    assert named - english.keys() == set()
    assert {key for key in english.keys() - named if not key.startswith(by_word)} == set()


@pytest.mark.parametrize("language", viewer.LANGUAGES)
def test_each_word_of_the_program_has_a_text(language):
    texts = viewer.texts()[language]
    words = {f"decisions.{decision}" for decision in Decision} | {f"filter.{show}" for show in Show}
    words |= {f"gates.{name}" for name in gate_modules()}
    words |= {f"units.{name}" for name, gate in gate_modules().items() if gate.UNIT}
    assert words - texts.keys() == set()


def test_the_columns_of_decisions_are_those_that_the_script_writes():
    names = re.search(r"SHEET_COLUMNS = \[(.*?)\]", viewer.script())[1]
    assert tuple(re.findall(r'"(\w+)"', names)) == viewer.DECISION_COLUMNS
