from __future__ import annotations

from pathlib import Path

import pytest

from qie_batch.cli.page import page
from qie_batch.model import JobState
from qie_batch.views import job_view
from tests.support.jobs import progress

CLOSED = {"state": JobState.CLOSED}
NEXT = "next      "


def shown(*arguments, folder=None, **changes):
    return str(page(job_view(progress(*arguments, **changes)), folder)).splitlines()


def commands(**changes):
    return [line.removeprefix(NEXT) for line in shown({}, **changes) if line.startswith(NEXT)]


def test_an_open_job_shows_counts_rate_time_left_cost_and_failures_by_reason():
    assert shown(
        {"pending": 4, "running": 1, "succeeded": 8, "failed": 3},
        job={"budget_micros": 20_000_000, "engine": "qwen", "preset": "fast"},
        cached=2,
        failures={"image_missing": 2, "engine_lost": 1},
        attempts=9,
        seconds=4.56,
        spent_micros=12_340_000,
        saved_micros=2_000_000,
        lost_micros=1_000_000,
        last_minute=5,
    ) == [
        "catalog.csv  261126-j58fhp  open",
        "engine    qwen fast (there is no CUDA card here)",
        "items     4 pending, 1 running, 8 succeeded, 3 failed",
        "cached    2",
        "attempts  9, 4.6 device seconds",
        "cost      $12.34 spent, $2.00 saved by the cache, $1.00 lost to failed attempts",
        "budget    $20.00",
        "rate      5 edits in the last minute",
        "left      1 min 0 s",
        "failed    1 x engine_lost",
        "failed    2 x image_missing",
        "next      qie-batch status 261126-j58fhp --watch",
    ]


def test_without_a_rate_the_time_left_is_not_known():
    assert "left      not known yet" in shown({"pending": 1})


def test_a_closed_job_has_no_rate_and_points_to_its_results():
    lines = shown({"succeeded": 2}, job=CLOSED)
    assert not [line for line in lines if line.startswith(("rate", "left"))]
    assert lines[-1] == "next      qie-batch results 261126-j58fhp --out pictures"


@pytest.mark.parametrize(
    ("reason", "command"),
    [("user", "resume 261126-j58fhp"), ("budget", "resume 261126-j58fhp --budget USD")],
)
def test_a_paused_job_says_why_and_how_it_goes_on(reason, command):
    job = {"state": JobState.PAUSED, "pause_reason": reason}
    assert shown({"pending": 1}, job=job)[0].endswith(f"paused ({reason})")
    assert commands(job=job) == [f"qie-batch {command}"]


@pytest.mark.parametrize(
    ("failures", "retries"),
    [
        ({"instruction_not_understood": 1, "image_missing": 2}, []),
        ({"store_unavailable": 1, "engine_lost": 2}, ["retry 261126-j58fhp"]),
        (
            {"image_missing": 1, "result_lost": 1, "preempted": 1},
            ["retry 261126-j58fhp --code preempted", "retry 261126-j58fhp --code result_lost"],
        ),
    ],
)
def test_only_failures_that_may_pass_are_offered_for_a_retry(failures, retries):
    assert commands(job=CLOSED, failures=failures)[1:] == [f"qie-batch {retry}" for retry in retries]


def test_a_command_looks_at_the_same_folder():
    (line,) = [line for line in shown({}, folder=Path("/srv/my shop")) if line.startswith(NEXT)]
    assert line == "next      qie-batch --dir '/srv/my shop' status 261126-j58fhp --watch"
