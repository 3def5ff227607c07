"""Web addresses as text, and which hosts and ports may be asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx2

from qie_batch.errors import Misconfigured, Rejected
from qie_batch.text import quoted
from qie_batch.web.addresses import LOOPBACK, PRIVATE, literal
from qie_batch.web.purposes import IMAGES

if TYPE_CHECKING:
    from collections.abc import Collection

    from qie_batch.web.purposes import Purpose

#: Of https and http: an entry without a port means these.
USUAL_PORTS = (443, 80)
ANY = "*"

# A backslash is a slash to browsers; some programs drop white space and controls.
_AMBIGUOUS = re.compile(r"[\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_AUTHORITY = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
# Browsers and getaddrinfo read these as IPv4 addresses: 2130706433, 0x7f.1, 127.1, 0177.0.0.1.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
#: Names that are not of the public DNS (RFC 2606, 6761, 6762, 7686, 8375, 9476, ICANN's .internal, habit).
_LOCAL = re.compile(
    r"[^.]*|(?:.*\.)?(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|svc|home\.arpa"
    r"|test|example|invalid|onion|alt)"
)


def refused(reason: str, purpose: Purpose = IMAGES) -> Rejected:
    return Rejected(reason, code=purpose.refused_code)


def parsed(text: str, purpose: Purpose = IMAGES) -> httpx2.URL:
    """The address with its host as the transport sees it; Rejected for what programs read differently."""
    authority = _AUTHORITY.match(text)
    if authority is None:
        raise refused(f"only https:// addresses are {purpose.done}", purpose)
    if _AMBIGUOUS.search(text):
        raise refused(
            "the address holds a backslash or a control character: write it percent-encoded", purpose
        )
    if "@" in authority[1]:
        raise refused(
            f"the address holds a login before an @: remove it, {purpose.sentence} without one", purpose
        )
    try:
        url = httpx2.URL(text)
        # A dot at the end changes nothing, but certificates and lists are written without it.
        url = url.copy_with(host=url.raw_host.decode().removesuffix("."))
    except (httpx2.InvalidURL, UnicodeError):
        raise refused(
            "this is no web address: write https://, the server's name and the path", purpose
        ) from None
    host = url.raw_host.decode()
    if literal(host) is None and (_NUMBER.fullmatch(host) or not _NAME.fullmatch(host)):
        raise refused(f"{quoted(host)} is no host name: write the server's name", purpose)
    return url


@dataclass(frozen=True, slots=True)
class ImageHosts:
    """The entries of QIE_IMAGE_HOSTS or QIE_NOTIFY_HOSTS as (host, port).

    The port None is the usual one of the scheme.
    """

    exact: frozenset[tuple[str, int | None]]
    #: Those written *.host: every name below, not the host itself.
    below: frozenset[tuple[str, int | None]]
    every_public: bool

    @classmethod
    def parse(cls, entries: Collection[str], purpose: Purpose = IMAGES) -> Self:
        """Misconfigured for an entry that is none of `*`, `host`, `*.host`, each with a port or without."""
        hosts = [(entry.startswith("*."), _entry(entry, purpose)) for entry in entries if entry != ANY]
        return cls(
            exact=frozenset(host for wild, host in hosts if not wild),
            below=frozenset(host for wild, host in hosts if wild),
            every_public=ANY in entries,
        )

    def name(self, host: str, port: int | None) -> bool:
        """Whether an entry is this very host."""
        return (host, port) in self.exact

    def allow(self, host: str, port: int | None) -> bool:
        labels = host.split(".")
        above = (".".join(labels[start:]) for start in range(1, len(labels)))
        return (
            self.name(host, port)
            or any((name, port) in self.below for name in above)
            or (self.every_public and port is None)
        )

    def allowed_kinds(self, host: str, port: int) -> tuple[str, ...]:
        """The kinds of addresses, beside public ones, that may be connected to for this host.

        A name that an entry is may lead into a private network; an address that an entry is, and localhost,
        to this machine, too. An entry with a * allows neither: the owner of a name below decides where it is.
        """
        if not self.name(host, None if port in USUAL_PORTS else port):
            return ()
        return (PRIVATE, LOOPBACK) if literal(host) or host == "localhost" else (PRIVATE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPolicy:
    hosts: ImageHosts
    #: False allows every public host beside those listed.
    listed_only: bool
    #: Whether http:// is fetched, too.
    plain_http: bool
    purpose: Purpose = IMAGES

    def check(self, url: httpx2.URL) -> None:
        """Rejected unless scheme, host and port may be asked; resolves nothing."""
        host, port, purpose = url.raw_host.decode(), url.port, self.purpose
        if url.scheme != "https" and not self.plain_http:
            raise self._refused(
                f"http:// is not {purpose.done}: write https://, or set {purpose.http_setting}=true"
            )
        if self.hosts.name(host, port):
            return
        where = host if port is None else f"{host}:{port}"
        if literal(host) is None and _LOCAL.fullmatch(host):
            raise self._refused(
                f"{quoted(host)} is a name inside a network: add {where} to {purpose.hosts_setting}"
            )
        if self.hosts.allow(host, port):
            return
        if self.listed_only:
            raise self._refused(
                f"{purpose.denial} host {quoted(where)}: {purpose.hosts_setting} does not list it; add it for"
                f" {purpose.process}"
            )
        if port is not None:
            usual = 443 if url.scheme == "https" else 80
            raise self._refused(
                f"port {port} is not asked, only {usual}: add {where} to {purpose.hosts_setting}"
            )

    def _refused(self, reason: str) -> Rejected:
        return refused(reason, self.purpose)


def _entry(text: str, purpose: Purpose) -> tuple[str, int | None]:
    host = text.removeprefix("*.")
    try:
        if re.search(r"[*/?#\s]", host):
            raise refused("this is more than a host")
        url = parsed(f"https://{host}")
    except Rejected as error:
        raise Misconfigured(
            f"{purpose.hosts_setting} says {quoted(text)}, which is no host: {error.message}",
            hint="write host, host:port, *.host or *, with commas between them",
        ) from None
    return url.raw_host.decode(), url.port
