"""What every ledger promises about webhooks: written with what they tell, sent by one process at a time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from qie_batch.ledger.tables import jobs, schedules, tenants
from qie_batch.model import JobOrder, RunState, Schedule, WebhookEvent, WebhookState
from tests.support.ledgers import START, WRONG, add, at_once, finish, start, used

URL, OTHER = "https://hooks.shop.com/qie?token=s3cret", "https://hooks.acme.com/"
LEASE = 60.0


def close(ledger, clock, job_id="job", **order):
    """A job with one edit, which is closed."""
    add(ledger, job_id, job_id=job_id, **order)
    finish(ledger, f"{job_id}.0")
    clock.turn(1)
    assert ledger.settlement.close(job_id, clock.now)


def claim(ledger, *busy, per_owner=10):
    return ledger.outbox.claim(busy, per_owner, LEASE)


def set_address(ledger, owner, url):
    with ledger._db.write() as connection:
        ledger._db.insert_or_lock(connection, tenants, {"name": owner})
        connection.execute(update(tenants).where(tenants.c.name == owner).values(notify=url))


def data(webhook):
    return json.loads(webhook.body)["data"]


def test_a_closed_job_is_told_to_the_address_of_its_order(ledger, clock):
    close(ledger, clock, name="spring.csv", notify=URL, owner="acme", budget_micros=5_000_000)
    (webhook,) = ledger.outbox.latest()
    assert (webhook.owner, webhook.url, webhook.event) == ("acme", URL, WebhookEvent.JOB_CLOSED)
    assert (webhook.tries, webhook.state, webhook.created_at) == (0, WebhookState.WAITING, clock.now)
    assert json.loads(webhook.body) == {
        "type": "job.closed",
        "timestamp": "2027-01-15T08:00:01.000Z",
        "data": {
            "job": "job",
            "name": "spring.csv",
            "state": "closed",
            "pause_reason": "",
            "total": 1,
            "succeeded": 1,
            "needs_review": 0,
            "rejected": 0,
            "failed": 0,
            "cancelled": 0,
            "spent_usd": "0.001000",
            "budget_usd": "5.000000",
        },
    }


def test_a_job_without_an_address_is_told_to_that_of_its_tenant(ledger, clock):
    set_address(ledger, "acme", OTHER)
    close(ledger, clock, "own", owner="acme", notify=URL)
    close(ledger, clock, "general", owner="acme")
    assert {data(webhook)["job"]: webhook.url for webhook in ledger.outbox.latest()} == {
        "own": URL,
        "general": OTHER,
    }


def test_nothing_is_told_where_there_is_no_address(ledger, clock):
    set_address(ledger, "other", OTHER)
    close(ledger, clock, owner="acme")
    assert ledger.outbox.latest() == []


def test_an_interactive_edit_is_not_told_to_the_tenant(ledger, clock):
    set_address(ledger, "acme", OTHER)
    add(ledger, "edit", owner="acme")
    with ledger._db.write() as connection:
        connection.execute(update(jobs).values(priority=-1))
    ledger.jobs.cancel("job")
    clock.turn(1)
    assert ledger.settlement.close("job", clock.now)
    assert ledger.outbox.latest() == []


def test_a_job_that_is_not_closed_tells_nothing(ledger, clock):
    add(ledger, "a", "b", notify=URL)
    finish(ledger)
    clock.turn(1)
    assert not ledger.settlement.close("job", clock.now)
    assert ledger.outbox.latest() == []


def test_a_job_is_told_each_time_that_it_is_closed(ledger, clock):
    add(ledger, "a", notify=URL)
    ledger.attempts.fail(start(ledger), WRONG, used(1))
    clock.turn(1)
    assert ledger.settlement.close("job", clock.now)
    assert not ledger.settlement.close("job", clock.now)
    assert ledger.jobs.retry("job") == 1
    finish(ledger)
    clock.turn(1)
    assert ledger.settlement.close("job", clock.now)
    assert [data(webhook)["failed"] for webhook in ledger.outbox.latest()] == [0, 1]


def test_a_spent_budget_is_told_and_a_pause_by_a_person_is_not(ledger):
    add(ledger, "a", job_id="dear", notify=URL)
    add(ledger, "a", job_id="paused", notify=URL)
    assert ledger.jobs.pause("dear", "budget")
    assert not ledger.jobs.pause("dear", "budget")
    assert ledger.jobs.pause("paused", "user")
    (webhook,) = ledger.outbox.latest()
    assert webhook.event == WebhookEvent.BUDGET_REACHED
    told = data(webhook)
    assert (told["job"], told["state"], told["pause_reason"]) == ("dear", "paused", "budget")


def schedule(name="nightly", **order):
    return Schedule(
        name=name, cron="0 2 * * *", timezone="UTC", catalog="/catalog.csv", order=JobOrder(**order)
    )


@pytest.mark.parametrize(
    ("state", "event"), [(RunState.SKIPPED, "schedule.skipped"), (RunState.FAILED, "schedule.failed")]
)
def test_a_run_that_is_skipped_or_fails_is_told_once(ledger, state, event):
    ledger.schedules.add(schedule("acme/nightly", owner="acme", notify=URL))
    ledger.schedules.take_run("acme/nightly", START, LEASE)
    for _ in range(2):
        ledger.schedules.end_run("acme/nightly", START, state, note="why")
    (webhook,) = ledger.outbox.latest()
    assert (webhook.owner, webhook.url, webhook.event) == ("acme", URL, event)
    assert data(webhook) == {
        "schedule": "nightly",
        "due_at": "2027-01-15T08:00:00.000Z",
        "state": state,
        "note": "why",
    }


def test_a_submitted_run_is_not_told(ledger):
    ledger.schedules.add(schedule(notify=URL))
    ledger.schedules.take_run("nightly", START, LEASE)
    ledger.schedules.end_run("nightly", START, RunState.SUBMITTED, job_id="job")
    assert ledger.outbox.latest() == []


def test_the_run_of_a_broken_schedule_is_told_to_its_tenant(ledger):
    set_address(ledger, "acme", OTHER)
    ledger.schedules.add(schedule(owner="acme", notify=URL))
    with ledger._db.write() as connection:
        connection.execute(update(schedules).values(options="{"))
    ledger.schedules.take_run("nightly", START, LEASE)
    ledger.schedules.end_run("nightly", START, RunState.FAILED, note="why")
    assert [webhook.url for webhook in ledger.outbox.latest()] == [OTHER]


def test_a_claimed_webhook_is_due_again_when_the_lease_is_over(ledger, clock):
    close(ledger, clock, notify=URL)
    first = claim(ledger)
    assert (first.tries, first.not_before) == (1, clock.now + LEASE)
    assert claim(ledger) is None
    clock.turn(LEASE)
    second = claim(ledger)
    assert (second.id, second.body, second.tries) == (first.id, first.body, 2)


def test_the_marks_of_an_earlier_claim_change_nothing(ledger, clock):
    close(ledger, clock, notify=URL)
    first = claim(ledger)
    clock.turn(LEASE)
    second = claim(ledger)
    assert not ledger.outbox.delivered(first)
    assert not ledger.outbox.postpone(first, "late", 5, 5)
    assert not ledger.outbox.give_up(first, "late")
    assert ledger.outbox.latest() == [second]
    assert ledger.outbox.delivered(second)
    assert not ledger.outbox.give_up(second, "delivered already")


def test_of_many_processes_one_gets_a_webhook(ledger, clock):
    close(ledger, clock, notify=URL)
    claimed = at_once(*[lambda: claim(ledger)] * 8)
    assert len([webhook for webhook in claimed if webhook]) == 1


def test_many_processes_get_each_webhook_once(ledger, clock):
    for number in range(6):
        close(ledger, clock, f"job-{number}", notify=f"{OTHER}{number}")
    claimed = [webhook for webhook in at_once(*[lambda: claim(ledger)] * 6) if webhook]
    assert len({webhook.id for webhook in claimed}) == len(claimed)


def test_an_address_gets_one_at_a_time_and_a_tenant_no_more_than_its_share(ledger, clock):
    close(ledger, clock, "a", notify=URL, owner="acme")
    close(ledger, clock, "b", notify=URL, owner="acme")
    close(ledger, clock, "c", notify=OTHER, owner="acme")
    close(ledger, clock, "d", notify=OTHER + "d", owner="zeta")
    first = claim(ledger)
    second = claim(ledger, first, per_owner=2)
    assert [data(each)["job"] for each in (first, second)] == ["a", "c"]
    assert data(claim(ledger, first, second, per_owner=2))["job"] == "d"
    assert claim(ledger, first, second, per_owner=2) is None
    assert data(claim(ledger, second))["job"] == "b"


def test_what_is_delivered_or_given_up_is_not_due(ledger, clock):
    close(ledger, clock, "a", notify=URL)
    close(ledger, clock, "b", notify=URL)
    assert ledger.outbox.delivered(claim(ledger))
    assert ledger.outbox.give_up(claim(ledger), "gone")
    clock.turn(1e6)
    assert claim(ledger) is None
    found = {data(webhook)["job"]: (webhook.state, webhook.error) for webhook in ledger.outbox.latest()}
    assert found == {"a": (WebhookState.DELIVERED, ""), "b": (WebhookState.FAILED, "gone")}


def test_a_failed_address_holds_up_its_own_webhooks_alone(ledger, clock):
    close(ledger, clock, "failed", notify=URL, owner="acme")
    close(ledger, clock, "same", notify=URL, owner="acme")
    close(ledger, clock, "another", notify=OTHER, owner="acme")
    close(ledger, clock, "foreign", notify=URL, owner="zeta")
    assert ledger.outbox.postpone(claim(ledger), "it answered 500", 300, 60)
    claimed = [claim(ledger), claim(ledger)]
    assert [data(webhook)["job"] for webhook in claimed] == ["another", "foreign"]
    assert claim(ledger) is None
    for webhook in claimed:
        assert ledger.outbox.delivered(webhook)
    clock.turn(60)
    same = claim(ledger)
    assert data(same)["job"] == "same"
    assert ledger.outbox.delivered(same)
    assert claim(ledger) is None
    clock.turn(240)
    again = claim(ledger)
    assert (data(again)["job"], again.tries, again.error) == ("failed", 2, "it answered 500")


def test_a_webhook_is_sent_again_as_if_it_were_new(ledger, clock):
    close(ledger, clock, notify=URL)
    webhook = claim(ledger)
    assert ledger.outbox.give_up(webhook, "gone")
    assert ledger.outbox.resend(webhook.id)
    assert claim(ledger) == replace(webhook, not_before=clock.now + LEASE)
    assert not ledger.outbox.resend("msg_unknown")


def test_a_tenant_sees_and_repeats_its_own_webhooks_alone(ledger, clock):
    close(ledger, clock, "a", notify=URL, owner="acme")
    close(ledger, clock, "b", notify=URL, owner="zeta")
    acme = ledger.owned_by("acme")
    assert [data(webhook)["job"] for webhook in acme.outbox.latest()] == ["a"]
    foreign = next(webhook.id for webhook in ledger.outbox.latest() if webhook.owner == "zeta")
    assert not acme.outbox.resend(foreign)


def test_ended_webhooks_are_forgotten_in_time(ledger, clock):
    close(ledger, clock, "ended", notify=URL)
    close(ledger, clock, "waiting", notify=OTHER)
    ledger.outbox.delivered(claim(ledger))
    clock.turn(100)
    assert ledger.outbox.prune(200) == 0
    clock.turn(101)
    assert ledger.outbox.prune(200) == 1
    assert [data(webhook)["job"] for webhook in ledger.outbox.latest()] == ["waiting"]


def test_a_tenant_has_one_secret_from_the_first_time_it_is_asked_for(ledger):
    first = at_once(*[lambda: ledger.webhook_secrets.of("acme")] * 4)
    assert len(set(first)) == 1
    assert len(first[0]) == 1
    assert ledger.webhook_secrets.of("zeta") != first[0]


def test_the_former_secret_signs_beside_a_new_one_until_it_is_retired(ledger):
    set_address(ledger, "acme", OTHER)
    (oldest,) = ledger.webhook_secrets.of("acme")
    newer, former = ledger.webhook_secrets.rotate("acme")
    assert former == oldest
    newest, former = ledger.webhook_secrets.rotate("acme")
    assert former == newer
    assert ledger.webhook_secrets.of("acme") == (newest, newer)
    assert ledger.webhook_secrets.retire("acme") == (newest,) == ledger.webhook_secrets.of("acme")
