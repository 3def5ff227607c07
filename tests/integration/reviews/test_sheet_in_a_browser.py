"""The offline sheet as a file in headless Chromium, and what comes back from it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from qie_batch import wiring
from qie_batch.steps.decisions import import_decisions
from qie_batch.steps.review import ReviewQuery
from qie_batch.steps.sheet import SheetRequest, make_sheet
from tests.support.browsing import chromium, findings, too_wide
from tests.support.ledgers import told


@pytest.mark.slow
def test_decisions_by_keyboard_on_a_file_come_back_as_a_table(
    enter, work, ledger, settings, decoders, tmp_path
):
    job = enter(5, review="required")
    work()
    request = SheetRequest(query=ReviewQuery(job_id=job), most=10, side=96, reviewer="li wei", language="en")
    made = make_sheet(request, wiring.sheet_context(settings, ledger, decoders))
    path = tmp_path / "sheet.html"
    path.write_bytes(b"".join(made.parts))
    with chromium() as browser:
        page = browser.new_page()
        said = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        expect(page.locator("#review[data-ready]")).to_be_attached()
        assert findings(page) == too_wide(page) == []
        for number, keys in enumerate((["a"], ["r", "1"], ["a", "u", "a"], ["a"])):
            expect(page.locator(".rv-about h2")).to_have_text(f"sku-{number}")
            for key in keys:
                page.keyboard.press(key)
        with page.expect_download() as download:
            page.keyboard.press("x")
        decisions = tmp_path / "decisions.csv"
        download.value.save_as(decisions)
        browser.close()
    assert said == []
    found = import_decisions(decisions, wiring.review_context(settings, ledger, decoders), importer="tom")
    assert (found.decided, found.stale, told(ledger, job)) == (4, (), "SRSSN")
    (rejected,) = ledger.reviews.history(f"{job}.1")
    assert (rejected.reviewer, bool(rejected.note)) == ("li wei (sheet, by tom)", True)
