"""Secrets never reach a log, whoever writes the line."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.settings import Settings

#: What looks like a secret though no setting holds it: passwords in addresses, signatures, keys by name.
PATTERNS = (
    re.compile(r"(?<=://)[^\s/@]*:[^\s/@]+(?=@)"),
    re.compile(r"(?i)(?<=x-amz-signature=)[0-9a-f]+"),
    re.compile(r"(?i)(?<=x-amz-credential=)[^&\s]+"),
    re.compile(r"(?i)(?<=authorization: )\S.*"),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
)
HIDDEN = "****"


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
        return True

    def clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for pattern in PATTERNS:
            text = pattern.sub(HIDDEN, text)
        return text


def secrets_of(settings: Settings) -> list[str]:
    """Every secret that the settings hold, whole and as the password inside an address."""
    found = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if hasattr(value, "get_secret_value"):
            found.append(value.get_secret_value())
            found.append(unquote(urlsplit(value.get_secret_value()).password or ""))
    return found


def redact(settings: Settings, logger: logging.Logger | None = None) -> None:
    """Put the filter on every handler of the logger (the root's by default)."""
    redaction = Redaction(secrets_of(settings))
    for handler in (logger or logging.getLogger()).handlers:
        handler.addFilter(redaction)
