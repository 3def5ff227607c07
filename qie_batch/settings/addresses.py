"""What an address may look like: of the ledger, of the broker, and one that a process listens at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from qie_batch.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    beginnings: tuple[str, ...]
    #: Whose address it is, in a sentence.
    owner: str
    example: str


#: By the name of the setting.
ADDRESSES = {
    "ledger_url": AddressRule(
        beginnings=("postgresql://", "postgresql+psycopg://", "sqlite:///"),
        owner="a SQLite or PostgreSQL database",
        example="for example postgresql+psycopg://user:password@host/database,"
        " or sqlite:////folder/ledger.sqlite3",
    ),
    "broker_url": AddressRule(
        beginnings=("redis://", "rediss://"),
        owner="a Redis or Valkey server",
        example="for example redis://:password@host:6379/0, or rediss:// with TLS",
    ),
}
#: The options that kombu and redis-py accept; any other is an error to one of them.
_BROKER_OPTION = re.compile(
    r"ssl_cert_reqs=(?:required|optional|none|CERT_(?:REQUIRED|OPTIONAL|NONE))"
    r"|(?:ssl_(?:ca_certs|ca_path|certfile|keyfile|check_hostname)|credential_provider)=.+"
)


def listener(value: str) -> str:
    """The same text; ValueError for anything but HOST:PORT, as an empty host would be every interface."""
    found = re.fullmatch(r"(?:[^\s:/]+|\[[0-9a-fA-F:]+\]):([1-9][0-9]{0,4})", value)
    if not found or int(found[1]) > 65_535:
        raise ValueError("write HOST:PORT, for example 0.0.0.0:9400")
    return value


def check_address(field: str, url: str) -> None:
    """Misconfigured for an address that no service can have. Shows no part, as any may be the password's."""
    rule, name = ADDRESSES[field], f"QIE_{field.upper()}"
    if not url.startswith(rule.beginnings):
        raise Misconfigured(f"{name} is not the address of {rule.owner}", hint=rule.example)
    if url.startswith("sqlite"):
        return
    is_broker = field == "broker_url"
    # kombu reads the text after a semicolon as another address.
    if not _comes_apart(url) or (is_broker and ";" in url):
        raise Misconfigured(
            f"{name} does not come apart into login, host, port and database",
            hint="the port is a number, and a password's special characters are percent-encoded: "
            "@ is %40, / is %2F, # is %23, ? is %3F",
        )
    if is_broker:
        _check_broker(name, url, rule)


def _check_broker(name: str, url: str, rule: AddressRule) -> None:
    parts = urlsplit(url)
    if not re.fullmatch(r"/?[0-9]*", parts.path):
        raise Misconfigured(f"{name} ends in a database that is not a number", hint=rule.example)
    options = filter(None, parts.query.split("&"))
    if not all(_BROKER_OPTION.fullmatch(option) for option in options):
        raise Misconfigured(
            f"{name} has an option behind its question mark that is not understood",
            hint="known are ssl_cert_reqs (required, optional or none), ssl_ca_certs, ssl_certfile, "
            "ssl_keyfile and ssl_check_hostname",
        )


def _comes_apart(url: str) -> bool:
    """Whether every parser sees the same parts: parsers differ on characters that are not encoded."""
    try:
        parts = urlsplit(url)
        has_usable_port = parts.port != 0
    except ValueError:
        return False
    in_order = parts.netloc.count("@") <= 1 and "@" not in parts.path + parts.query
    return has_usable_port and in_order and not re.search(r"[\s#]", url)
