from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

from qie_batch.model import Failure, ItemState, Usage
from qie_batch.report import ROWS_PER_REASON, Pair, render
from tests.support.reports import item, summary

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}</style>"


class Tags(HTMLParser):
    """Every tag with its attributes, and the text in between."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.text = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def pair(before=b"\xff\xd8before", after=b"\xff\xd8after", **changes):
    return Pair(item=item(**changes), before=before, after=after)


def failed_row(number, code="image_missing", reason="It is not there."):
    return item(
        line=number + 2,
        row_id=f"BAD-{number}",
        state=ItemState.FAILED,
        failure=Failure(code=code, reason=reason),
    )


def page(*pairs, **changes):
    return render(summary(**changes), iter(pairs)).decode()


def words(html):
    """What a person reads of the body."""
    return " ".join(" ".join(Tags(html.partition("<body>")[2]).text).split())


def test_nothing_a_row_says_becomes_html():
    html = page(
        pair(row_id=HOSTILE, instruction=HOSTILE, engine=HOSTILE),
        pair(state=ItemState.FAILED, after=None, failure=Failure(code="x", reason=HOSTILE)),
        job_name=HOSTILE,
        failed=[replace(failed_row(0, HOSTILE, HOSTILE), row_id=HOSTILE)],
    )
    tags = Tags(html).tags
    assert not [tag for tag, _ in tags if tag in {"script", "iframe", "object", "a", "form", "base"}]
    assert not [attrs for _, attrs in tags if any(name.startswith("on") or name == "style" for name in attrs)]
    assert "49" not in words(html)
    assert HOSTILE in "".join(Tags(html).text)


def test_the_page_loads_nothing_from_anywhere():
    html = page(pair(), pair(before=None))
    for _, attrs in Tags(html).tags:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert attrs.get(name, "data:").startswith("data:")
    assert not re.search(r"url\(|@import|https?:|//\w", html.partition("<body>")[0])


def test_the_policy_allows_our_style_and_nothing_else():
    html = page(pair())
    tags = Tags(html).tags
    (policy,) = [
        attrs["content"] for _, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert html.count("<style") == 1


def test_the_head_says_what_was_done_and_what_it_cost():
    html = words(page(done=1203, cached=3, failed=[failed_row(0)]))
    for fact in (
        "catalog.csv",
        "j-1",
        "2026-11-22 19:01 UTC",
        "classic on cpu There is no CUDA card",
        "1,203 of 1,205 pictures done",
        "1,200 edited",
        "3 cached",
        "1 failed",
        "1 cancelled",
        "Spent $12.34",
        "Saved by the cache $5.67",
        "Lost to failed attempts $1.23",
        "Device time 4.2 s",
        "Wall time 1 min 5 s",
    ):
        assert fact in html


def test_every_failure_stands_under_its_reason_the_commonest_first():
    rows = [
        failed_row(0, "too_small", "Tiny."),
        *(failed_row(n) for n in range(1, 4)),
        failed_row(4, "too_small"),
    ]
    html = words(page(failed=rows))
    assert html.index("Image missing 3") < html.index("Too small 2")
    for row in rows:
        assert f"{row.line} {row.row_id} {row.failure.reason}" in html


def test_a_long_list_of_failures_ends_with_how_many_more():
    html = words(page(failed=[failed_row(n) for n in range(ROWS_PER_REASON + 1234)]))
    assert f"BAD-{ROWS_PER_REASON - 1} " in html
    assert f"BAD-{ROWS_PER_REASON} " not in html
    assert "1,234 more in errors.csv." in html


def test_a_card_shows_both_pictures_and_what_they_took():
    html = page(pair(attempts=2, variant=1))
    pictures = [attrs for tag, attrs in Tags(html).tags if tag == "img"]
    assert [base64.b64decode(attrs["src"].partition(",")[2]) for attrs in pictures] == [
        b"\xff\xd8before",
        b"\xff\xd8after",
    ]
    assert [attrs["alt"] for attrs in pictures] == ["SKU-1, before", "SKU-1, after"]
    card = words(html).partition("Before After")[2]
    for fact in (
        "SKU-1 variant 2",
        "Make the background white",
        "classic",
        "1.5 s",
        "$2.50",
        "1024 \u00d7 768",
        "2 attempts",
    ):
        assert fact in card


def test_a_cached_card_says_so_and_costs_nothing():
    html = words(page(pair(cached=True, attempts=0, device_seconds=0.0, cost_micros=0)))
    assert "SKU-1 cached Make" in html
    assert "1024 \u00d7 768 changed 62 % of the picture $0.00" in html


def test_a_card_shows_the_note_of_its_edit():
    assert "kept transparency" in words(page(pair(note="kept transparency")))


def test_a_failed_card_shows_the_picture_it_has_and_the_reason():
    failure = Failure(code="too_small", reason="The picture is 8 x 8 pixels.")
    html = page(pair(state=ItemState.FAILED, after=None, failure=failure, width=None, height=None))
    assert sum(tag == "img" for tag, _ in Tags(html).tags) == 1
    assert "Before Not edited After SKU-1 failed" in words(html)
    assert "The picture is 8 x 8 pixels." in words(html)


def test_a_cap_on_the_pairs_is_told():
    assert "The first 2 of 1,204 are shown." in words(page(pair(), pair(), done=1203))
    assert "are shown" not in words(page(pair(), pair(), pair(), pair()))


def test_only_what_is_there_can_be_filtered():
    values = [attrs["value"] for tag, attrs in Tags(page(pair(), pair(cached=True))).tags if tag == "input"]
    assert values == ["all", "edited", "cached"]
    assert "<input" not in page(pair(), pair())


def test_chinese_and_half_characters_come_out_as_utf8():
    html = page(pair(row_id="货号-1\ud800", instruction="把背景换成白色"))
    assert "把背景换成白色" in html
    assert "货号-1?" in html


def test_a_job_of_nothing_is_still_a_page():
    assert "0 of 0 pictures done" in words(page(done=0, cached=0, cancelled=0))


def test_the_page_draws_where_the_time_went():
    usages = [Usage(seconds=3.0, phases={"wait": 1.0, "paint.steps": 3.0})]
    html = page(pair(), usages=usages)
    assert words(html).count("Where the time went") == 1
    bars = [attrs for tag, attrs in Tags(html).tags if tag == "svg" and "steps" in attrs["aria-label"]]
    assert [bar["aria-label"] for bar in bars] == ["wait for the device 25 %, steps 75 %"]
    widths = {attrs["class"]: attrs["width"] for tag, attrs in Tags(html).tags if tag == "rect"}
    assert (widths["wait"], widths["paint_steps"]) == ("25.0000%", "75.0000%")


def test_a_job_whose_phases_are_not_known_has_no_bar_of_them():
    assert "Where the time went" not in page(pair())
