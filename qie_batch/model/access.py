"""Tenants, the keys of their programs, and what either may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

#: Part of object keys and of names in the ledger, so neither empty nor "." nor "..".
_TENANT_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,64}")


def is_tenant_name(text: str) -> bool:
    return _TENANT_NAME.fullmatch(text) is not None


class Scope(StrEnum):
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    EDITS = "edits"
    #: To decide about results; to look at them is JOBS_READ.
    REVIEW = "review"
    #: Everything, of every tenant.
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as the ledger knows it: without its secret, which only its owner has."""

    id: str
    #: The tenant that it acts for.
    owner: str
    #: For people.
    name: str
    scopes: frozenset[Scope]
    created_at: float = 0.0
    #: None for one that does not expire.
    expires_at: float | None = None
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """What is set for one tenant; the gateway's settings apply to the rest."""

    name: str
    #: Spending of a day (UTC) from which on nothing more is accepted; None takes the setting.
    daily_micros: int | None = None
    #: Address of its webhooks, "" for none.
    notify: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpending:
    """What a tenant has spent since midnight (UTC)."""

    spent_micros: int
    #: Set for this tenant, None where nothing is.
    daily_micros: int | None
    #: To the next midnight.
    seconds_left: float
