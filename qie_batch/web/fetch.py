"""Images at web addresses: streamed to a file, with limits on bytes, time, redirects and requests."""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpcore2
import httpx2
import stamina

from qie_batch import __version__
from qie_batch.errors import Rejected
from qie_batch.images import check_length
from qie_batch.interfaces import Version
from qie_batch.web import answers
from qie_batch.web.addresses import resolve as dns
from qie_batch.web.connection import CheckedNetwork, CheckedTransport, time_limit
from qie_batch.web.hosts import parsed, refused
from qie_batch.web.politeness import Turns

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from qie_batch.images import Limits
    from qie_batch.web.hosts import HostPolicy

#: Of an image: requests at most, and redirects of each.
ATTEMPTS, REDIRECTS = 3, 3
#: Connections at a time, to all hosts together.
CONNECTIONS = 16

HEADERS = {
    "user-agent": f"qie-batch/{__version__}",
    # Servers that choose a format would send browsers a smaller, lossy one.
    "accept": "image/png, image/jpeg, */*;q=0.5",
    "accept-encoding": "identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds."""

    #: For one attempt at an image with all its redirects, waiting for the host's turn left out.
    image: float = 60.0
    #: For a connection, and between two parts of an answer.
    silence: float = 10.0
    #: Before the second attempt; doubled before the third.
    retry: float = 0.5


class WebFetcher:
    """`resolve`, `network` and `context` are DNS, sockets and the trusted certificates."""

    def __init__(
        self,
        policy: HostPolicy,
        limits: Limits,
        *,
        timeouts: Timeouts | None = None,
        resolve: Callable[[str, int], list[str]] = dns,
        network: httpcore2.NetworkBackend | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._limits = limits
        self._timeouts = timeouts or Timeouts()
        checked = CheckedNetwork(policy, resolve, network or httpcore2.SyncBackend())
        self._transport = CheckedTransport(checked, context, CONNECTIONS)
        self._turns = Turns()

    def close(self) -> None:
        self._turns.close()
        self._transport.close()

    def fetch(self, address: str, file: BinaryIO, known: Version | None = None) -> Version | None:
        wait = self._timeouts.retry
        for attempt in stamina.retry_context(
            on=answers.Transient, attempts=ATTEMPTS, timeout=None, wait_initial=wait, wait_jitter=wait
        ):
            with attempt:
                file.seek(0)
                file.truncate()
                return self._follow(parsed(address), file, known)
        raise AssertionError("the last attempt returns or raises")

    def _follow(self, url: httpx2.URL, file: BinaryIO, known: Version | None) -> Version | None:
        left = self._timeouts.image
        for _ in range(1 + REDIRECTS):
            self._policy.check(url)
            with self._turns.turn(url.host):
                began = time.monotonic()
                with self._answer(url, known, left) as response:
                    if response.status_code not in answers.REDIRECTS:
                        return self._received(response, url, file, known)
                    url = _target(url, response)
                left -= time.monotonic() - began
        raise Rejected(
            f"the server leads to another address more than {REDIRECTS} times: write the last one",
            code="image_fetch_redirect",
        )

    @contextmanager
    def _answer(self, url: httpx2.URL, known: Version | None, seconds: float) -> Iterator[httpx2.Response]:
        """The answer with its body still to be read."""
        timeout = httpx2.Timeout(self._timeouts.silence, pool=None).as_dict()
        headers = HEADERS | _conditions(known, url)
        request = httpx2.Request("GET", url, headers=headers, extensions={"timeout": timeout})
        try:
            with time_limit(seconds):
                response = self._transport.handle_request(request)
                response.request = request
                try:
                    yield response
                finally:
                    response.close()
        except httpx2.TransportError as error:
            self._turns.failed(url.host)
            raise answers.transport_error(error) from error
        except answers.Transient:
            self._turns.failed(url.host)
            raise
        except Rejected:
            self._turns.answered(url.host)
            raise
        self._turns.answered(url.host)

    def _received(
        self, response: httpx2.Response, url: httpx2.URL, file: BinaryIO, known: Version | None
    ) -> Version | None:
        status = response.status_code
        if status in answers.BUSY:
            self._turns.pause(url.host, answers.pause(response))
        if status == 304 and _conditions(known, url):
            return None
        if status != 200:
            raise answers.bad_status(status)
        answers.check_encoding(response)
        self._write(response, file)
        answers.check_kind(response, file)
        return Version(
            sender=_hash(url),
            etag=answers.validator(response, "etag"),
            last_modified=answers.validator(response, "last-modified"),
        )

    def _write(self, response: httpx2.Response, file: BinaryIO) -> None:
        # h11 refuses a length that is no number.
        check_length(int(response.headers.get("content-length", "0")), self._limits)
        length = 0
        for part in response.iter_raw():
            length += len(part)
            check_length(length, self._limits)
            file.write(part)


def _target(url: httpx2.URL, response: httpx2.Response) -> httpx2.URL:
    """Where a redirect leads; the address as it is written is checked like that of a row."""
    location = response.headers.get("location", "")
    try:
        target = parsed(str(url.join(location)) if not _has_scheme(location) else location)
    except (httpx2.InvalidURL, Rejected) as error:
        reason = error.message if isinstance(error, Rejected) else "it is no web address"
        raise refused(f"the server leads to an address that is refused: {reason}") from error
    if url.scheme == "https" and target.scheme != "https":
        raise refused("the server leads from https:// to http://, which is refused: name the last address")
    return target


def _has_scheme(location: str) -> bool:
    return location.lower().startswith(("http:", "https:"))


def _conditions(known: Version | None, url: httpx2.URL) -> dict[str, str]:
    """Headers that ask for the image only if it has changed; another sender's validators mean nothing."""
    if known is None or known.sender != _hash(url):
        return {}
    headers = {"if-none-match": known.etag, "if-modified-since": known.last_modified}
    return {name: value for name, value in headers.items() if value}


def _hash(url: httpx2.URL) -> str:
    return hashlib.sha256(str(url).encode()).hexdigest()
