"""Choosing one of several results: the page, and its file on the way back."""

from __future__ import annotations

import csv
import html
import re

import pytest

from qie_batch import wiring
from qie_batch.errors import Conflict, UsageError
from qie_batch.model import RowDefaults
from qie_batch.report.viewer import DECISION_COLUMNS
from qie_batch.steps.choices import ChoicesRequest, make_choices
from qie_batch.steps.decisions import import_decisions
from tests.support.browsing import SECONDS, chromium

OPTION = re.compile(r'value="([^"]+)" data-version="(\d+)" data-label="([^"]+)"')
GROUP = re.compile(r'<legend dir="auto">([^<]*)<')


@pytest.fixture
def page(settings, ledger, decoders):
    context = wiring.choices_context(settings, ledger, decoders)

    def page(job, **how):
        return b"".join(make_choices(ChoicesRequest(job_id=job, side=64, **how), context).parts).decode()

    return page


def test_the_variants_of_a_row_are_a_group(enter, work, page):
    job = enter(2, defaults=RowDefaults(variants=2))
    work()
    shown = page(job)
    assert GROUP.findall(shown) == ["sku-0", "sku-1"]
    labels = [html.unescape(label) for _, _, label in OPTION.findall(shown)]
    assert labels == ["sku-0", "sku-0, variant 2", "sku-1", "sku-1, variant 2"]
    assert shown.count("data:image/jpeg;base64,") == 6
    assert GROUP.findall(page(job, most=1)) == ["sku-0"]


def test_rows_with_one_cell_in_a_column_are_a_group(enter, work, page):
    job = enter(3)
    work()
    shown = page(job, by="image")
    assert GROUP.findall(shown) == ["shoe.png"]
    assert len(OPTION.findall(shown)) == 3


def test_where_there_is_nothing_to_choose_a_sentence_says_so(enter, work, page):
    job = enter(2)
    work()
    with pytest.raises(Conflict, match="no results to choose between"):
        page(job)
    with pytest.raises(UsageError, match=r"no column.*scene"):
        page(job, by="scene")


def test_what_is_chosen_by_keys_is_approved_and_the_rest_rejected(
    enter, work, page, tmp_path, settings, ledger, decoders
):
    job = enter(2, defaults=RowDefaults(variants=2))
    work()
    (tmp_path / "choices.html").write_text(page(job), encoding="utf-8")
    with chromium() as browser:
        shown = browser.new_page()
        shown.set_default_timeout(SECONDS * 1000)
        shown.goto((tmp_path / "choices.html").as_uri())
        for key in "2j1":
            shown.keyboard.press(key)
        shown.locator("#reviewer").fill("Ann")
        with shown.expect_download() as saved:
            shown.locator("#save").click()
        saved.value.save_as(tmp_path / "decisions.csv")
    with (tmp_path / "decisions.csv").open(encoding="utf-8-sig", newline="") as file:
        assert csv.DictReader(file).fieldnames == list(DECISION_COLUMNS)
    context = wiring.review_context(settings, ledger, decoders)
    done = import_decisions(tmp_path / "decisions.csv", context, importer="ann")
    assert (done.decided, done.stale) == (4, ())
    reviews = [item.review for item in ledger.jobs.items(job)]
    assert reviews == ["rejected", "approved", "approved", "rejected"]
