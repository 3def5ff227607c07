from __future__ import annotations

import pytest

from qie_batch.gateway.pages import assets
from qie_batch.gateway.pages.costs import chart
from qie_batch.gateway.pages.login import local
from qie_batch.gateway.pages.paging import Pages
from qie_batch.views import CostView


def line(key, spent, lost=0):
    return CostView(
        key=key, items=1, device_seconds=1.0, spent_micros=spent, saved_micros=0, lost_micros=lost
    )


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
        "/\t/b",
    ],
)
def test_a_login_leads_nowhere_else(address):
    assert local(address) == "/"


def test_a_login_leads_back_to_the_page_that_was_asked_for():
    assert local("/jobs/x?show=failed#pairs") == "/jobs/x?show=failed#pairs"


def test_a_bar_is_as_high_as_its_part_of_a_round_scale():
    drawn = chart([line("2026-11-26", 3_000_000, 1_000_000), line("2026-11-27", 5_000_000)])
    room = drawn.marks[0].y - drawn.marks[2].y
    assert [mark.label for mark in drawn.marks] == ["$0.00", "$2.50", "$5.00"]
    assert [bar.height / room for bar in drawn.bars] == [0.6, 1.0]
    assert drawn.bars[0].lost_height == pytest.approx(room / 5)
    assert [bar.label for bar in drawn.bars] == ["11-26", "11-27"]
    assert (drawn.most, drawn.most_key) == (5_000_000, "2026-11-27")


@pytest.mark.parametrize("spent", [0, 1, 3, 999_999, 1_000_001, 2**53])
def test_no_bar_leaves_the_chart(spent):
    drawn = chart([line("a" * 300, spent, spent)])
    assert 0 <= drawn.bars[0].height <= drawn.height
    assert drawn.bars[0].y >= 0


def test_a_chart_of_nothing_has_no_bars():
    assert chart([]).bars == ()


def test_pages_keep_their_query_and_end_at_the_last():
    pages = Pages.of(49, 24, 9, "/jobs/x", show="failed", code="", fragment="#pairs")
    assert (pages.number, pages.count) == (3, 3)
    assert pages.address(2) == "/jobs/x?show=failed&page=2#pairs"
    assert pages.address(1) == "/jobs/x?show=failed#pairs"
    assert Pages.of(0, 24, -5, "/").number == 1


def test_the_name_of_a_file_changes_with_its_bytes():
    first, second = assets._asset("a.css", b"a"), assets._asset("a.css", b"b")
    assert first.name != second.name
    assert first.name.endswith(".css")
