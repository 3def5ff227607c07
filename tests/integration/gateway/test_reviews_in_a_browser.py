"""The review page as a reviewer uses it, in headless Chromium: by keyboard alone, beside another reviewer."""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from contextlib import contextmanager

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.support.browsing import PHONE, chromium, findings, logged_in, too_wide
from tests.support.catalogs import closed


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


#: Of one result people decide once; each job has results of its own.
COLOURS = (f"hsl({hue}, 80%, 50%)" for hue in range(0, 360, 7))


def image(colour):
    drawn = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(drawn).ellipse((24, 24, 72, 72), colour)
    data = io.BytesIO()
    drawn.save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def submitted(client, number, **options):
    """A closed job of so many rows, all but the first from the cache, each waiting for a review."""
    given = {"image": image(next(COLOURS)), "instruction": "make it darker"}
    rows = [{"id": f"sku-{n}", **given} for n in range(1, number + 1)]
    answer = client.post("/api/jobs", json={"rows": rows, "review": "required", **options}).raise_for_status()
    job = answer.json()["job"]
    assert closed(client, job)["counts"]["needs_review"] == number
    return job


@pytest.fixture
def client(gateway):
    """Of an administrator, as the person in the browser is one."""
    with gateway.client("reviewers", scope="admin") as client:
        yield client


@contextmanager
def reviewing(browser, gateway, job, query="", **options):
    with logged_in(browser, gateway.settings, **options) as page:
        page.goto(f"{gateway.url}/jobs/{job}/review{query}")
        expect(page.locator("#review[data-ready]")).to_be_attached()
        expect(page.locator(".rv-stage:not(.rv-empty, [aria-busy])")).to_be_visible()
        yield page


def waiting(page, number):
    """All decisions were sent once the counts of the gateway say so."""
    expect(page.locator(".rv-progress strong").nth(1)).to_have_text(str(number))


def shown(page, name):
    expect(page.locator(".rv-about h2")).to_have_text(name)


def counts(client, job):
    found = client.get(f"/api/jobs/{job}").json()["counts"]
    return {state: found[state] for state in ("needs_review", "succeeded", "rejected") if found[state]}


