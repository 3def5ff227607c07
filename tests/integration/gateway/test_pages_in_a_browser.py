"""Pages as people use them, in headless Chromium: from the drop to the download, by keyboard, on a phone."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.support.browsing import PHONE, chromium, findings, logged_in, too_wide

ROWS = [
    ("red-1", "photos/red.png", "make it brighter"),
    ("red-2", "photos/red.png", "make it black and white"),
    ("blue-1", "photos/blue.png", "make it darker"),
]


def picture(colour):
    image = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(image).rectangle((24, 24, 72, 72), colour)
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def table(rows):
    text = io.StringIO()
    csv.writer(text).writerows([("id", "image", "instruction"), *rows])
    return text.getvalue().encode()


def packed(rows, folder=""):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(f"{folder}catalog.csv", table(rows))
        for colour in ("red", "blue"):
            archive.writestr(f"{folder}photos/{colour}.png", picture(colour))
    return {"name": "shop.zip", "mimeType": "application/zip", "buffer": data.getvalue()}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, gateway):
    with logged_in(browser, gateway.settings) as page:
        yield page


@pytest.fixture(scope="module")
def job(browser, gateway):
    """The path of a job that came from the page and is done."""
    with logged_in(browser, gateway.settings) as page:
        send(page, packed([*ROWS, ("lost-1", "photos/lost.png", "make it brighter")]))
        page.get_by_role("button", name="Submit without the wrong rows").click()
        page.wait_for_url("**/jobs/*")
        expect(page.locator("#state")).to_contain_text("Done")
        return page.evaluate("location.pathname")


def send(page, *files):
    page.locator("input[type=file]").set_input_files(list(files))
    page.get_by_role("button", name="Check it").click()
    page.wait_for_url("**/uploads/*")


def test_a_catalog_goes_from_the_drop_to_the_download(page):
    send(page, packed(ROWS, folder="autumn/"))
    expect(page.get_by_role("heading", name="All 3 rows can be edited")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/jobs/*")
    # Nobody loads the page again: it follows the job.
    expect(page.locator("#state")).to_contain_text("Done")
    expect(page.locator("#progress")).to_contain_text("3 of 3 pictures finished")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download pictures (ZIP)").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        shown = next(name for name in names if "red-2" in name)
        assert Image.open(io.BytesIO(archive.read(shown))).size == (96, 96)
    assert {"results.csv", "report.html"} <= {name.rpartition("/")[2] for name in names}


def test_each_wrong_row_is_named_before_anything_is_spent(page):
    rows = [*ROWS, ("lost", "photos/lost.png", "make it brighter"), ("odd", "photos/red.png", "sing a song")]
    send(page, packed(rows))
    expect(page.get_by_role("heading", name="2 of 5 rows cannot be edited")).to_be_visible()
    wrong = [row.split("\t") for row in page.locator("table.wrong tbody tr").all_inner_texts()]
    assert [row[:3] for row in wrong] == [["5", "lost", "image"], ["6", "odd", "instruction"]]
    assert "photos/lost.png" in wrong[0][3]
    assert findings(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download errors.csv").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert [(row["id"], row["qie_error_code"]) for row in csv.DictReader(file)] == [
            ("lost", "image_missing"),
            ("odd", "instruction_not_understood"),
        ]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ({"name": "a.csv", "mimeType": "text/csv", "buffer": b""}, "empty"),
        ({"name": "a.csv", "mimeType": "text/csv", "buffer": b"\0\1\2"}, r"\w"),
        ({"name": "a.csv", "mimeType": "text/csv", "buffer": b"colour,weight\nred,3\n"}, "image"),
        ({"name": "a.zip", "mimeType": "application/zip", "buffer": b"no zip"}, "ZIP"),
        ({"name": "a.png", "mimeType": "image/png", "buffer": picture("red")}, "catalog"),
    ],
)
def test_a_file_that_is_no_catalog_gets_a_sentence(page, file, sentence):
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check it").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(re.compile(sentence, re.IGNORECASE))


def test_a_row_that_was_never_understood_is_not_offered_for_a_retry(page, job):
    page.goto(page.url.rstrip("/") + job)
    failures = page.locator("#failures")
    expect(failures).to_contain_text("Picture missing")
    expect(failures).to_contain_text("mend them in errors.csv")
    expect(failures.get_by_role("button")).to_have_count(0)


def test_the_keyboard_alone_is_enough(page, job):
    home = page.url
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("input[type=file]")).to_be_focused()

    page.goto(home.rstrip("/") + job)
    page.locator(".card .frames").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".card").nth(1).locator(".frames")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_value("100")
    expect(page.locator(".stage")).to_have_attribute("style", re.compile("--at: 100%"))
    page.locator(".stage").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Full size")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Full size")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/items/*.0*")
    page.keyboard.press("Escape")
    page.wait_for_url(f"**{job}*")
    expect(page.locator(".card").first.locator(".frames")).to_be_focused()


PLACES = ("/", "/jobs", "/schedules", "/costs", "/costs?by=sku", "/workers", "/jobs/nothing", "")


@pytest.mark.parametrize("options", [{}, PHONE | {"locale": "zh-CN"}, {"color_scheme": "dark"}])
def test_every_page_is_sound_and_no_wider_than_the_window(browser, gateway, job, options):
    with logged_in(browser, gateway.settings, **options) as page:
        for place in (*PLACES, f"{job}/items/{job.rpartition('/')[2]}.0"):
            page.goto(gateway.url + (place or job))
            assert too_wide(page) == [], place
            assert findings(page) == [], place


def test_without_a_script_a_catalog_is_checked_and_submitted_as_well(browser, gateway):
    with logged_in(browser, gateway.settings, java_script_enabled=False) as page:
        send(page, packed(ROWS))
        page.get_by_role("button", name="Submit", exact=True).click()
        page.wait_for_url("**/jobs/*")
        expect(page.locator("#progress")).to_contain_text("of 3 pictures")


def test_a_schedule_is_added_to_files_that_were_dropped_and_removed_once_it_is_confirmed(page):
    send(page, packed(ROWS))
    page.get_by_role("link", name="Or have it submitted by the clock").click()
    page.get_by_label("Name").fill("nightly")
    page.get_by_label("Timezone").fill("Asia/Shanghia")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("Asia/Shanghai")
    page.get_by_label("Timezone").fill("Asia/Shanghai")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("region", name="nightly")).to_contain_text("02:00 CST")
    page.get_by_text("Remove …").click()
    page.get_by_role("button", name="Yes, remove").click()
    expect(page.get_by_text("No catalog is submitted by the clock yet.")).to_be_visible()
