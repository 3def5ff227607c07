"""The page of schedules tells what came of the last run, in the reader's language."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browsing import chromium, findings, logged_in, too_wide
from tests.support.catalogs import WHITE, closed, csv, png

ENGLISH = "The last run is done. Its catalog asks for 2 edits: 0 as before, 2 new or changed."


@pytest.fixture(scope="module")
def schedule(gateway):
    """Its name, after a run of two rows, one of them without its picture."""
    with gateway.client("morning") as client:
        rows = csv(f"A,a.png,{WHITE}", f"B,none.png,{WHITE}")
        files = [("f", ("catalog.csv", rows)), ("f", ("a.png", png()))]
        upload = client.post("/api/uploads", files=files).json()["upload"]
        asked = {"schedule": "nightly", "cron": "0 2 * * *", "upload": upload}
        assert client.post("/api/schedules", json=asked).status_code == 201
        closed(client, client.post("/api/schedules/nightly/run").json()["job"])
    return "morning/nightly"


@pytest.mark.parametrize(
    ("locale", "done", "mend"),
    [("zh-CN", "上一次运行已完成。", "行 B"), pytest.param("en", ENGLISH, "row B", marks=pytest.mark.slow)],
)
def test_the_page_says_what_came_of_a_run_and_what_is_to_be_mended(gateway, schedule, locale, done, mend):
    with chromium() as browser, logged_in(browser, gateway.settings, locale=locale) as page:
        page.goto(f"{gateway.url}/schedules")
        region = page.get_by_role("region", name=schedule)
        expect(region).to_contain_text(done)
        expect(region.get_by_role("listitem").last).to_contain_text(mend)
        assert (findings(page), too_wide(page)) == ([], [])