@pytest.mark.parametrize("most", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_decisions_are_made_by_keyboard_alone(browser, gateway, client, most):
    job = submitted(client, most)
    with reviewing(browser, gateway, job) as page:
        for number in range(1, most + 1):
            shown(page, f"sku-{number}")
            if number % 10 == 0:
                page.keyboard.press("r")
                page.keyboard.press("3")
            elif number % 25 == 1:
                page.keyboard.press("n")
                page.keyboard.type("look at the label")
                page.keyboard.press("Enter")
                page.keyboard.press("a")
            else:
                page.keyboard.press("a")
        shown(page, "Nothing is left to decide here")
        waiting(page, 0)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.keyboard.press("u")
        shown(page, f"sku-{most}")
        expect(page.locator(".rv-latest")).to_contain_text("Undone by local")
        assert findings(page) == []
    rejected = most // 10 - 1
    assert counts(client, job) == {"needs_review": 1, "succeeded": most - rejected - 1, "rejected": rejected}
    noted = client.get(f"/api/jobs/{job}/items/{job}.0/reviews").json()["history"]
    assert [(each["decision"], each["note"], each["reviewer"]) for each in noted] == [
        ("noted", "look at the label", "local"),
        ("approved", "", "local"),
    ]
    listed = client.get(f"/api/jobs/{job}/reviews?show=rejected&limit=200").json()["items"]
    assert Counter(item["latest"]["note"] for item in listed) == {"Nothing changed": rejected}


def test_a_late_answer_takes_no_later_decision_back(browser, gateway, client):
    job = submitted(client, 2)
    held = []

    def hold(route):
        if route.request.method == "POST" and f"{job}.0" in route.request.url:
            held.append(route)
        else:
            route.continue_()

    with reviewing(browser, gateway, job) as page:
        page.route("**/reviews", hold)
        for key in ("n", "x", "Enter", "a"):
            page.keyboard.press(key)
        shown(page, "sku-2")
        expect(page.locator(".rv-progress")).to_contain_text("1 decided · 1 to review · 2 being sent")
        with page.expect_request(lambda request: '"approved"' in (request.post_data or "")):
            held[0].continue_()
        page.keyboard.press("a")
        shown(page, "Nothing is left to decide here")
        held[1].continue_()
        expect(page.locator(".rv-progress")).to_have_text("2 decided · 0 to review")
    assert counts(client, job) == {"succeeded": 2}


def test_who_decides_second_is_told_who_was_first(browser, gateway, client):
    job = submitted(client, 3)
    with reviewing(browser, gateway, job) as page:
        shown(page, "sku-1")
        other = {"version": 1, "decision": "rejected", "note": "the logo is gone"}
        version = client.get(f"/api/jobs/{job}/items/{job}.0/reviews").json()["item"]["version"]
        client.post(
            f"/api/jobs/{job}/items/{job}.0/reviews", json=other | {"version": version}
        ).raise_for_status()
        page.keyboard.press("a")
        shown(page, "sku-2")
        alert = page.locator(".rv-alert")
        expect(alert).to_contain_text(re.compile("rejected by reviewers-program .*the logo is gone"))
        assert findings(page) == []
        alert.get_by_role("button", name="Look at it again").click()
        shown(page, "sku-1")
        expect(page.locator(".rv-status")).to_have_text("rejected")
        expect(page.get_by_role("button", name="Approve", exact=True)).to_be_disabled()
    assert counts(client, job) == {"needs_review": 2, "rejected": 1}


def test_a_result_is_made_again_with_another_instruction(browser, gateway, client):
    job = submitted(client, 2)
    with reviewing(browser, gateway, job) as page:
        page.keyboard.press("e")
        page.get_by_label("Instruction").fill("make it brighter")
        page.keyboard.press("Control+Enter")
        shown(page, "sku-2")
        waiting(page, 1)
        page.keyboard.press("ArrowLeft")
        shown(page, "sku-1")
        closed(client, job)
        page.reload()
        shown(page, "sku-1")
        expect(page.locator(".rv-instruction")).to_have_text("make it brighter")
        expect(page.locator(".rv-status")).to_have_text("needs review")


def test_many_are_approved_at_once_after_a_question(browser, gateway, client):
    job = submitted(client, 5)
    with reviewing(browser, gateway, job) as page:
        page.get_by_role("button", name="Approve all …").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("5 pictures of this filter")
        assert findings(page) == []
        dialog.get_by_role("button", name="Yes, approve 5").click()
        expect(page.locator(".rv-alert")).to_contain_text("5 decided; 0 were decided by others")
    assert counts(client, job) == {"succeeded": 5}


def test_the_images_are_compared_in_every_way(browser, gateway, client):
    job = submitted(client, 2)
    with reviewing(browser, gateway, job) as page:
        scale = page.locator(".rv-scale")
        whole = scale.inner_text()
        page.keyboard.press("z")
        expect(scale).not_to_have_text(whole)
        places = page.locator("img.rv-image").evaluate_all("all => all.map(each => each.style.transform)")
        assert len(set(places)) == 1
        page.keyboard.press("Shift+ArrowRight")
        moved = page.locator("img.rv-image").evaluate_all("all => all.map(each => each.style.transform)")
        assert len(set(moved)) == 1
        assert moved != places
        page.keyboard.press("f")
        expect(page.locator(".rv-caption-before")).to_be_visible()
        expect(page.locator(".rv-after")).to_be_hidden()
        page.keyboard.press("f")
        expect(page.locator(".rv-before")).to_be_hidden()
        page.keyboard.press("d")
        expect(page.locator("canvas.rv-image")).to_be_visible()
        expect(page.locator(".rv-caption-after")).to_contain_text(re.compile(r"\d.* % differs"))
        page.keyboard.press("Escape")
        expect(scale).to_have_text(whole)
        page.keyboard.press("s")
        expect(page.locator(".rv-before")).to_be_visible()
        expect(page.locator(".rv-after")).to_be_visible()
        assert findings(page) == []
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("flicker between before and after")
        assert findings(page) == []


@pytest.mark.parametrize(
    "options",
    [
        PHONE | {"locale": "zh-CN"},
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"color_scheme": "dark"}, marks=pytest.mark.slow),
    ],
)
def test_the_review_is_sound_and_no_wider_than_the_window(browser, gateway, client, options):
    job = submitted(client, 3)
    with reviewing(browser, gateway, job, **options) as page:
        assert too_wide(page) == []
        assert findings(page) == []
        page.goto(f"{gateway.url}/jobs/{job}/items/{job}.0")
        assert too_wide(page) == []
        assert findings(page) == []


def test_who_may_not_review_is_told_so(gateway, client):
    job = submitted(client, 1)
    asked = {"version": 1, "decision": "approved"}
    with gateway.client("reviewers", scope="jobs:read jobs:write") as reader:
        refused = reader.post(f"/api/jobs/{job}/items/{job}.0/reviews", json=asked)
    assert (refused.status_code, refused.json()["detail"]) == (403, "this needs the scope review")
