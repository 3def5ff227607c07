"""What every ledger promises about progress and money: sums over items and attempts, to the micro-dollar."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from qie_batch.ledger import costs
from qie_batch.ledger.database import Database
from qie_batch.ledger.sql import SqlLedger
from qie_batch.model import CostLine, History, ItemState, Rate, Spending, Usage
from qie_batch.pricing import cost_micros
from tests.support.ledgers import (
    BROKEN,
    SECOND_MICROS,
    START,
    WORKER,
    WRONG,
    add,
    enqueue,
    finish,
    new_items,
    new_job,
    result_of,
    spec,
    start,
    told,
    used,
)

DAY = 86_400.0


@pytest.fixture
def mixed(ledger, clock):
    """Two days of everything; the first job's red is saved by the second."""
    ledger.intake.add_job(new_job(), new_items(spec("red"), spec("blue"), spec("green"), WRONG, spec("grey")))
    ledger.attempts.retry_later(start(ledger), BROKEN, used(1.5), 0.0)
    clock.turn(DAY)
    finish(ledger, seconds=2.0)
    ledger.attempts.fail(start(ledger, "job.1"), BROKEN, used(0.25))
    clock.turn(10)
    ledger.attempts.renew(start(ledger, "job.2"), 60, 1, used(0.5))
    add(ledger, "red", "pink", job_id="again")
    return ledger


def test_progress_tells_everything(mixed, clock):
    progress = mixed.costs.progress("job")
    assert {state: number for state, number in progress.counts.items() if number} == {
        ItemState.SUCCEEDED: 1,
        ItemState.FAILED: 2,
        ItemState.RUNNING: 1,
        ItemState.QUEUED: 1,
    }
    assert (progress.total, progress.done) == (5, 3)
    assert progress.failures == {"image_missing": 1, "store_unavailable": 1}
    assert (progress.attempts, progress.seconds, progress.cached) == (4, 4.25, 0)
    assert (progress.spent_micros, progress.lost_micros, progress.saved_micros) == (4250, 1750, 0)
    assert (progress.last_minute, progress.now) == (2, clock.now)
    assert progress.job == mixed.jobs.get("job")


def test_the_moment_of_a_progress_is_not_after_its_figures(ledger):
    """Or a job would be closed over what ended between them."""
    add(ledger, "red")
    waiting = [lambda: finish(ledger)]

    def interrupted():
        if waiting:
            waiting.pop()()
        return START

    database = Database(ledger._db.engine.url.render_as_string(hide_password=False), interrupted)
    assert SqlLedger(database).costs.progress("job").done == 1
    database.engine.dispose()


def test_progress_of_a_cached_row_saves_what_it_cost_first(mixed):
    progress = mixed.costs.progress("again")
    assert (progress.cached, progress.saved_micros, progress.spent_micros) == (1, 2000, 0)
    assert (progress.attempts, progress.seconds, progress.last_minute) == (0, 0.0, 0)


@pytest.mark.parametrize("by", ["day", "sku", "engine"])
def test_costs_add_up_to_the_progress(mixed, by):
    progress = [mixed.costs.progress(job_id) for job_id in ("job", "again")]
    for job_id, whole in ((None, progress), ("job", progress[:1]), ("again", progress[1:])):
        lines = mixed.costs.lines(job_id, by)
        for field in ("spent_micros", "saved_micros", "lost_micros", "seconds"):
            assert sum(getattr(line, field) for line in lines) == sum(getattr(each, field) for each in whole)


def test_costs_by_day_are_utc_days(mixed):
    lines = mixed.costs.lines("job", "day")
    assert [(line.key, line.spent_micros, line.lost_micros) for line in lines] == [
        ("2027-01-15", 1500, 1500),
        ("2027-01-16", 2750, 250),
    ]


def test_costs_by_sku(mixed):
    assert mixed.costs.lines("again", "sku") == [
        CostLine(key="sku-0", items=1, seconds=0.0, spent_micros=0, saved_micros=2000, lost_micros=0)
    ]
    assert [(line.key, line.items, line.spent_micros) for line in mixed.costs.lines("job", "sku")] == [
        ("sku-0", 1, 3500),
        ("sku-1", 1, 250),
        ("sku-2", 1, 500),
    ]


def test_costs_by_engine(mixed):
    (line,) = mixed.costs.lines(None, "engine")
    assert (line.key, line.items, line.spent_micros) == ("classic", 4, 4250)


