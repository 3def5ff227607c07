from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from qie_batch.cli import main
from tests.support.ledgers import open_ledger


@pytest.fixture
def run(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    open_ledger(url).dispose()
    monkeypatch.setenv("QIE_LEDGER_URL", url)
    monkeypatch.setenv("QIE_DIR", str(tmp_path))
    return lambda *words: CliRunner().invoke(main, words)


def test_a_key_is_printed_once_and_listed_without_its_secret(run):
    made = run("keys", "add", "--tenant", "acme", "--name", "import", "--scope", "edits", "--days", "30")
    secret = made.stdout.strip()
    assert secret.startswith("qie_")
    assert secret not in made.stderr
    listed = run("keys", "list", "--json").stdout
    assert secret[4:] not in listed
    (key,) = json.loads(listed)
    assert (key["tenant"], key["name"], key["scopes"]) == ("acme", "import", ["edits"])
    assert key["expires_at"] - key["created_at"] == pytest.approx(30 * 86_400)
    assert "until 20" in run("keys", "list").stdout
    assert run("keys", "revoke", key["id"]).exit_code == 0
    assert "revoked" in run("keys", "list").stdout
    again = run("keys", "revoke", key["id"])
    assert again.exit_code == 2
    assert "`qie-batch keys list` shows them" in again.stderr


def test_a_tenant_that_cannot_be_is_refused_in_one_sentence(run):
    refused = run("keys", "add", "--tenant", "a/b", "--name", "n", "--scope", "edits")
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[0] == "qie-batch: 'a/b' is not the name of a tenant."
    assert run("tenants", "set", "..", "--daily-usd", "5").exit_code == 2
    assert run("tenants", "set", "acme", "--daily-usd", "five").exit_code == 2
    inner = run("tenants", "set", "acme", "--notify", "http://127.0.0.1/hook")
    assert inner.exit_code == 2
    assert run("tenants", "list", "--json").stdout == "[]\n"


def test_what_a_tenant_may_spend_in_a_day_is_set_listed_and_taken_back(run):
    assert "nothing is set" in run("tenants", "list").stdout
    assert run("tenants", "set", "acme", "--daily-usd", "12.50").stdout == "acme\t$12.50\tnone\n"
    assert json.loads(run("tenants", "list", "--json").stdout) == [
        {"name": "acme", "daily_usd": "12.500000", "notify": ""}
    ]
    assert run("tenants", "set", "acme", "--daily-usd", "default").stdout == "acme\tas set for all\tnone\n"
