"""What every request of a subject goes through: who it is, how often it asks, what its tenant has spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.gateway.access.authenticators import authenticators
from qie_batch.gateway.access.limits import DailyQuota, RateLimits
from qie_batch.gateway.problems import AccessDenied
from qie_batch.model import is_tenant_name
from qie_batch.text import quoted

if TYPE_CHECKING:
    from fastapi import Request

    from qie_batch.gateway.access.authenticators import Authenticator
    from qie_batch.gateway.access.subject import Subject
    from qie_batch.gateway.context import GatewayContext

READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Last parts of paths whose writes cost nothing: the quota never stands in their way.
SPENDS_NOTHING = frozenset({"cancel", "pause", "reviews"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    authenticators: tuple[Authenticator, ...]
    rates: RateLimits
    quota: DailyQuota

    def admit(self, request: Request) -> Subject:
        """The subject of the request, counted once; AccessDenied, TooMany or Unavailable otherwise."""
        known: Subject | None = request.scope.get("subject")
        if known:
            return known
        subject = self._subject(request)
        _name(request, subject)
        writes = request.method not in READS
        self.rates.hit(subject, writes=writes)
        if writes and _may_cost(request):
            self.quota.check(subject.tenant)
        request.scope["subject"] = subject
        return subject

    def admit_at_once(self, request: Request) -> Subject | None:
        """As `admit`, for the event loop: None where the request has to go through `admit`, in a thread.

        It gives the subject of most reads of a busy one, which was checked, and counted ahead, a moment ago.
        """
        known: Subject | None = request.scope.get("subject")
        if known or request.method not in READS:
            return known
        subject = next(filter(None, (each.known(request) for each in self.authenticators)), None)
        if subject is None or not self.rates.hit_at_once(subject):
            return None
        _check_tenant(subject)
        _name(request, subject)
        request.scope["subject"] = subject
        return subject

    def _subject(self, request: Request) -> Subject:
        for each in self.authenticators:
            subject = each.subject(request)
            if subject:
                _check_tenant(subject)
                return subject
        raise AccessDenied("no credentials were sent", hint="send Authorization: Bearer TOKEN")


def open_gate(context: GatewayContext) -> Gate:
    """Misconfigured where requests could not be checked."""
    settings = context.settings
    return Gate(
        authenticators=authenticators(context),
        rates=RateLimits(
            wiring.needed(settings, "broker_url"),
            reads=settings.gateway_read_rate,
            writes=settings.gateway_write_rate,
        ),
        quota=DailyQuota(context.ledger.tenants, settings.gateway_daily_micros),
    )


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


def _check_tenant(subject: Subject) -> None:
    """Whatever the way in: names of tenants are parts of keys and names, and "" is the command line's own."""
    if not (is_tenant_name(subject.tenant) or (subject.tenant == "" and subject.is_admin)):
        raise AccessDenied(
            f"the tenant {quoted(subject.tenant)} cannot be one",
            code="tenant_invalid",
            hint="its name has 1 to 64 letters, digits, _ . or -",
            status=403,
        )


def _name(request: Request, subject: Subject) -> None:
    """For the access log, also where a limit refuses the request."""
    request.scope["subject_name"] = f"{subject.tenant}/{subject.name}"


def _may_cost(request: Request) -> bool:
    last = request.url.path.rstrip("/").rpartition("/")[2]
    return request.method != "DELETE" and last not in SPENDS_NOTHING