def test_an_item_tried_in_vain_and_then_cached_is_one_item(ledger):
    add(ledger, "red", job_id="one")
    ledger.attempts.retry_later(start(ledger, "one.0"), BROKEN, used(1.0), 60.0)
    add(ledger, "red", job_id="two")
    finish(ledger, "two.0", seconds=4.0)
    assert told(ledger, "one") == "S"
    (line,) = ledger.costs.lines("one", "engine")
    assert (line.items, line.spent_micros, line.saved_micros, line.lost_micros) == (1, 1000, 4000, 1000)


def test_money_is_exact(ledger):
    """Sums of whole micro-dollars, however odd the seconds and the price are."""
    dice = random.Random(7)
    add(ledger, *(f"shade {number}" for number in range(60)))
    total = 0
    for item_id in enqueue(ledger):
        hour, seconds = dice.randrange(1, 10**10), dice.uniform(0, 1000)
        attempt = ledger.attempts.claim(item_id, replace(WORKER, rate=Rate(hour_micros=hour)), 60)
        ledger.attempts.succeed(attempt, result_of(attempt), used(seconds))
        total += cost_micros(used(seconds), Rate(hour_micros=hour))
    assert ledger.costs.progress("job").spent_micros == total
    assert sum(item.cost_micros for item in ledger.jobs.items("job")) == total
    assert sum(result.cost_micros for result in ledger.audit.results()) == total
    assert sum(line.spent_micros for line in ledger.costs.lines(None, "day")) == total


def test_sums_beyond_32_bits_are_kept(ledger):
    add(ledger, "a", "b", "c")
    for item_id in enqueue(ledger):
        attempt = ledger.attempts.claim(item_id, replace(WORKER, rate=Rate(hour_micros=2**50)), 60)
        ledger.attempts.fail(attempt, BROKEN, used(3600.0))
    assert ledger.costs.progress("job").spent_micros == 3 * 2**50
    assert ledger.costs.spending("job").spent_micros == 3 * 2**50


def test_a_running_attempt_is_spent_but_not_lost(ledger):
    add(ledger, "a")
    ledger.attempts.renew(start(ledger), 60, 1, used(7.0))
    progress = ledger.costs.progress("job")
    assert (progress.spent_micros, progress.lost_micros) == (7000, 0)


def test_rate_counts_the_last_minute_only(ledger, clock):
    add(ledger, *"abc")
    finish(ledger)
    clock.turn(30)
    finish(ledger, "job.1")
    clock.turn(31)
    assert ledger.costs.progress("job").last_minute == 1


def test_history_tells_mean_and_dearest_success(ledger):
    assert ledger.costs.history("classic", "balanced") == History(
        edits=0, seconds=0.0, cost_micros=0, dearest_micros=0
    )
    add(ledger, *"abc")
    finish(ledger, seconds=1.0)
    finish(ledger, "job.1", seconds=4.0)
    ledger.attempts.fail(start(ledger, "job.2"), BROKEN, used(50.0))
    expected = History(edits=2, seconds=2.5, cost_micros=2500, dearest_micros=4000)
    assert ledger.costs.history("classic", "balanced") == expected
    assert ledger.costs.history("classic", "draft").edits == 0
    assert ledger.costs.history("qwen", "balanced").edits == 0


def test_spending_knows_what_is_still_to_come(ledger):
    add(ledger, *"abcd")
    add(ledger, "e", job_id="other")
    assert ledger.costs.spending("job") == Spending(spent_micros=0, in_flight=0, dearest_micros=0)
    finish(ledger, seconds=2.0)
    ledger.attempts.renew(start(ledger, "job.1"), 60, 1, used(3.0))
    assert ledger.costs.spending("job") == Spending(spent_micros=5000, in_flight=3, dearest_micros=3000)


def test_budgeted_jobs_are_open_and_unfinished(ledger):
    for job_id, budget in (("free", None), ("capped", 100), ("paused", 100), ("done", 100)):
        add(ledger, job_id, job_id=job_id, budget_micros=budget)
    ledger.jobs.pause("paused", "budget")
    finish(ledger, "done.0")
    assert [(job.id, job.order.budget_micros) for job in ledger.dispatch.budgeted_jobs("classic")] == [
        ("capped", 100)
    ]


