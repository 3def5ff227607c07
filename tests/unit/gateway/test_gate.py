"""What the gate asks of every way in."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from fastapi import Request

from qie_batch.gateway.access import Scope, Subject
from qie_batch.gateway.access.gate import Gate
from qie_batch.gateway.access.limits import DailyQuota, RateLimits
from qie_batch.gateway.problems import AccessDenied, TooMany
from qie_batch.model import DaySpending

CLOSED = "redis://127.0.0.1:1/0"


@dataclass(frozen=True)
class Known:
    """A way in for whoever it names; None for a request that does not come this way."""

    found: Subject | None

    def subject(self, _request):
        return self.found

    known = subject


class Spent:
    def spending(self, _name):
        return DaySpending(spent_micros=5, daily_micros=None, seconds_left=10)


def subject(tenant="acme", *scopes):
    return Subject(name="maria", tenant=tenant, scopes=frozenset(scopes))


def gate(*ways, daily_micros=None):
    rates = RateLimits(CLOSED, reads="none", writes="none")
    return Gate(authenticators=ways, rates=rates, quota=DailyQuota(Spent(), daily_micros))


def request(method="GET", path="/api/jobs"):
    return Request({"type": "http", "method": method, "path": path, "headers": [], "server": ("a", 80)})


def test_the_first_way_that_names_somebody_counts():
    admitted = gate(Known(None), Known(subject()), Known(subject("other"))).admit(request())
    assert admitted.tenant == "acme"
    with pytest.raises(AccessDenied, match="no credentials"):
        gate(Known(None)).admit(request())


@pytest.mark.parametrize("tenant", ["", "a/b", "..", "auth0|7", "x" * 65])
def test_no_way_in_gives_a_tenant_that_cannot_be(tenant):
    with pytest.raises(AccessDenied, match="cannot be one") as refused:
        gate(Known(subject(tenant, Scope.JOBS_READ))).admit(request())
    assert refused.value.status == 403


def test_an_admin_may_be_the_command_line():
    assert gate(Known(subject("", Scope.ADMIN))).admit(request()).tenant == ""


def test_a_spent_day_stops_what_may_cost_and_nothing_else():
    spent = gate(Known(subject()), daily_micros=5)
    for method, path in (
        ("GET", "/api/jobs"),
        ("POST", "/api/jobs/1/cancel"),
        ("POST", "/api/jobs/1/pause/"),
    ):
        assert spent.admit(request(method, path))
    assert spent.admit(request("DELETE", "/api/schedules/cancelled"))
    for method, path in (("POST", "/api/jobs"), ("PUT", "/api/jobs/1/budget"), ("POST", "/api/cancel/jobs")):
        with pytest.raises(TooMany, match=r"the limit of a day is \$0.000005"):
            spent.admit(request(method, path))
    assert gate(Known(subject()), daily_micros=6).admit(request("POST"))


def test_a_known_subject_is_admitted_without_waiting_for_reads_alone():
    known = gate(Known(None), Known(subject()))
    assert known.admit_at_once(request()).tenant == "acme"
    assert known.admit_at_once(request("POST")) is None
    assert gate(Known(None)).admit_at_once(request()) is None
    with pytest.raises(AccessDenied, match="cannot be one"):
        gate(Known(subject("a/b"))).admit_at_once(request())


def test_a_read_that_was_not_counted_waits():
    rates = RateLimits(CLOSED, reads="1000/minute", writes="none")
    counting = Gate(authenticators=(Known(subject()),), rates=rates, quota=DailyQuota(Spent(), None))
    assert counting.admit_at_once(request()) is None
    assert counting.admit(request())  # Redis does not answer, so that reads go on
    assert counting.admit_at_once(request())


def test_a_request_is_admitted_once():
    asked = request("POST")
    assert gate(Known(subject())).admit(asked) is gate(Known(None)).admit(asked)
