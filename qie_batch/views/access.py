"""Keys and tenants, without secrets."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from qie_batch.model import ApiKey, Scope, Tenant
from qie_batch.views.amounts import Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyView:
    id: str
    tenant: str
    name: str
    scopes: tuple[Scope, ...]
    #: Seconds since 1970, None for never.
    created_at: float
    expires_at: float | None
    revoked_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantView:
    name: str
    #: None takes QIE_GATEWAY_DAILY_USD.
    daily_micros: Annotated[Usd | None, Field(serialization_alias="daily_usd")]
    #: Address of its webhooks, "" for none.
    notify: str


def api_key_view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        tenant=key.owner,
        name=key.name,
        scopes=tuple(sorted(key.scopes)),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


def tenant_view(tenant: Tenant) -> TenantView:
    return TenantView(name=tenant.name, daily_micros=tenant.daily_micros, notify=tenant.notify)