def test_the_cost_of_a_poisoned_item_is_what_its_heartbeats_said(ledger, clock):
    add(ledger, "a")
    for _ in range(3):
        ledger.attempts.renew(start(ledger), 60, 1, used(2.0))
        clock.turn(61)
        ledger.recovery.expire_leases()
    progress = ledger.costs.progress("job")
    assert (progress.spent_micros, progress.lost_micros) == (6 * SECOND_MICROS, 6 * SECOND_MICROS)
    assert clock.now > START


H100 = replace(WORKER, name="gpu-0", device="NVIDIA H100 80GB HBM3", rate=Rate(hour_micros=3600 * 3000))
L40S = replace(WORKER, name="gpu-1", device="NVIDIA L40S", rate=Rate(hour_micros=3600 * 1000))


def test_an_edit_costs_what_its_own_device_costs(ledger):
    """Two worker processes of one host, each with a device of its own."""
    add(ledger, "a", "b", "a again")
    for item_id, worker in (("job.0", H100), ("job.1", L40S)):
        attempt = start(ledger, item_id, worker)
        made = replace(result_of(attempt), device=worker.device)
        assert ledger.attempts.succeed(attempt, made, used(2.0))
    add(ledger, "a", job_id="later")
    assert told(ledger, "later") == "S"
    lines = {line.key: line for line in ledger.costs.lines(None, "device")}
    assert (lines[H100.device].spent_micros, lines[L40S.device].spent_micros) == (6000, 2000)
    assert (lines[H100.device].items, lines[H100.device].saved_micros) == (2, 6000)
    assert list(ledger.audit.contradictions()) == []


def phased(seconds, **phases):
    return Usage(seconds=seconds, images=1, phases=phases)


def test_each_attempt_keeps_where_its_time_went(ledger):
    add(ledger, *"abc")
    attempt = start(ledger)
    phases = {"fetch": 0.25, "wait": 1.0, "paint.steps": 3.5}
    assert ledger.attempts.succeed(attempt, result_of(attempt), Usage(seconds=4.0, images=1, phases=phases))
    assert ledger.attempts.fail(start(ledger, "job.1"), BROKEN, phased(0.0, fetch=0.75))
    ledger.attempts.renew(start(ledger, "job.2"), 60, 1, phased(9.0, fetch=9.0))
    timing = ledger.costs.timing("job")
    assert (timing.attempts, timing.items, timing.items_read) == (2, 3, 3)
    assert [(phase.name, phase.attempts, phase.seconds) for phase in timing.phases] == [
        ("fetch", 2, 1.0),
        ("wait", 1, 1.0),
        ("paint", 1, 4.0),
        ("paint.steps", 1, 3.5),
        ("paint.rest", 1, 0.5),
    ]


def test_a_late_heartbeat_takes_no_phase_away(ledger):
    add(ledger, "a")
    attempt = start(ledger)
    ledger.attempts.succeed(attempt, result_of(attempt), phased(2.0, fetch=1.0, put=0.5))
    ledger.attempts.renew(attempt, 60, 1, phased(2.0, fetch=1.0))
    assert [phase.name for phase in ledger.costs.timing("job").phases] == ["fetch", "paint", "put"]


def test_of_a_large_job_items_from_all_over_it_are_read(ledger, monkeypatch):
    monkeypatch.setattr(costs, "TIMED", 2)
    add(ledger, *"abcd")
    for number in range(4):
        attempt = start(ledger, f"job.{number}")
        assert ledger.attempts.succeed(attempt, result_of(attempt), phased(0.0, fetch=float(number)))
    timing = ledger.costs.timing("job")
    assert (timing.attempts, timing.items, timing.items_read) == (2, 4, 2)
    assert (timing.phases[0].seconds, timing.phases[0].p95) == (2.0, 2.0)


def test_nothing_is_known_of_the_time_of_a_job_that_another_tenant_owns(ledger):
    add(ledger, "a", owner="acme")
    finish(ledger)
    timing = ledger.owned_by("other").costs.timing("job")
    assert (timing.attempts, timing.items) == (0, 0)


def test_a_result_keeps_what_really_ran(ledger):
    add(ledger, "a")
    attempt = start(ledger)
    ran = {"scheduler": "FlowMatchEuler", "steps": 8, "versions": {"torch": "2.9"}, "lora": "größer"}
    assert ledger.attempts.succeed(attempt, replace(result_of(attempt), ran=ran), used(1.0))
    (item,) = ledger.jobs.items("job")
    assert item.result.ran == ran
    assert ledger.audit.result(item.result.cache_key).ran == ran
