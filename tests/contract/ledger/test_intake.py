"""What every ledger promises about jobs that come in."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from qie_batch.errors import UsageError
from qie_batch.ledger.intake import CHUNK
from qie_batch.model import (
    Failure,
    ItemState,
    JobSelection,
    JobState,
    OutputFormat,
    Priority,
    ReadingOptions,
    RowDefaults,
)
from tests.support.ledgers import START, add, finish, new_items, new_job, spec, told

NO_PICTURE = Failure(code="image_missing", reason="there is no picture at this path")


def test_a_job_comes_back_as_it_was_given(ledger):
    given = new_job(
        name="Frühjahr 春.csv",
        reading=ReadingOptions(mapping={"id": "货号"}, encoding="big5", sheet="春", header_line=3),
        defaults=RowDefaults(
            instruction="white background", size=(800, 600), cfg=4.5, variants=2, quality=80, keep_alpha=True
        ),
        folder="s3://shop/2026/",
        budget_micros=2**53 + 1,
        priority=Priority.HIGH,
    )
    ledger.intake.add_job(given, [])
    job = ledger.jobs.get("job")
    for name in given.__slots__:
        assert getattr(job, name) == getattr(given, name)
    assert (job.state, job.created_at, job.closed_at, job.pause_reason) == (JobState.OPEN, START, None, "")


def test_an_item_comes_back_as_it_was_given(ledger):
    given = spec(
        "红色 🎨",
        inputs=("aa" * 32, "bb" * 32),
        width=1024,
        height=768,
        steps=24,
        cfg=4.5,
        seed=2**31,
        output=OutputFormat.WEBP,
    )
    ledger.intake.add_job(new_job(), new_items(given))
    (item,) = ledger.jobs.items("job")
    assert item.spec == given
    assert item.spec.cache_key == given.cache_key
    assert (item.id, item.row_id, item.line, item.variant) == ("job.0", "sku-0", 2, 0)
    assert (item.attempt, item.cached, item.failure, item.result) == (0, False, None, None)


def test_a_manifest_that_breaks_midway_leaves_nothing(ledger):
    def breaking():
        yield from new_items(*(spec(str(number)) for number in range(CHUNK + 1)))
        raise ConnectionError

    with pytest.raises(ConnectionError):
        ledger.intake.add_job(new_job(), breaking())
    with pytest.raises(UsageError, match="no job 'job'"):
        ledger.jobs.get("job")
    assert list(ledger.jobs.items("job")) == []
    assert ledger.intake.add_job(new_job(), new_items(spec("red")))


def test_a_job_id_is_taken_once(ledger):
    add(ledger, "red")
    assert ledger.intake.add_job(new_job(name="other.csv"), new_items(spec("blue"), spec("green"))) is False
    assert ledger.jobs.get("job").order.name == "job.csv"
    assert told(ledger) == "p"


def test_of_eight_submits_of_one_job_one_is_it(ledger):
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: ledger.intake.add_job(new_job(), new_items(spec("red"))), range(8)))
    assert sorted(added) == [False] * 7 + [True]
    assert told(ledger) == "p"


def test_a_row_not_understood_is_failed_from_the_start(ledger):
    ledger.intake.add_job(new_job(), new_items(NO_PICTURE, spec("red")))
    failed, pending = ledger.jobs.items("job")
    assert (failed.state, failed.failure, failed.spec) == (ItemState.FAILED, NO_PICTURE, None)
    assert pending.state is ItemState.PENDING


def test_a_known_result_is_cached_on_intake(ledger):
    add(ledger, "red")
    finish(ledger, seconds=2.5)
    add(ledger, "red", "blue", job_id="again")
    cached, pending = ledger.jobs.items("again")
    assert (cached.state, cached.cached, cached.attempt, cached.cost_micros) == (
        ItemState.SUCCEEDED,
        True,
        0,
        0,
    )
    assert cached.result.cost_micros == 2500
    assert (pending.state, pending.cached) == (ItemState.PENDING, False)


def test_a_large_job_keeps_its_order(ledger):
    words = [f"shade {number}" for number in range(2 * CHUNK + 1)]
    add(ledger, *words)
    assert [item.spec.params.instruction for item in ledger.jobs.items("job")] == [
        f"make it {word}" for word in words
    ]


def test_any_number_of_cache_keys_may_be_asked_for(ledger):
    add(ledger, "red")
    finish(ledger)
    keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(70_000)]
    assert ledger.intake.known_results([*keys, spec("red").cache_key]) == {spec("red").cache_key}
    assert ledger.intake.known_results([]) == set()


def test_jobs_are_listed_newest_first(ledger, clock):
    for job_id in "abc":
        add(ledger, job_id=job_id)
        clock.turn(1)
    assert [job.id for job in ledger.jobs.latest()] == ["c", "b", "a"]
    assert [job.id for job in ledger.jobs.latest(JobSelection(limit=1))] == ["c"]
