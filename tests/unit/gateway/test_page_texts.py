from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import qie_batch
from qie_batch.errors import NotFound
from qie_batch.gateway import pages
from qie_batch.gateway.pages.languages import LANGUAGES, chosen, language

FOLDER = Path(pages.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").iterdir())
SOURCES = [path.read_text("utf-8") for path in Path(qie_batch.__file__).parent.rglob("*.py")]
#: Sections whose keys are words of the program: `t.word`, `t("kinds." ~ kind)` and the like.
BY_WORD = (
    "codes",
    "columns",
    "costs",
    "delimiters",
    "failures",
    "items",
    "job_states",
    "kinds",
    "nav",
    "order",
)
BY_WORD += ("decisions", "gates", "phases", "run_states", "units", "verdicts")


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_has_the_same_texts_with_the_same_fields():
    english = language("en").texts
    for code in LANGUAGES:
        texts = {key: text for key, text in language(code).texts.items() if not key.startswith("failures.")}
        assert texts.keys() == english.keys()
        assert {key for key in texts if fields(texts[key]) != fields(english[key])} == set()


def test_every_text_that_a_template_names_is_there_and_no_other():
    named = set()
    for template in TEMPLATES:
        text = template.read_text("utf-8")
        named |= set(re.findall(r'\bt\("([a-z_.]+[a-z])"', text))
        for plural in re.findall(r't\.many\("([a-z_.]+)"', text):
            named |= {f"{plural}.one", f"{plural}.other"}
    texts = language("en").texts.keys()
    assert named - texts == set()
    assert {key for key in texts - named if not key.startswith(BY_WORD)} == set()


def test_a_translated_failure_has_a_code_of_the_program():
    codes = {key.removeprefix("failures.") for key in language("zh").texts if key.startswith("failures.")}
    assert [code for code in sorted(codes) if not any(f'"{code}"' in source for source in SOURCES)] == []


def test_a_failure_is_in_the_reader_s_language_with_the_program_s_sentence_beside_it():
    error = NotFound("there is no job 'x'", code="job_unknown")
    assert language("en").error(error) == ("there is no job 'x'.", "")
    assert language("zh").error(error) == ("没有这个任务。", "there is no job 'x'.")
    assert language("zh").failure("never_heard_of", "Odd.") == ("Odd.", "")


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr-FR, en;q=0.5, zh;q=0.7", "zh"),
        ("", "fr,zh;q=0", "en"),
        ("", "en;q=x,zh", "zh"),
        ("en", "zh", "en"),
        ("../../etc", "zh", "zh"),
    ],
)
def test_the_switch_goes_before_what_the_browser_prefers(cookie, accepted, code):
    assert chosen(cookie, accepted).code == code


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline_that_the_policy_would_refuse(template):
    text = template.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*src=)", text)
    assert "| safe" not in re.sub(r"""'[^']*' \| safe""", "", text)
