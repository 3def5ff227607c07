"""The list of everyday phrasings in bench/, written before the grammar by other people."""

import re
import runpy
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qie_batch.engines.classic.grammar.lexicon import MEANINGS
from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected

BENCH = runpy.run_path(str(Path(__file__).parents[4] / "bench" / "phrasings.py"))
OTHERS = ("and", "with", ",", "10 %", "blub", "white")
ROWS = BENCH["outcomes"](BENCH["PHRASINGS"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nineteen_of_twenty_phrasings_are_understood_as_what_they_say(language):
    rows = [row for row in ROWS if row.language == language and row.operation != "none"]
    assert sum(row.right for row in rows) >= 0.95 * len(rows)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_phrasing_without_an_operation_is_refused(language):
    assert [
        row for row in ROWS if row.language == language and row.operation == "none" and not row.right
    ] == []


@settings(deadline=None)  # CPU time counts, below: the machine may be busy
@given(st.lists(st.sampled_from([*sorted(MEANINGS), *OTHERS]), max_size=150))
def test_any_words_are_read_or_refused_at_once(words):
    began = time.process_time()
    try:
        parse(" ".join(words)[:2000])
    except Rejected as error:
        assert error.code == "instruction_not_understood"  # noqa: PT017 - either is right
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "instruction",
    [
        "Replace the background with plain white", "remove the background", "transparent background",
        "pure white background (#FFFFFF)", "make the background #F5F5F5",
        "change background color to #f2f2f2", "background: rgb(245,245,245)", "White Background.",
        "change the background colour to light grey",
        "put it on white", "on white", 'add text "SALE" top right', "add the text «Soldes» at the top",
        'add the text "€ 19,99" at the bottom', 'add the text "Größe L - neu…" at the bottom',
        "白底图", "去背景", "把背景换成纯白色 #FFFFFF",
        "make it brighter and sharper", "resize to 1000x1000", "crop to square",
        "add a soft shadow", "enhance image", "Change the bottle color to red", "make the bottle green",
        "change the blue bottle to dark red", "please make the background white!",
        'add the text "line1\nline2" at the top',
    ],
)  # fmt: skip
def test_what_catalogs_of_shops_say_is_understood(instruction):
    assert parse(instruction)


def test_every_example_of_the_documentation_is_understood():
    page = (Path(__file__).parents[4] / "docs" / "classic.md").read_text(encoding="utf-8")
    table = page.partition("| operation |")[2].partition("**How much**")[0]
    examples = [example for example in re.findall(r"`([^`]+)`", table) if "\n" not in example]
    assert len(examples) > 80
    for example in examples:
        assert parse(example), example
