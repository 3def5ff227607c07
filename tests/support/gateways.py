"""The gateway as it runs: a stack with worker, control and gateway processes, and tokens for it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
from joserfc import jwt
from joserfc.jwk import OctKey

from qie_batch.processes.embedded import embedded_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qie_batch.processes.embedded import Embedded
    from qie_batch.settings import Settings

ALL = "jobs:read jobs:write edits"
START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningGateway:
    url: str
    settings: Settings
    embedded: Embedded

    def client(self, tenant: str = "acme", scope: str = ALL, **more: Any) -> httpx2.Client:
        """A client with a token of this tenant; close it, or use it as a context."""
        bearer = {"Authorization": f"Bearer {token(self.settings, tenant, scope)}"}
        return httpx2.Client(base_url=self.url, headers=bearer, timeout=30, **more)


def token(settings: Settings, tenant: str = "acme", scope: str = ALL, **claims: Any) -> str:
    """A token of the embedded stack, valid for an hour; a claim of None is left out."""
    now = int(time.time())
    given = {
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "sub": f"{tenant}-program",
        "tenant": tenant,
        "scope": scope,
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    given = {name: value for name, value in given.items() if value is not None}
    key = OctKey.import_key(settings.gateway_secret.get_secret_value())
    return jwt.encode({"alg": "HS256"}, given, key)


@contextmanager
def running_gateway(folder: Path, engine: str = "classic") -> Iterator[RunningGateway]:
    """A whole stack on `folder`; the gateway answers when the context is entered."""
    with embedded_stack(folder, engine) as embedded:
        settings = embedded.settings
        url = f"http://{settings.gateway_address}:{settings.gateway_port}"
        wait_ready(url)
        yield RunningGateway(url=url, settings=settings, embedded=embedded)


def wait_ready(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx2.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        assert time.monotonic() < deadline, f"{url} is not ready"
        time.sleep(0.05)
