"""Where the gateway listens, and whom it lets in."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import NoDecode


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
    #: The claim that names the tenant; without it the subject is its own tenant.
    jwt_tenant_claim: str = "tenant"
    #: Addresses and networks that may set X-Forwarded-*, separated by commas.
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
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

    @field_validator("trusted_proxies", "gateway_metrics", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return re.findall(r"[^,\s]+", value) if isinstance(value, str) else value

    @field_validator("trusted_proxies", "gateway_metrics")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            ip_network(each, strict=False)
        return value
