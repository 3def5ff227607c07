"""The keys, their order and the types of every --json."""

from __future__ import annotations

import json

import pytest

from qie_batch import views
from qie_batch.model import (
    BadRow,
    CostLine,
    Failure,
    ItemState,
    JobState,
    JobTiming,
    RunningEdit,
    RunState,
    Schedule,
    ScheduledRun,
    Usage,
    WorkerStart,
    WorkerState,
)
from tests.support.jobs import item, progress
from tests.support.ledgers import START

JOB = {
    "job": "261126-j58fhp",
    "name": "catalog.csv",
    "state": "paused",
    "pause_reason": "budget",
    "engine": "classic",
    "engine_reason": "there is no CUDA card here",
    "preset": "",
    "total": 14,
    "counts": {
        "pending": 4,
        "queued": 0,
        "running": 0,
        "succeeded": 9,
        "needs_review": 0,
        "rejected": 0,
        "failed": 1,
        "cancelled": 0,
    },
    "cached": 2,
    "attempts": 8,
    "failures": {"image_missing": 1},
    "device_seconds": 4.568,
    "spent_usd": "12.340000",
    "saved_usd": "0.000254",
    "lost_usd": "0.000000",
    "budget_usd": "20.000000",
    "edits_last_minute": 8,
    "remaining_seconds": 30.0,
    "wall_seconds": 120.0,
}


def half_done(**job):
    return progress(
        {"pending": 4, "succeeded": 9, "failed": 1},
        job={"state": JobState.PAUSED, "pause_reason": "budget", "budget_micros": 20_000_000, **job},
        cached=2,
        failures={"image_missing": 1},
        attempts=8,
        seconds=4.56789,
        spent_micros=12_340_000,
        saved_micros=254,
        last_minute=8,
    )


def as_json(value):
    """With keys in their order and numbers of their types, which == does not tell apart."""
    return json.dumps(value, ensure_ascii=False)


def test_a_job_is_its_progress_with_money_as_decimal_strings():
    assert as_json(views.dumped(views.job_view(half_done()))) == as_json(JOB)


def test_a_job_without_budget_or_rate_says_null():
    shown = views.dumped(views.job_view(progress({"pending": 1})))
    assert (shown["budget_usd"], shown["remaining_seconds"]) == (None, None)


def test_the_wall_time_of_a_closed_job_ends_when_it_was_closed():
    assert views.dumped(views.job_view(half_done(closed_at=START + 7.80049)))["wall_seconds"] == 7.8


def test_an_item_has_its_result_and_its_failure():
    edited = {
        "id": "261126-j58fhp.0",
        "line": 2,
        "row_id": "SKU-1",
        "variant": 0,
        "instruction": "make it white",
        "state": "succeeded",
        "cached": False,
        "failure": None,
        "attempts": 1,
        "device_seconds": 1.5,
        "cost_usd": "2.500000",
        "engine": "classic",
        "device": "cpu",
        "width": 1024,
        "height": 768,
        "changed": 0.62,
        "note": "kept transparency",
        "ran": {"scheduler": "Euler"},
        "findings": [],
        "review": "",
        "version": 0,
    }
    assert as_json(views.dumped(views.item_view(item()))) == as_json(edited)
    wrong = item(
        state=ItemState.FAILED, spec=None, result=None, failure=Failure(code="image_missing", reason="no")
    )
    failed = {
        "instruction": "",
        "state": "failed",
        "failure": {"code": "image_missing", "reason": "no"},
        "engine": "",
        "device": "",
        "width": None,
        "height": None,
        "changed": None,
        "note": "",
        "ran": {},
    }
    assert as_json(views.dumped(views.item_view(wrong))) == as_json(edited | failed)


@pytest.mark.parametrize("by", ["day", "sku", "engine"])
def test_a_cost_is_named_by_its_grouping(by):
    line = CostLine(
        key="x", items=28, seconds=4.5634, spent_micros=254, saved_micros=1_000_000, lost_micros=0
    )
    assert as_json(views.dumped_cost(views.cost_view(line), by)) == as_json(
        {
            by: "x",
            "items": 28,
            "device_seconds": 4.563,
            "spent_usd": "0.000254",
            "saved_usd": "1.000000",
            "lost_usd": "0.000000",
        }
    )


def test_a_schedule_lists_its_runs_as_slots():
    schedule = Schedule(name="nightly", cron="0 2 * * *", timezone="UTC", catalog="s3://shop/catalog.csv")
    runs = [
        ScheduledRun(schedule="nightly", due_at=START, state=RunState.SUBMITTED, job_id="j", note=""),
        ScheduledRun(schedule="nightly", due_at=START - 60.5, state=RunState.SKIPPED, job_id="", note="busy"),
    ]
    assert as_json(views.dumped(views.schedule_view(schedule, runs, START + 60))) == as_json(
        {
            "name": "nightly",
            "cron": "0 2 * * *",
            "timezone": "UTC",
            "catalog": "s3://shop/catalog.csv",
            "next": START + 60,
            "slots": [
                {"due_at": START, "state": "submitted", "job": "j", "note": ""},
                {"due_at": START - 60.5, "state": "skipped", "job": "", "note": "busy"},
            ],
        }
    )


