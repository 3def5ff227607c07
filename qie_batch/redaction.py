"""Secrets never reach a log, whoever writes the line."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.settings import Settings

HIDDEN = "****"

#: Where boto3 finds keys that no setting holds.
ENVIRONMENT = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_NAME = r"(?:password|passwd|secret(?:[_-]?access)?(?:[_-]?key)?|token|signature|credentials?)"
#: What stands between a name and its value in JSON, a Python dict, a header, an assignment or a query.
_IS = r"""\\?["']?\s*(?:[:=]|%3D)\s*(?:b?\\?(?P<quote>["']))?"""
#: What looks like a secret though no setting holds it; what a pattern calls `kept` stays.
PATTERNS = (
    re.compile(r"(?P<kept>://)[^\s/@:]*:[^\s/@]+(?=@)"),
    # A database's or broker's login, even if its password has a / or an @ that is not encoded. The bound
    # keeps the time linear where no @ follows.
    re.compile(r"""(?P<kept>\b(?:postgres|redis|amqp)[\w+]*://)[^\s"']{1,500}(?=@)"""),
    re.compile(rf"""(?i)(?P<kept>authorization{_IS})[^"'\n]+"""),
    re.compile(rf"""(?i)(?P<kept>{_NAME}{_IS})(?(quote)(?:(?!(?P=quote)).)+|[^\s"'&]+)"""),
    re.compile(r"(?P<kept>\b)(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
)


class Redaction(logging.Filter):
    """A filter for handlers: it rewrites the finished line, tracebacks and arguments with it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        # The longest first: one secret may be part of another.
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
    """An address that `Settings` took, as people may see it: no login, no value behind its question mark."""
    place, mark, query = url.partition("?")
    place = re.sub("(?<=://).*@", f"{HIDDEN}@", place)
    return place + mark + re.sub("=[^&]*", f"={HIDDEN}", query)


def secrets_of(settings: Settings) -> list[str]:
    """Every secret that the settings and boto3's environment hold; of an address only what is one in it."""
    found = [os.environ.get(name, "") for name in ENVIRONMENT]
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if hasattr(value, "get_secret_value"):
            secret = value.get_secret_value()
            found += _secrets_in(secret) if name.endswith("_url") else [secret]
    return found


def _secrets_in(url: str) -> list[str]:
    parts = urlsplit(url)
    options = [value for name, value in parse_qsl(parts.query) if re.search(_NAME, name)]
    return [parts.password or "", unquote(parts.password or ""), *options]


def redact(settings: Settings, logger: logging.Logger | None = None) -> None:
    """Put the filter on every handler of the logger (the root's by default)."""
    redaction = Redaction(secrets_of(settings))
    for handler in (logger or logging.getLogger()).handlers:
        handler.addFilter(redaction)
