"""Where the gateway listens, and whom it lets in."""

from __future__ import annotations

import re
from decimal import Decimal  # noqa: TC003 - pydantic reads the annotation
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

_RATE = "[1-9][0-9]{0,8}/(second|minute|hour|day)"


class GatewaySettings(BaseModel):
    gateway_address: str = "127.0.0.1"
    gateway_port: int = 8080
    #: What browsers and clients write before the path; empty takes each request's own.
    gateway_url: str = ""
    #: Signs sessions and one-time logins, and tokens where the algorithm is HS256.
    gateway_secret: SecretStr | None = None
    jwt_algorithm: Literal["EdDSA", "RS256", "HS256"] = "HS256"
    #: A JWKS file or its https:// address, for EdDSA and RS256.
    jwt_keys: str = ""
    jwt_issuer: str = "qie-batch"
    jwt_audience: str = "qie-batch"
    #: The claim that names the tenant; `sub` makes each subject its own tenant.
    jwt_tenant_claim: str = "tenant"
    #: A header by which a proxy among `trusted_proxies` says who is logged in, such as X-Forwarded-User.
    gateway_user_header: str = ""
    #: An OpenID provider, by the address before /.well-known/openid-configuration.
    gateway_oidc_issuer: str = ""
    gateway_oidc_client_id: str = ""
    gateway_oidc_client_secret: SecretStr | None = None
    #: Claims of the provider that name a person's tenant and scopes; empty takes the two settings below.
    gateway_oidc_tenant_claim: str = ""
    gateway_oidc_scope_claim: str = ""
    #: Whose jobs people see who log in at a provider or a proxy; empty makes each person a tenant.
    gateway_people_tenant: str = ""
    #: What they may do, separated by spaces.
    gateway_people_scopes: str = "jobs:read jobs:write edits review"
    #: Addresses and networks that may set X-Forwarded-*, separated by commas.
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    #: Requests of one subject: those that read, and those that change something. Several rates are separated
    #: by semicolons ("20/second;600/minute"); none is no limit.
    gateway_read_rate: str = "6000/minute"
    gateway_write_rate: str = "600/minute"
    #: Keys that are not known, of one address.
    gateway_wrong_key_rate: str = "60/minute"
    #: USD that a tenant may spend in a day (UTC) unless `tenants set` says otherwise; None is no limit.
    gateway_daily_usd: Decimal | None = Field(default=None, ge=0, le=1_000_000_000)
    #: Addresses and networks beside the loopback that may read /metrics, separated by commas.
    gateway_metrics: Annotated[tuple[str, ...], NoDecode] = ()
    #: How long the gateway serves on after SIGTERM while /readyz already answers 503; behind a proxy longer
    #: than two of its health checks.
    gateway_drain_seconds: float = Field(default=0.0, ge=0)
    #: Bytes of one request, streamed to disk.
    gateway_max_upload_bytes: int = Field(default=4_000_000_000, ge=1)
    #: Files of one request, those of its ZIP files counted.
    gateway_max_files: int = Field(default=50_000, ge=1)
    #: Of one image that comes through the gateway.
    gateway_max_side: int = Field(default=2048, ge=64)
    gateway_max_image_bytes: int = Field(default=10_000_000, ge=1)
    #: Of a body in JSON, which is held in memory; of a request for one edit, with its images.
    gateway_max_json_bytes: int = Field(default=32_000_000, ge=1)
    gateway_max_edit_bytes: int = Field(default=64_000_000, ge=1)

    #: How long a client waits for an edit; the edit goes on.
    gateway_edit_seconds: float = Field(default=300.0, gt=0)

    @field_validator("trusted_proxies", "gateway_metrics", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return re.findall(r"[^,\s]+", value) if isinstance(value, str) else value

    @field_validator("trusted_proxies", "gateway_metrics")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Anything else is text to uvicorn that matches no address, and * matches every one."""
        for each in value:
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(
                    f"{each!r} is no address or network, for example 10.0.0.7 or 10.0.0.0/24"
                ) from None
        return value

    @field_validator("gateway_read_rate", "gateway_write_rate", "gateway_wrong_key_rate")
    @classmethod
    def _is_rate(cls, value: str) -> str:
        if value != "none" and not re.fullmatch(rf"{_RATE}(;{_RATE})*", value):
            raise ValueError("this is no rate, for example 600/minute, or 20/second;600/minute, or none")
        return value

    @property
    def gateway_daily_micros(self) -> int | None:
        return None if self.gateway_daily_usd is None else int(self.gateway_daily_usd * 1_000_000)