def test_an_estimate_has_the_bad_rows_with_their_cells():
    bad = BadRow(line=4, id="3", column="image", code="image_missing", reason="no", cells={"图片": "鞋.png"})
    estimate = views.EstimateView(
        engine="classic",
        rows=3,
        items=3,
        pictures=2,
        cached=1,
        edits=1,
        device_seconds=0.0,
        cost_micros=20,
        fetched=2,
        unchanged=1,
        bad=1,
        bad_rows=(views.bad_row_view(bad),),
    )
    assert as_json(views.dumped(estimate)) == as_json(
        {
            "engine": "classic",
            "rows": 3,
            "items": 3,
            "pictures": 2,
            "cached": 1,
            "edits": 1,
            "device_seconds": 0.0,
            "cost_usd": "0.000020",
            "fetched": 2,
            "unchanged": 1,
            "bad": 1,
            "bad_rows": [
                {
                    "line": 4,
                    "id": "3",
                    "column": "image",
                    "code": "image_missing",
                    "reason": "no",
                    "cells": {"图片": "鞋.png"},
                }
            ],
        }
    )


def test_half_a_surrogate_pair_of_a_row_passes_through():
    bad = BadRow(line=1, id="a\ud800", column="id", code="text_invalid", reason="no", cells={"id": "a\ud800"})
    estimate = views.EstimateView(
        engine="classic",
        rows=1,
        items=1,
        pictures=0,
        cached=0,
        edits=0,
        device_seconds=0.0,
        cost_micros=0,
        fetched=0,
        unchanged=0,
        bad=1,
        bad_rows=(views.bad_row_view(bad),),
    )
    assert views.dumped(estimate)["bad_rows"][0]["cells"] == {"id": "a\ud800"}


def test_a_check_counts_bytes():
    found = views.FsckView(
        results=13, size=7_990_271, faults=("f",), orphans=(), removed=0, mended=1, to_retry=("j",)
    )
    assert as_json(views.dumped(found)) == as_json(
        {
            "results": 13,
            "bytes": 7_990_271,
            "faults": ["f"],
            "orphans": [],
            "removed": 0,
            "mended": 1,
            "to_retry": ["j"],
        }
    )


def test_a_worker_is_its_process_and_its_edits():
    edit = RunningEdit(
        worker="gpu-1",
        engine="qwen",
        device="H100",
        job_id="job",
        item_id="job.0",
        row_id="sku",
        attempt=2,
        step=3,
        steps=8,
        seconds=1.23456,
        device_seconds=1.0,
    )
    state = WorkerState(
        name="gpu-1",
        engine="qwen",
        device="H100",
        answers=True,
        seconds=60.12345,
        edits=(edit,),
        start=WorkerStart(seconds=14.23456, phases={"weights": 8.00049}),
    )
    assert as_json(views.dumped(views.worker_view(state))) == as_json(
        {
            "worker": "gpu-1",
            "engine": "qwen",
            "device": "H100",
            "answers": True,
            "uptime_seconds": 60.123,
            "start_seconds": 14.235,
            "start_phases": {"weights": 8.0},
            "edits": [
                {
                    "job": "job",
                    "item": "job.0",
                    "row_id": "sku",
                    "attempt": 2,
                    "step": 3,
                    "steps": 8,
                    "seconds": 1.235,
                    "device_seconds": 1.0,
                }
            ],
        }
    )


def test_the_timing_of_a_job_is_its_phases():
    usages = [Usage(seconds=3.0, phases={"wait": 1.00049, "paint.steps": 2.5})]
    shown = views.dumped(views.timing_view(JobTiming.of(usages, items=7, items_read=1)))
    assert as_json(shown["phases"][:2]) == as_json(
        [
            {
                "phase": phase,
                "attempts": 1,
                "seconds": seconds,
                "share": share,
                "median_seconds": seconds,
                "p95_seconds": seconds,
            }
            for phase, seconds, share in (("wait", 1.0, 0.2501), ("paint", 3.0, 0.7499))
        ]
    )
    assert (shown["attempts"], shown["items"], shown["items_read"]) == (1, 7, 1)


def test_a_bar_shows_the_parts_of_the_time_on_the_device_in_its_place():
    usages = [Usage(seconds=3.0, phases={"wait": 1.0, "paint.steps": 2.5, "paint.warp": 0.5})]
    segments = views.timing_view(JobTiming.of(usages, items=1, items_read=1)).segments
    assert [(phase.kind, round(share, 3)) for phase, share in segments] == [
        ("wait", 0.25),
        ("paint_steps", 0.625),
        ("paint_rest", 0.125),
    ]
    whole = views.timing_view(JobTiming.of([Usage(seconds=3.0)], items=1, items_read=1)).segments
    assert [(phase.kind, share) for phase, share in whole] == [("paint", 1.0)]
