"""What every ledger promises about keys of programs and about tenants."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from qie_batch.model import ApiKey, DaySpending, Scope, Tenant
from tests.support.ledgers import START, add, finish

KEY = ApiKey(id="key-1", owner="acme", name="import", scopes=frozenset({Scope.JOBS_READ, Scope.EDITS}))


def test_a_key_is_found_by_its_digest_until_it_is_revoked(ledger):
    ledger.api_keys.add(KEY, "ab" * 32, None)
    assert ledger.api_keys.find("ab" * 32) == replace(KEY, created_at=START)
    assert ledger.api_keys.find("cd" * 32) is None
    assert ledger.api_keys.revoke(KEY.id)
    assert ledger.api_keys.find("ab" * 32) is None
    assert [key.revoked_at for key in ledger.api_keys.all()] == [START]
    assert not ledger.api_keys.revoke(KEY.id)
    assert not ledger.api_keys.revoke("key-2")


def test_a_key_expires_by_the_clock_of_the_database(ledger, clock):
    ledger.api_keys.add(KEY, "ab" * 32, 60)
    clock.turn(59)
    assert ledger.api_keys.find("ab" * 32)
    clock.turn(1)
    assert ledger.api_keys.find("ab" * 32) is None


def test_two_keys_never_have_one_digest(ledger):
    ledger.api_keys.add(KEY, "ab" * 32, None)
    with pytest.raises(IntegrityError):
        ledger.api_keys.add(replace(KEY, id="key-2"), "ab" * 32, None)


def test_a_tenant_lists_and_revokes_its_own_keys_alone(ledger):
    ledger.api_keys.add(KEY, "ab" * 32, None)
    other = ledger.owned_by("other")
    assert other.api_keys.all() == []
    assert not other.api_keys.revoke(KEY.id)


def test_a_tenant_has_the_defaults_until_something_is_set(ledger):
    assert ledger.tenants.get("acme") == Tenant(name="acme")
    assert ledger.tenants.all() == []
    ledger.tenants.set(Tenant(name="acme", daily_micros=5_000_000))
    ledger.tenants.set(Tenant(name="acme", daily_micros=7_000_000, notify="https://acme.example/hook"))
    ledger.tenants.set(Tenant(name="Zed", daily_micros=0))
    assert ledger.tenants.get("acme").daily_micros == 7_000_000
    assert [tenant.name for tenant in ledger.tenants.all()] == ["Zed", "acme"]


def test_a_day_of_spending_begins_at_midnight_in_utc_and_counts_the_tenants_own_attempts(ledger, clock):
    clock.turn(86_400 - START % 86_400 + 3600)  # one o'clock
    add(ledger, "red", job_id="theirs", owner="other")
    finish(ledger, "theirs.0", seconds=100.0)
    add(ledger, "blue", job_id="mine", owner="acme")
    finish(ledger, "mine.0", seconds=2.0)
    spent = ledger.costs.progress("mine").spent_micros
    assert spent > 0
    assert ledger.tenants.spending("acme") == DaySpending(
        spent_micros=spent, daily_micros=None, seconds_left=23 * 3600
    )
    ledger.tenants.set(Tenant(name="acme", daily_micros=3))
    assert ledger.tenants.spending("acme").daily_micros == 3
    clock.turn(23 * 3600)
    assert ledger.tenants.spending("acme").spent_micros == 0
