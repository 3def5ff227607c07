"""Tenants, and the keys of their programs: made, listed and revoked by people who run the stack."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qie_batch.errors import NotFound, UsageError
from qie_batch.model import ApiKey, Scope, is_tenant_name
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import ApiKeys, Tenants
    from qie_batch.model import Tenant

#: What every key begins with, so that scanners of repositories and logs recognise one.
KEY_PREFIX = "qie_"
#: Random bytes of a key.
KEY_BYTES = 32
DAY_SECONDS = 86_400
MAX_NAME = 100
MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    tenant: str
    name: str
    scopes: frozenset[Scope]
    #: None for a key that does not expire.
    days: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    id: str
    #: The key itself, which is shown once and stored nowhere.
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantChange:
    """What to set for a tenant; None leaves what is set."""

    name: str
    #: Micro-dollars of a day, or DEFAULT for what the setting says.
    daily_micros: int | None = None
    notify: str | None = None


#: In place of an amount: that of the setting.
DEFAULT = -1


def add_key(request: NewKey, api_keys: ApiKeys) -> MadeKey:
    """A new key of a tenant's program. UsageError for a request that cannot be a key."""
    check_tenant(request.tenant, request.scopes)
    if not request.scopes:
        raise UsageError("a key without a scope may do nothing", hint=f"name some of {', '.join(Scope)}")
    name = request.name.strip()
    if not name or len(name) > MAX_NAME or printable(name, MAX_NAME) != name:
        raise UsageError(
            f"{quoted(request.name)} is not a name for a key",
            hint=f"1 to {MAX_NAME} characters that can be printed, for example nightly import",
        )
    if request.days is not None and not 0 < request.days <= MAX_DAYS:
        raise UsageError(
            f"a key cannot be valid for {request.days:g} days",
            hint=f"give more than 0 and at most {MAX_DAYS:,}",
        )
    secret = KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)
    key = ApiKey(id=f"key-{secrets.token_hex(6)}", owner=request.tenant, name=name, scopes=request.scopes)
    api_keys.add(key, digest_of(secret), None if request.days is None else request.days * DAY_SECONDS)
    return MadeKey(id=key.id, secret=secret)


def revoke_key(key_id: str, api_keys: ApiKeys) -> None:
    """NotFound for a key that is not there or is revoked already."""
    if not api_keys.revoke(key_id):
        raise NotFound(
            f"there is no key {quoted(key_id)} that could be revoked", code="key_unknown", subject=key_id
        )


def digest_of(secret: str) -> str:
    """sha256 (hex) of a key: with 256 random bits, guessing is no way in, and a slow hash adds nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def set_tenant(change: TenantChange, tenants: Tenants, check_webhook: Callable[[str], None]) -> Tenant:
    """Set what is given of a tenant; UsageError for a name that no tenant can have.

    `check_webhook` raises UsageError for an address that webhooks may not be sent to.
    """
    check_tenant(change.name)
    if change.notify:
        check_webhook(change.notify)
    tenant = tenants.get(change.name)
    if change.daily_micros is not None:
        tenant = replace(tenant, daily_micros=None if change.daily_micros == DEFAULT else change.daily_micros)
    if change.notify is not None:
        tenant = replace(tenant, notify=change.notify)
    tenants.set(tenant)
    return tenant


def check_tenant(name: str, scopes: frozenset[Scope] = frozenset()) -> None:
    """UsageError unless a tenant can have this name; "", the command line's own, goes with admin only."""
    if is_tenant_name(name) or (name == "" and Scope.ADMIN in scopes):
        return
    raise UsageError(
        f"{quoted(name)} is not the name of a tenant",
        hint="1 to 64 of the letters A to Z, digits, and _ . -, for example acme",
    )
