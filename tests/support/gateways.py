"""The gateway as it runs: a stack with worker, control and gateway processes, and tokens for it."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import SecretStr

from qie_batch import wiring
from qie_batch.gateway.app import create_app
from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from qie_batch.processes.contract import child_environment
from qie_batch.processes.embedded import embedded_stack
from qie_batch.settings import Settings
from tests.support.ledgers import to_newest_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import APIRouter

    from qie_batch.local.stack import Stack
    from qie_batch.processes.embedded import Embedded

ALL = "jobs:read jobs:write edits review"
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


def lone_settings(stack: Stack, folder: Path, **changes: Any) -> Settings:
    """For a gateway without workers on the stack's servers, with an empty ledger of its own."""
    values = {
        **stack.config,
        "ledger_url": f"sqlite:///{folder / 'ledger.sqlite3'}",
        "gateway_port": free_port(),
        **changes,
    }
    settings = Settings(dir=folder, **values)
    database = wiring.database(settings)
    to_newest_schema(database)
    database.engine.dispose()
    return settings


@contextmanager
def served(settings: Settings, *routers: APIRouter) -> Iterator[str]:
    """The application with further routes behind uvicorn, in a thread; gives its address."""
    app = create_app(settings)
    ours = len(app.router.routes)
    for router in routers:
        app.include_router(router)
    # The further routes first, so that one may stand in for a route of ours.
    app.router.routes[:] = app.router.routes[ours:] + app.router.routes[:ours]
    config = uvicorn.Config(app, port=settings.gateway_port, log_config=None, proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    url = f"http://127.0.0.1:{settings.gateway_port}"
    try:
        wait_ready(url)
        yield url
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def lone_gateway(settings: Settings) -> Iterator[ChildProcess]:
    """`qie-batch gateway` as a process of its own; its log is at `log_path`."""
    names = Settings.model_fields.keys() & settings.model_fields_set - {"dir"}
    own = {f"QIE_{name.upper()}": _text(settings, name) for name in names}
    child = ChildProcess.start(
        "gateway",
        [sys.executable, "-m", "qie_batch", "gateway"],
        env={**child_environment(settings.dir), **own},
        log_path=settings.dir / "gateway.log",
    )
    try:
        wait_ready(f"http://{settings.gateway_address}:{settings.gateway_port}")
        yield child
    finally:
        child.stop()


def _text(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, tuple) else str(value)
