"""Progress without a terminal: no line that says what the one before said."""

from __future__ import annotations

import pytest

from qie_batch.cli.display import MAX_LINE_SECONDS, _Lines, bar, bars
from tests.support.ledgers import Clock


@pytest.fixture
def clock():
    return Clock()


def printed(capsys) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_is_printed_when_something_changed(clock, capsys):
    lines = _Lines("editing", 12, clock)
    for second in range(1000):
        clock.turn(1)
        lines.show(0 if second < 500 else 7)
    lines.end()
    assert printed(capsys) == ["editing: 0 of 12", "editing: 7 of 12"]


def test_lines_of_a_fast_job_are_few_and_the_last_is_always_there(clock, capsys):
    lines = _Lines("editing", 100_000, clock)
    for done in range(1, 100_001):
        clock.turn(0.036)  # an hour in all
        lines.show(done)
    lines.end()
    lines.end()
    found = printed(capsys)
    assert found[-1] == "editing: 100000 of 100000"
    assert len(found) == len(set(found))
    assert 3600 / MAX_LINE_SECONDS < len(found) < 170


def test_of_a_short_phase_the_end_is_printed(capsys):
    with bar("downloading", 3) as show:
        for done in (1, 2, 3):
            show(done)
    with bar("downloading", 0):
        pass
    assert printed(capsys) == ["downloading: 3 of 3"]


def test_a_phase_that_fails_prints_no_end(capsys):
    with pytest.raises(ZeroDivisionError), bar("downloading", 3) as show:  # noqa: PT012 - the last line raises
        show(1)
        raise ZeroDivisionError
    assert printed(capsys) == []


def test_phases_follow_one_another(capsys):
    with bars() as show:
        show("reading", 5, None)
        show("reading", 9, 9)
        show("uploading", 1, 2)
        show("uploading", 2, 2)
        show("storing", 1, 2)
    assert printed(capsys) == ["reading: 9", "uploading: 2 of 2", "storing: 1 of 2"]
