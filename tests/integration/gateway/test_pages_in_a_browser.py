"""Pages as people use them, in headless Chromium: from the drop to the download, by keyboard, on a phone."""

from __future__ import annotations

import base64
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


def test_foreign_headers_are_chosen_on_the_page_and_loose_pictures_found(page):
    rows = b"Nr;Foto;Wunsch\nA1;images/red.png;make it brighter\nA2;images/blue.png;make it darker\n"
    loose = [
        {"name": f"{name}.png", "mimeType": "image/png", "buffer": picture(name)} for name in ("red", "blue")
    ]
    send(page, {"name": "katalog.csv", "mimeType": "text/csv", "buffer": rows}, *loose)
    expect(page.get_by_role("alert")).to_contain_text("Id, Picture, Instruction")
    assert findings(page) == []
    for column, header in (("Id", "Nr"), ("Picture", "Foto"), ("Instruction", "Wunsch")):
        page.get_by_role("combobox", name=column, exact=True).select_option(label=header)
    page.get_by_role("button", name="Check again").first.click()
    expect(page.get_by_role("heading", name="All 2 rows can be edited")).to_be_visible()
    understood = page.get_by_role("region", name="How it was understood")
    expect(understood).to_contain_text("cells separated by semicolon")
    expect(understood).to_contain_text("2 pictures found by their file names alone")
    assert findings(page) == []
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/jobs/*")
    expect(page.get_by_role("heading", name="A2")).to_be_visible()


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ({"name": "a.csv", "mimeType": "text/csv", "buffer": b""}, "empty"),
        ({"name": "a.csv", "mimeType": "text/csv", "buffer": b"\0\1\2"}, r"\w"),
        ({"name": "a.csv", "mimeType": "text/csv", "buffer": b"colour,weight\nred,3\n"}, "picture"),
        ({"name": "a.zip", "mimeType": "application/zip", "buffer": b"no zip"}, "ZIP"),
        ({"name": "a.png", "mimeType": "image/png", "buffer": picture("red")}, "catalog"),
    ],
)
def test_a_file_that_is_no_catalog_gets_a_sentence(page, file, sentence):
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check it").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(re.compile(sentence, re.IGNORECASE))


@pytest.mark.slow
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


def test_a_finger_moves_the_line_and_the_captions_say_what_is_seen(browser, gateway, job):
    with logged_in(browser, gateway.settings, **PHONE) as page:
        page.goto(f"{gateway.url}{job}/items/{job.rpartition('/')[2]}.0")
        before, after = (page.locator(f".view .caption.{side}") for side in ("before", "after"))
        expect(after).to_be_visible()
        box = page.locator(".layers").bounding_box()
        finger = page.context.new_cdp_session(page)
        y = box["y"] + box["height"] / 2
        for kind, part in (("touchStart", 0.5), ("touchMove", 0.4), ("touchMove", 0.02)):
            point = {"x": box["x"] + box["width"] * part, "y": y}
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(page.get_by_role("slider")).to_have_value("2")
        expect(before).to_be_hidden()
        page.touchscreen.tap(box["x"] + box["width"] * 0.75, y)
        expect(page.get_by_role("slider")).to_have_value("75")
        expect(before).to_be_visible()


def test_a_page_whose_events_fail_asks_again_by_itself(page, gateway):
    image = f"data:image/png;base64,{base64.b64encode(picture('red')).decode()}"
    row = {"id": "waits", "image": image, "instruction": "make it brighter"}
    with gateway.client() as client:
        # The workers here have another engine.
        job = (
            client.post("/api/jobs", json={"rows": [row], "engine": "qwen"}).raise_for_status().json()["job"]
        )
        page.route("**/events", lambda route: route.fulfill(status=503))
        page.goto(f"{gateway.url}/jobs/{job}")
        expect(page.locator("#state")).to_contain_text("Running")
        client.post(f"/api/jobs/{job}/cancel").raise_for_status()
    expect(page.locator("#state")).to_contain_text("Done")


PLACES = ("/", "/jobs", "/schedules", "/costs", "/costs?by=sku", "/workers", "/jobs/nothing", "")


@pytest.mark.parametrize(
    "options",
    [
        PHONE | {"locale": "zh-CN"},
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"color_scheme": "dark"}, marks=pytest.mark.slow),
    ],
)
def test_every_page_is_sound_and_no_wider_than_the_window(browser, gateway, job, options):
    with logged_in(browser, gateway.settings, **options) as page:
        for place in (*PLACES, f"{job}/items/{job.rpartition('/')[2]}.0"):
            page.goto(gateway.url + (place or job))
            assert too_wide(page) == [], place
            assert findings(page) == [], place


@pytest.mark.slow
def test_without_a_script_a_catalog_is_checked_and_submitted_as_well(browser, gateway):
    with logged_in(browser, gateway.settings, java_script_enabled=False) as page:
        send(page, packed(ROWS))
        page.get_by_role("button", name="Submit", exact=True).click()
        page.wait_for_url("**/jobs/*")
        expect(page.locator("#progress")).to_contain_text("of 3 pictures")


@pytest.mark.slow
def test_a_schedule_is_added_to_files_that_were_dropped_and_removed_once_it_is_confirmed(page):
    send(page, packed(ROWS))
    page.get_by_role("link", name="Submit it by the clock").click()
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
