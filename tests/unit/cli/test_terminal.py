from __future__ import annotations

import io
import re

import pytest

from qie_batch.cli import terminal
from qie_batch.cli.page import page
from qie_batch.cli.terminal import Column, bar, print_live, print_page, print_table
from qie_batch.model import JobState
from qie_batch.views import job_view
from tests.support.jobs import progress

JOBS = (
    Column(title="job"),
    Column(title="state"),
    Column(title="name", may_wrap=True),
    Column(title="done", is_number=True),
)
ROWS = [
    ("261126-j58fhp", "closed", "spring [bold]sale", "14/14"),
    ("261126-002d21ac", "failed", "autumn " * 8 + "catalog.csv", "1/200000"),
]


@pytest.fixture
def screen(monkeypatch):
    """A terminal of so many columns, and what was written to it."""

    def screen(width, term="dumb"):
        for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"COLUMNS": width, "LINES": 40, "TTY_COMPATIBLE": 1, "TERM": term}.items():
            monkeypatch.setenv(name, str(value))
        return terminal.console(io.StringIO())

    return screen


def lines(shown):
    """Without colours and movements."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.file.getvalue())
    return [line.rstrip() for line in text.splitlines()]


def closed(**changes):
    return page(
        job_view(progress({"succeeded": 13, "failed": 1}, job={"state": JobState.CLOSED}, **changes)), None
    )


def test_a_table_aligns_numbers_right_and_takes_names_as_they_are(screen):
    shown = screen(80)
    print_table(shown, JOBS, ROWS[:1])
    assert lines(shown) == [
        "job            state   name                done",
        "261126-j58fhp  closed  spring [bold]sale  14/14",
    ]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_no_id_is_cut_or_folded_however_narrow_the_terminal(screen, width):
    shown = screen(width)
    print_table(shown, JOBS, ROWS)
    text = shown.file.getvalue()
    assert [text.count(id_) for id_, *_ in ROWS] == [1, 1]
    assert [text.count(done) for *_, done in ROWS] == [1, 1]
    assert text.split()[-1] != "…"
    assert "".join(text.split()).count("catalog.csv") == 1


def test_a_table_fits_eighty_columns_by_wrapping_its_names(screen):
    shown = screen(80)
    print_table(shown, JOBS, ROWS)
    assert max(map(len, lines(shown))) <= 80
    assert len(lines(shown)) == 4


def test_a_footer_stands_below_its_columns(screen):
    shown = screen(80)
    columns = (Column(title="sku"), Column(title="items", is_number=True))
    print_table(shown, columns, [("shoe", "2"), ("bag", "11")], ("total", "13"))
    assert lines(shown) == ["sku    items", "shoe       2", "bag       11", "total     13"]


def test_states_are_coloured(screen):
    shown = screen(80, "xterm")
    print_table(shown, JOBS, ROWS)
    assert "\x1b[32mclosed" in shown.file.getvalue()
    assert "\x1b[31mfailed" in shown.file.getvalue()


def test_no_color_is_respected(screen, monkeypatch):
    coloured = screen(80, "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = terminal.console(io.StringIO())
    for shown in (coloured, plain):
        print_table(shown, JOBS, ROWS)
        print_page(shown, closed(failures={"image_missing": 1}))
    found = [re.findall(r"\x1b\[(3\d)m", shown.file.getvalue()) for shown in (coloured, plain)]
    assert found == [["32", "31", "32", "32", "31"], []]


def test_a_page_has_every_fact_and_the_next_command_in_one_line(screen):
    shown = screen(80)
    print_page(shown, closed(failures={"image_missing": 1}, spent_micros=254))
    assert lines(shown) == [
        "catalog.csv",
        "done      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  14/14",
        "job       261126-j58fhp",
        "state     closed",
        "engine    classic (there is no CUDA card here)",
        "items     13 succeeded, 1 failed",
        "cached    0",
        "attempts  0, 0.0 device seconds",
        "cost      $0.000254 spent, $0.00 saved by the cache, $0.00 lost to failed",
        "          attempts",
        "failed    1 x image_missing",
        "next      qie-batch results 261126-j58fhp --out pictures",
    ]


def test_the_next_command_is_not_broken_in_a_narrow_terminal(screen):
    shown = screen(30)
    print_page(shown, closed())
    assert "next      qie-batch results 261126-j58fhp --out pictures" in lines(shown)


def test_a_live_page_is_drawn_over_the_one_before_and_the_last_stays(screen):
    shown = screen(80, "xterm")
    running = page(job_view(progress({"pending": 7, "succeeded": 7})), None)
    print_live(shown, [running, closed()])
    text = shown.file.getvalue()
    assert "\x1b[2J" not in text
    assert text.count("\x1b[1A") >= len(running.facts)
    assert "7/14" in text.partition("\x1b[1A")[0]
    last = text.rpartition("\x1b[1A")[2]
    assert "14/14" in last
    assert "7 pending" not in last
    assert lines(shown)[-1] == "next      qie-batch results 261126-j58fhp --out pictures"


def test_a_bar_ends_full_with_its_count(screen):
    shown = screen(80, "xterm")
    with bar(shown, "editing", 14) as advance:
        for done in range(15):
            advance(done)
    assert "editing ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 14/14" in lines(shown)[-1]


def test_without_a_total_there_is_a_count_and_no_bar(screen):
    shown = screen(80, "xterm")
    with bar(shown, "checking pictures", None) as advance:
        advance(5)
    assert "checking pictures 5" in lines(shown)[-1]
    assert "/" not in shown.file.getvalue()
    assert "━" not in shown.file.getvalue()
