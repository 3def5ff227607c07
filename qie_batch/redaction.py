"""Removes secrets from log lines, also from those that a library writes."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "****"

#: Where boto3 reads keys that no setting holds.
ENVIRONMENT = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_NAME = r"(?:password|passwd|secret(?:[_-]?access)?(?:[_-]?key)?|token|signature|credentials?)"
#: The separator of name and value in JSON, a Python dict, a header, an assignment or a query.
_IS = r"""\\?["']?\s*(?:[:=]|%3D)\s*(?:b?\\?(?P<quote>["']))?"""
#: Secrets that no setting holds, by their form; the group `kept` of a pattern stays.
PATTERNS = (
    re.compile(r"(?P<kept>://)[^\s/@:]*:[^\s/@]+(?=@)"),
    # The login of a database or broker, also with a / or @ in the password that is not encoded. The bound
    # keeps the time linear for text without an @.
    re.compile(r"""(?P<kept>\b(?:postgres|redis|amqp)[\w+]*://)[^\s"']{1,500}(?=@)"""),
    re.compile(rf"""(?i)(?P<kept>authorization{_IS})[^"'\n]+"""),
    re.compile(rf"""(?i)(?P<kept>{_NAME}{_IS})(?(quote)(?:(?!(?P=quote)).)+|[^\s"'&]+)"""),
    # Keys of the gateway, and JSON Web Tokens.
    re.compile(r"(?P<kept>\bqie_)[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?P<kept>\b)eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    re.compile(r"(?P<kept>\b)(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"(?P<kept>\bwhsec_)[A-Za-z0-9+/]+=*"),
)


class Redaction(logging.Filter):
    """A filter for handlers, which rewrites the formatted line with its arguments and its traceback."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        # The longest first, as one secret may be part of another.
        self._secrets = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.clean(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        if record.stack_info:
            record.stack_info = self.clean(record.stack_info)
        return True

    def clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for pattern in PATTERNS:
            text = pattern.sub(rf"\g<kept>{HIDDEN}", text)
        return text


def without_secrets(url: str) -> str:
    """An address as people may see it: without its login and the values behind its question mark."""
    place, mark, query = url.partition("?")
    place = re.sub("(?<=://).*@", f"{HIDDEN}@", place)
    return place + mark + re.sub("=[^&]*", f"={HIDDEN}", query)


def secrets_of(secrets: Iterable[str], addresses: Iterable[str] = ()) -> list[str]:
    """These secrets, those inside the addresses, and those of boto3's environment."""
    found = [os.environ.get(name, "") for name in ENVIRONMENT]
    for address in addresses:
        found += _secrets_in(address)
    return [*found, *secrets]


def _secrets_in(url: str) -> list[str]:
    parts = urlsplit(url)
    options = [value for name, value in parse_qsl(parts.query) if re.search(_NAME, name)]
    return [parts.password or "", unquote(parts.password or ""), *options]


def redact(
    secrets: Iterable[str], addresses: Iterable[str] = (), *, logger: logging.Logger | None = None
) -> None:
    """Put the filter on every handler of the logger (the root's by default)."""
    redaction = Redaction(secrets_of(secrets, addresses))
    for handler in (logger or logging.getLogger()).handlers:
        handler.addFilter(redaction)
