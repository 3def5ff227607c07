"""Connections to checked addresses only, each with an end in time.

Every connection of the transport is opened here, after redirects too: the host is resolved once, every
address of the answer is checked, and the connection goes to one of these, while TLS and the header Host keep
the name. A second answer of the DNS is never asked for.
"""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2

from qie_batch.errors import Misconfigured, Rejected
from qie_batch.text import quoted
from qie_batch.web.addresses import kind_of, literal
from qie_batch.web.hosts import refused

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    from qie_batch.web.hosts import HostPolicy

#: By `time.monotonic`, of the request that this thread makes.
_ends_at: ContextVar[float] = ContextVar("ends_at")


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Within it, connecting, reading and writing end after so many seconds together."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


class CheckedTransport(httpx2.HTTPTransport):
    """HTTP/1.1 without proxies, cookies, logins and redirects; raises Rejected for a host that is refused."""

    def __init__(self, network: CheckedNetwork, context: ssl.SSLContext | None, connections: int) -> None:
        # Not HTTPTransport's own: that takes no network backend.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context or _trusted(),
            max_connections=connections,
            keepalive_expiry=15.0,
            network_backend=network,
        )


def _trusted() -> ssl.SSLContext:
    """The certificates of the machine, or those that SSL_CERT_FILE or SSL_CERT_DIR names."""
    try:
        return httpcore2.default_ssl_context()
    except OSError as error:
        raise Misconfigured(
            f"the trusted certificates cannot be read ({error.strerror or error})",
            hint="mend SSL_CERT_FILE and SSL_CERT_DIR, or unset them",
        ) from error


class CheckedNetwork(httpcore2.NetworkBackend):
    def __init__(
        self, policy: HostPolicy, resolve: Callable[[str, int], list[str]], network: httpcore2.NetworkBackend
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._network = network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        error: Exception = httpcore2.ConnectError("no address")
        for address in self.checked(host, port):
            try:
                stream = self._network.connect_tcp(
                    address, port, _left(timeout, httpcore2.ConnectTimeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                error = failed
            else:
                return _TimedStream(stream)
        raise error

    def checked(self, host: str, port: int) -> list[str]:
        """Every address of the host; Rejected if one of them may not be connected to."""
        purpose = self._policy.purpose
        try:
            addresses = [host] if literal(host) else self._resolve(host, port)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise httpcore2.ConnectError("the name could not be resolved") from error
            raise Rejected(
                f"there is no server of the name {quoted(host)}: check its spelling",
                code=purpose.missing_code,
            ) from error
        except OSError as error:
            raise httpcore2.ConnectError("the name could not be resolved") from error
        allowed = ("", *self._policy.hosts.allowed_kinds(host, port))
        for address in addresses:
            if (kind := kind_of(ip_address(address))) not in allowed:
                raise refused(
                    f"host {quoted(host)} is at {address}, which is {kind}: {purpose.sentence} "
                    f"{purpose.preposition} public servers; a server in a private network has to be listed"
                    f" in {purpose.hosts_setting} by its name",
                    purpose,
                )
        return addresses


class _TimedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, expired: type[httpcore2.TimeoutException]) -> float:
    """Seconds until the first of the two ends; `expired` is raised when none are left."""
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise expired("the time for this request is over")
    return left if timeout is None else min(left, timeout)
