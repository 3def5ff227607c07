from __future__ import annotations

import pytest

from qie_batch.errors import NotFound, UsageError
from qie_batch.model import Scope
from qie_batch.steps.tenants import (
    DEFAULT,
    NewKey,
    TenantChange,
    add_key,
    check_tenant,
    digest_of,
    revoke_key,
    set_tenant,
)
from tests.support.ledgers import open_ledger


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    yield ledger
    ledger.dispose()


def new_key(**changes):
    return NewKey(**{"tenant": "acme", "name": "import", "scopes": frozenset({Scope.EDITS}), **changes})


def test_a_key_is_random_and_the_ledger_has_its_digest_alone(ledger):
    made, other = add_key(new_key(), ledger.api_keys), add_key(new_key(), ledger.api_keys)
    assert made.secret.startswith("qie_")
    assert len(made.secret) >= 4 + 43  # 256 bits in base64
    assert made.secret != other.secret
    assert ledger.api_keys.find(digest_of(made.secret)).id == made.id
    with ledger._db.read() as connection:
        stored = str(connection.exec_driver_sql("SELECT * FROM api_keys").all())
    assert made.secret not in stored
    assert made.secret[4:] not in stored


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": ""},
        {"tenant": ".."},
        {"tenant": "a/b"},
        {"tenant": "acme\n"},
        {"tenant": "x" * 65},
        {"tenant": "ácme"},
        {"name": "  "},
        {"name": "a\nb"},
        {"name": "x" * 101},
        {"scopes": frozenset()},
        {"days": 0},
        {"days": -1},
        {"days": float("nan")},
        {"days": float("inf")},
    ],
)
def test_what_cannot_be_a_key_is_refused(ledger, changes):
    with pytest.raises(UsageError):
        add_key(new_key(**changes), ledger.api_keys)
    assert ledger.api_keys.all() == []


def test_the_command_lines_own_tenant_goes_with_admin_alone():
    check_tenant("", frozenset({Scope.ADMIN}))
    with pytest.raises(UsageError, match="not the name of a tenant"):
        check_tenant("", frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.EDITS}))


def test_a_key_is_revoked_once(ledger):
    made = add_key(new_key(), ledger.api_keys)
    revoke_key(made.id, ledger.api_keys)
    with pytest.raises(NotFound):
        revoke_key(made.id, ledger.api_keys)


def test_what_is_not_given_stays_as_it_was_set(ledger):
    checked = []
    set_tenant(TenantChange(name="acme", daily_micros=5), ledger.tenants, checked.append)
    hook = "https://acme.example/hook"
    set_tenant(TenantChange(name="acme", notify=hook), ledger.tenants, checked.append)
    assert ledger.tenants.get("acme").daily_micros == 5
    set_tenant(TenantChange(name="acme", daily_micros=DEFAULT), ledger.tenants, checked.append)
    assert ledger.tenants.get("acme").daily_micros is None
    assert ledger.tenants.get("acme").notify == hook
    assert checked == [hook]


def test_a_secret_for_webhooks_stays_as_other_things_are_set(ledger):
    secrets = ledger.webhook_secrets.of("acme")
    set_tenant(TenantChange(name="acme", daily_micros=5), ledger.tenants, print)
    assert ledger.webhook_secrets.of("acme") == secrets
