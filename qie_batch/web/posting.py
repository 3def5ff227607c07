"""POST requests to addresses that users write, through the checks of every connection."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import httpcore2
import httpx2

from qie_batch.errors import Rejected, Unavailable
from qie_batch.model import WebhookAnswer
from qie_batch.text import printable
from qie_batch.web import answers
from qie_batch.web.addresses import literal
from qie_batch.web.addresses import resolve as dns
from qie_batch.web.connection import CheckedNetwork, CheckedTransport, time_limit
from qie_batch.web.hosts import parsed

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from qie_batch.web.hosts import HostPolicy

#: For a request and the head of its answer, as Standard Webhooks suggests (15 to 30).
SECONDS = 15.0
#: Connections at a time; each ends with its answer.
CONNECTIONS = 16


class WebPoster:
    """`resolve`, `network` and `context` are DNS, sockets and the trusted certificates."""

    def __init__(
        self,
        policy: HostPolicy,
        *,
        seconds: float = SECONDS,
        resolve: Callable[[str, int], list[str]] = dns,
        network: httpcore2.NetworkBackend | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._seconds = seconds
        self._network = CheckedNetwork(policy, resolve, network or httpcore2.SyncBackend())
        self._context = context

    @cached_property
    def _transport(self) -> CheckedTransport:
        # Not at once: a process without a webhook needs no trusted certificates.
        return CheckedTransport(self._network, self._context, CONNECTIONS)

    def check(self, address: str) -> None:
        """Rejected for an address that is refused whatever its name resolves to."""
        url = parsed(address, self._policy.purpose)
        self._policy.check(url)
        host = url.raw_host.decode()
        if literal(host):
            self._network.checked(host, url.port or (443 if url.scheme == "https" else 80))

    def post(self, address: str, body: bytes, headers: Mapping[str, str], *, read: int = 0) -> WebhookAnswer:
        """The head of the answer, redirects as they are, and `read` bytes of its body at most.

        Rejected for an address that may not be asked, Unavailable without an answer in time.
        """
        url = parsed(address, self._policy.purpose)
        self._policy.check(url)
        timeout = httpx2.Timeout(self._seconds, pool=None).as_dict()
        request = httpx2.Request(
            "POST", url, content=body, headers=dict(headers), extensions={"timeout": timeout}
        )
        try:
            with time_limit(self._seconds):
                response = self._transport.handle_request(request)
                beginning = _beginning(response, read)
                response.close()
        except httpx2.TransportError as error:
            raise self._unavailable(error) from error
        except Rejected as error:
            if error.code == self._policy.purpose.refused_code:
                raise
            raise Unavailable(error.message, code=error.code) from error
        retry_after = answers.pause(response) if "retry-after" in response.headers else 0.0
        return WebhookAnswer(status=response.status_code, retry_after=retry_after, body=beginning)

    def _unavailable(self, error: httpx2.TransportError) -> Unavailable:
        if reason := answers.tls_reason(error):
            sentence = f"the server's identity cannot be verified ({reason})"
        elif isinstance(error, httpx2.TimeoutException):
            sentence = f"the server did not answer within {self._seconds:.0f} seconds"
        else:
            sentence = f"the connection failed ({printable(str(error)) or 'no answer'})"
        return Unavailable(sentence, code="webhook_unreachable")


def _beginning(response: httpx2.Response, most: int) -> bytes:
    data = bytearray()
    for part in response.iter_raw() if most else ():
        data += part
        if len(data) >= most:
            break
    return bytes(data[:most])
