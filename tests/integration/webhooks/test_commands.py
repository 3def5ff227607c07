"""Webhooks as a person asks for them, sees them and sends them again."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from qie_batch.cli import main
from qie_batch.model import new_webhook_secret, webhook_key
from tests.support.ledgers import add, finish, open_ledger

URL = "https://hooks.shop.com/services/T0123456789ABCDEFGHIJKL/qie?token=s3cret"


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    yield ledger
    ledger.dispose()


@pytest.fixture
def run(tmp_path, monkeypatch, ledger):
    """Runs a command; gives its exit code and what it printed."""
    monkeypatch.setenv("QIE_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setenv("QIE_DIR", str(tmp_path / "none"))
    (tmp_path / "catalog.csv").write_text("id,image,instruction\n1,a.png,red\n")
    assert ledger.outbox.latest() == []

    def run(*arguments: object):
        ran = CliRunner().invoke(main, list(map(str, arguments)))
        assert "Traceback" not in ran.output
        return ran.exit_code, ran.output

    return run


def close(ledger, job_id="job", **order):
    add(ledger, job_id, job_id=job_id, **order)
    finish(ledger, f"{job_id}.0")
    assert ledger.settlement.close(job_id, ledger.clock.now() + 1)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://hooks.shop.com/", "http:// is not called"),
        ("https://127.0.0.1:80/", "port 80 is not asked"),
        ("hooks.shop.com", "only https:// addresses are called"),
    ],
)
@pytest.mark.parametrize("command", [("submit",), ("schedule", "add", "nightly", "--cron", "0 2 * * *")])
def test_an_address_that_is_refused_enters_nothing(run, ledger, tmp_path, command, address, reason):
    code, said = run(*command, tmp_path / "catalog.csv", "--notify", address)
    assert code == 2
    assert said.startswith("qie-batch: no webhook can be sent to ")
    assert reason in said
    assert len(said.splitlines()) == 1
    assert (ledger.jobs.latest(), ledger.schedules.all()) == ([], [])


def test_a_schedule_keeps_the_address_of_its_webhooks(run, ledger, tmp_path):
    options = ("--cron", "0 2 * * *", "--notify", URL)
    assert run("schedule", "add", "nightly", tmp_path / "catalog.csv", *options)[0] == 0
    (stored,) = ledger.schedules.all()
    assert stored.order.notify == URL


def test_without_webhooks_the_list_says_how_to_get_some(run):
    code, said = run("webhooks")
    assert code == 0
    assert "--notify" in said


def test_the_list_has_what_became_of_each_and_no_token(run, ledger):
    close(ledger, "a", notify=URL)
    webhook = ledger.outbox.claim((), 1, 60)
    ledger.outbox.postpone(webhook, "the server answered 500", 5, 5)
    code, said = run("webhooks")
    assert code == 0
    assert f"{webhook.id}  " in said
    assert "job.closed  waiting  https://hooks.shop.com/services/****/qie: the server answered 500" in said
    (shown,) = json.loads(run("webhooks", "--json")[1])
    assert (shown["state"], shown["tries"], shown["error"]) == ("waiting", 1, "the server answered 500")
    assert shown["next_at"] > shown["created_at"]
    assert "s3cret" not in said + json.dumps(shown)


def test_a_webhook_is_sent_again_by_its_id(run, ledger):
    close(ledger, notify=URL)
    webhook = ledger.outbox.claim((), 1, 60)
    ledger.outbox.give_up(webhook, "gone")
    assert run("webhooks", "retry", webhook.id) == (0, f"webhook {webhook.id} is sent again\n")
    assert ledger.outbox.claim((), 1, 60).id == webhook.id
    code, said = run("webhooks", "retry", "msg_none")
    assert code == 2
    assert "there is no webhook 'msg_none'" in said
    assert "`qie-batch webhooks` lists them" in said


def test_the_secret_of_a_tenant_is_made_rotated_and_retired(run):
    code, said = run("webhooks", "secret", "acme")
    assert code == 0
    assert len(webhook_key(said.strip())) == 32
    former = said.strip()
    newer, second = run("webhooks", "secret", "acme", "--rotate")[1].split()
    assert second == former != newer
    assert run("webhooks", "secret", "acme")[1].split() == [newer, former]
    assert run("webhooks", "secret", "acme", "--retire")[1].split() == [newer]


def test_the_secret_of_the_command_lines_jobs_is_a_setting(run, monkeypatch):
    assert run("webhooks", "secret")[0] == 2
    both = [new_webhook_secret(), new_webhook_secret()]
    monkeypatch.setenv("QIE_NOTIFY_SECRET", ", ".join(both))
    assert run("webhooks", "secret") == (0, "\n".join(both) + "\n")
    assert "QIE_NOTIFY_SECRET" in run("webhooks", "secret", "--rotate")[1]


def test_a_setting_that_is_no_secret_is_refused_without_being_shown(run, monkeypatch):
    monkeypatch.setenv("QIE_NOTIFY_SECRET", "hunter2hunter2")
    code, said = run("webhooks")
    assert code == 2
    assert "QIE_NOTIFY_SECRET" in said
    assert "whsec_ and 24 to 64 bytes" in said
    assert "hunter2" not in said
