"""What the head of a server's answer means for a row."""

from __future__ import annotations

import ssl
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx2

from qie_batch.errors import Rejected
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from typing import BinaryIO

REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUSY = frozenset({429, 503})
_MISSING = frozenset({404, 410})
_DENIED = frozenset({401, 402, 403, 407, 451})
#: Seconds of a pause where a busy server says none.
DEFAULT_PAUSE = 5.0
#: Bytes at the start of a page that may stand before its first tag.
_BLANK = b"\xef\xbb\xbf \t\r\n"


class Transient(Rejected):
    """Another attempt may succeed; the last one's sentence is the row's."""


def bad_status(status: int) -> Rejected:
    """The error of a status without an image."""
    if status in BUSY:
        return Transient(
            f"the server was too busy and answered {status} to every attempt: submit this row again later",
            code="image_fetch_busy",
        )
    if status in _MISSING:
        return Rejected(
            f"the server has no such picture ({status}): check the address", code="image_fetch_missing"
        )
    if status in _DENIED:
        return Rejected(
            f"the server does not give it to everybody ({status}): make the picture public, or download it"
            " and name the file",
            code="image_fetch_denied",
        )
    error = Transient if status >= 500 or status in (408, 425) else Rejected
    return error(
        f"the server answered {status} instead of a picture: open the address in a browser",
        code="image_fetch_failed",
    )


def transport_error(error: httpx2.TransportError) -> Rejected:
    """The error of a request without a whole answer."""
    if reason := tls_reason(error):
        return Rejected(
            f"the server's identity cannot be verified ({reason}): its certificate has to be mended",
            code="image_fetch_tls",
        )
    if isinstance(error, httpx2.TimeoutException):
        return Transient(
            "the server was too slow: submit this row again later, or download the picture and name the file",
            code="image_fetch_timeout",
        )
    return Transient(
        f"the connection failed ({printable(str(error)) or 'no answer'}): submit this row again later",
        code="image_fetch_failed",
    )


def tls_reason(error: httpx2.TransportError) -> str:
    """Why there is no TLS with the server, "" where that is not the error."""
    # httpcore2 raises from None, and keeps the error of the socket as its argument.
    for cause in error.__cause__.args if error.__cause__ else ():
        if isinstance(cause, ssl.SSLError):
            return getattr(cause, "verify_message", "") or cause.reason or "no TLS"
    return ""


def check_encoding(response: httpx2.Response) -> None:
    """Rejected for a compressed body: an image is compressed already, and a bomb is never unpacked."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise Rejected(
            f"the server sent the picture packed as {quoted(encoding)}, which was not asked for: download it"
            " and name the file",
            code="image_fetch_encoding",
        )


def check_kind(response: httpx2.Response, file: BinaryIO) -> None:
    """Rejected for a web page; what else is no image is for the decoder to say."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    file.seek(0)
    if kind in ("text/html", "application/xhtml+xml") and file.read(512).lstrip(_BLANK).startswith(b"<"):
        raise Rejected(
            "the server sent a web page, not a picture: write the picture's own address",
            code="image_fetch_page",
        )


def pause(response: httpx2.Response) -> float:
    """Seconds until the server wants to be asked again."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return DEFAULT_PAUSE


def validator(response: httpx2.Response, name: str) -> str:
    """The header's value if it can be sent back as it is, else ""."""
    value = response.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= 1000 else ""
