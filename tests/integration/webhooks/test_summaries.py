"""The morning after: what came of a scheduled run, by mail, by webhook, by command and on its page."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from qie_batch.cli import main
from qie_batch.model import Finding, RunState, Schedule, ToMend, Verdict, WebhookState, summary_address
from qie_batch.notify.summaries import SummarySender
from qie_batch.steps.notify import notify
from qie_batch.steps.schedule import SummaryContext, last_summary, tell_runs
from qie_batch.views import summary_view
from tests.support.ledgers import (
    START,
    WRONG,
    enqueue,
    finish,
    new_items,
    new_job,
    open_ledger,
    result_of,
    spec,
    start,
    used,
)
from tests.support.mail_server import MailServer

NIGHTLY = Schedule(name="nightly", cron="0 2 * * *", timezone="Asia/Shanghai", catalog="catalog.csv")


@pytest.fixture
def mail():
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def summing_up(ledger, mail):
    return SummaryContext(
        schedules=ledger.schedules,
        jobs=ledger.jobs,
        costs=ledger.costs,
        tenants=ledger.tenants,
        outbox=ledger.outbox,
        clock=ledger.clock,
        addresses=(summary_address(mail.address),),
        gateway_url="https://pictures.example/",
    )


def night(ledger, *, url="", job_id="night"):
    """A run with an edit, one that is as before, and two rows that cannot be edited."""
    ledger.schedules.add(replace(NIGHTLY, order=replace(NIGHTLY.order, notify=url)))
    ledger.intake.add_job(new_job("before"), new_items(spec("red")))
    finish(ledger, "before.0")
    ledger.schedules.take_run("nightly", START, 900)
    rows = new_items(spec("red"), spec("blue"), WRONG, WRONG)
    ledger.intake.add_job(new_job(job_id), rows)
    ledger.schedules.end_run("nightly", START, RunState.SUBMITTED, job_id=job_id)
    enqueue(ledger)
    return job_id


def done(ledger, clock, job_id):
    finish(ledger, f"{job_id}.1")
    clock.turn(1)
    assert ledger.settlement.close(job_id, as_of=clock.now)


def test_the_summary_of_a_run_comes_once_by_mail_and_once_as_a_webhook(
    ledger, clock, mail, receiver, notifying, summing_up
):
    job = night(ledger, url=receiver.url())
    assert tell_runs(summing_up) == 0
    done(ledger, clock, job)
    assert (tell_runs(summing_up), tell_runs(replace(summing_up, told=set()))) == (2, 0)
    sender = SummarySender([mail.address], notifying.sender)
    assert notify(replace(notifying, sender=sender)) == 2
    (letter,) = mail.letters
    assert letter["subject"] == "nightly: 1 edited, 2 failed"
    assert letter.get_content().splitlines() == [
        "The run of nightly at 2027-01-15 16:00 CST is done.",
        "The catalog asks for 4 edits: 1 as before, 3 new or changed.",
        "1 edited, 2 failed.",
        "It cost $0.001; what had not changed saved $0.001.",
        "To mend:",
        "- 2 edits (image_missing), first in row sku-2: there is no picture",
        "More: https://pictures.example/jobs/night",
    ]
    (hook,) = receiver.received
    assert hook.headers["webhook-signature"].startswith("v1,")
    body = json.loads(hook.body)
    assert (body["type"], body["data"]["schedule"]) == ("schedule.done", "nightly")
    figures = ("total", "unchanged", "changed", "edited", "failed", "needs_review", "spent_usd")
    assert [body["data"][name] for name in figures] == [4, 1, 3, 1, 2, 0, "0.001000"]
    assert body["data"]["mend"] == [
        {"code": "image_missing", "edits": 2, "row": "sku-2", "reason": "there is no picture"}
    ]


def test_a_mail_server_that_is_away_gets_the_summary_later(ledger, clock, mail, notifying, summing_up):
    done(ledger, clock, night(ledger))
    mail.refusals = 1
    tell_runs(summing_up)
    context = replace(notifying, sender=SummarySender([mail.address], notifying.sender))
    assert notify(context) == 1
    (waiting,) = ledger.outbox.latest()
    assert (waiting.state, mail.letters) == (WebhookState.WAITING, [])
    assert "s3cret" not in json.dumps([waiting.url, waiting.body, waiting.error])
    clock.turn(6)
    notify(context)
    assert len(mail.letters) == 1
    assert ledger.outbox.latest()[0].state is WebhookState.DELIVERED


def test_a_run_that_was_skipped_is_told_with_its_reason(ledger, mail, notifying, summing_up):
    ledger.schedules.add(NIGHTLY)
    ledger.schedules.take_run("nightly", START, 900)
    ledger.schedules.end_run(
        "nightly", START, RunState.SKIPPED, note="job x of the run before is still going"
    )
    tell_runs(summing_up)
    notify(replace(notifying, sender=SummarySender([mail.address], notifying.sender)))
    (letter,) = mail.letters
    assert letter["subject"] == "nightly: skipped"
    assert "job x of the run before is still going." in letter.get_content()


def test_an_address_that_is_set_no_more_is_given_up_and_old_runs_are_not_told(
    ledger, clock, notifying, summing_up
):
    done(ledger, clock, night(ledger))
    tell_runs(summing_up)
    notify(replace(notifying, sender=SummarySender([], notifying.sender)))
    (webhook,) = ledger.outbox.latest()
    assert (webhook.state, "QIE_SUMMARY_URLS" in webhook.error) == (WebhookState.FAILED, True)
    clock.turn(86_400)
    assert tell_runs(replace(summing_up, told=set(), addresses=(summary_address("json://other"),))) == 0


def test_what_a_gate_holds_waits_for_a_person_and_is_to_be_mended(ledger):
    night(ledger)
    attempt = start(ledger, "night.1")
    zoomed = Finding(gate="drift", verdict=Verdict.FAILED, figure=9.0, limit=0.6, sentence="it is zoomed")
    assert ledger.attempts.succeed(attempt, replace(result_of(attempt), findings=(zoomed,)), used(1.0))
    (schedule,) = ledger.schedules.all()
    found = last_summary(schedule, ledger.schedules, ledger.jobs, ledger.costs)
    assert (found.edited, found.needs_review) == (1, 1)
    assert found.mend[1] == ToMend(code="gate_drift", edits=1, row_id="sku-1", reason="it is zoomed")
    text = summary_view(found).text
    assert "1 waiting for a person to look at" in text
    assert "- 1 edit (gate_drift), first in row sku-1: it is zoomed" in text


def test_the_command_prints_the_same_sentences(tmp_path, clock, monkeypatch):
    address = f"sqlite:///{tmp_path / 'own.sqlite3'}"
    monkeypatch.setenv("QIE_LEDGER_URL", address)
    monkeypatch.setenv("QIE_DIR", str(tmp_path / "none"))
    ledger = open_ledger(address, clock)

    def asked(*arguments):
        ran = CliRunner().invoke(main, ["schedule", "summary", *arguments])
        return ran.exit_code, ran.output

    assert asked("nightly")[0] == 2, asked("nightly")
    night(ledger)
    code, said = asked("nightly")
    assert (code, said.splitlines()[0]) == (0, "The run of nightly at 2027-01-15 16:00 CST is still going.")
    assert said.splitlines()[-1] == "More: qie-batch status night"
    assert json.loads(asked("nightly", "--json")[1])["mend"][0]["row"] == "sku-2"
    ledger.dispose()
