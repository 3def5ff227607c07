"""What counts as one address, and what happens while nothing can be counted."""

from __future__ import annotations

import pytest

from qie_batch.gateway.access.sessions import scopes_of
from qie_batch.gateway.access.wrong_keys import WrongKeys, network_of
from qie_batch.model import Scope

CLOSED = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1:2:3", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("", ""),
        ("a unix socket", "a unix socket"),
    ],
)
def test_what_one_host_can_take_addresses_from_is_one(address, network):
    assert network_of(address) == network


def test_without_redis_nothing_is_limited():
    keys = WrongKeys(CLOSED, "1/minute")
    for _ in range(3):
        keys.count("192.0.2.7")
        keys.check("192.0.2.7")


@pytest.mark.parametrize("given", [[{"scope": "admin"}, ["admin"], 1, None], {"admin": 1}, 7, "Admin", None])
def test_claims_of_another_form_give_no_scope(given):
    assert scopes_of(given) == frozenset()


def test_a_list_gives_the_scopes_that_are_known():
    assert scopes_of(["jobs:read", {}, "else"]) == {Scope.JOBS_READ}
