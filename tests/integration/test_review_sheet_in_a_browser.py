"""The offline sheet as a reviewer uses it: a file in headless Chromium, without a server."""

from __future__ import annotations

import base64
import csv
import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from qie_batch.model import ItemState
from qie_batch.report import viewer
from qie_batch.views import FindingView, ReviewItemView
from tests.support.browsing import DESKTOP, PHONE, chromium, findings, too_wide

MOVED = FindingView(gate="drift", verdict="failed", figure=9.0, limit=0.6, sentence="it moved by 9 px")


def address(colour):
    data = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def item(number):
    return ReviewItemView(
        id=f"job.{number}",
        version=3,
        line=number + 2,
        row_id=f"sku-{number}",
        variant=0,
        instruction="make it darker",
        seed=7,
        state=ItemState.NEEDS_REVIEW,
        review="",
        before=address("red"),
        after=address("darkred"),
        small="",
        engine="classic",
        width=64,
        height=48,
        note="",
        findings=(MOVED,) if number % 2 else (),
        latest=None,
    )


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    path = tmp_path_factory.mktemp("sheet") / "review.html"
    head = viewer.Head(job="job", name="Autumn", gates=("drift",))
    path.write_bytes(b"".join(viewer.sheet(head, map(item, range(6)))))
    return path


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, sheet):
    context = browser.new_context(**DESKTOP)
    page = opened(context.new_page(), sheet)
    yield page
    context.close()


def opened(page, sheet):
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(sheet.as_uri())
    expect(page.locator("#review[data-ready]")).to_be_attached()
    return page


def decisions(page):
    with page.expect_download() as download:
        page.keyboard.press("x")
    assert download.value.suggested_filename == "job-decisions.csv"
    text = Path(download.value.path()).read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_decisions_are_kept_and_downloaded(page):
    page.keyboard.press("a")
    expect(page.locator(".rv-alert")).to_contain_text("Type your name first")
    page.keyboard.type("Maria")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator(".rv-about h2")).to_have_text("sku-1")
    for key in ("n", *"=odd", "Enter", "r", "2"):
        page.keyboard.press(key)
    page.keyboard.press("e")
    page.get_by_label("Seed").fill("41")
    page.keyboard.press("Enter")
    for key in "aau":
        page.keyboard.press(key)
    page.reload()
    expect(page.locator(".rv-about h2")).to_have_text("sku-4")
    found = decisions(page)
    assert tuple(found[0]) == viewer.DECISION_COLUMNS
    assert [
        tuple(row[name] for name in ("item", "version", "decision", "note", "seed")) for row in found
    ] == [
        ("job.0", "3", "approved", "", ""),
        ("job.1", "3", "rejected", "'=odd; Zoomed or moved", ""),
        ("job.2", "3", "rerolled", "", "41"),
        ("job.3", "3", "approved", "", ""),
    ]
    assert {row["reviewer"] for row in found} == {"Maria"}


def test_a_filter_shows_what_a_gate_failed(page):
    page.get_by_label("Failed gate").select_option("drift")
    expect(page.locator(".rv-about h2")).to_have_text("sku-1")
    expect(page.locator(".rv-finding.failed")).to_contain_text("9 px (limit 0.6 px)")
    expect(page.locator(".rv-strip button")).to_have_count(3)


@pytest.mark.parametrize("options", [DESKTOP, PHONE | {"locale": "zh-CN", "color_scheme": "dark"}])
def test_the_sheet_is_sound_and_no_wider_than_the_window(browser, sheet, options):
    context = browser.new_context(**options)
    page = opened(context.new_page(), sheet)
    assert too_wide(page) == []
    assert findings(page) == []
    switch = "中文" if options is DESKTOP else "English"
    page.get_by_role("button", name=switch).click()
    expect(
        page.get_by_role("button", name={"中文": "批准", "English": "Approve"}[switch], exact=True)
    ).to_be_visible()
    context.close()
