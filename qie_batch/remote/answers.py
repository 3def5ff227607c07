"""What is in an answer beside an image: when to ask again, and the server's sentence."""

from __future__ import annotations

import json
import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.remote.calls import Answer

#: Seconds of a pause where a busy server says none, and the longest that is kept.
DEFAULT_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
#: Characters of a server's sentence that a row shows.
_SENTENCE = 200
#: Absolute paths and addresses on the server, which are of no use to the reader.
_PATH = re.compile(r"(?:\w+://\S+)|(?<![\w.])/(?:[\w.@+-]+/)+[\w.@+-]*")
#: Keys of common providers.
_KEY = re.compile(r"\b(?:sk|qie|pk)[-_][\w*-]{6,}|(?i:bearer\s+\S+)")


def retry_after(answer: Answer) -> float:
    """Seconds until the server is to be asked again."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            seconds = DEFAULT_PAUSE
    return min(max(seconds, 0.1), LONGEST_PAUSE)


def document(answer: Answer) -> Any:
    """The answer as JSON; None if it is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def error_code(answer: Answer) -> str:
    """`error.code` of OpenAI's shape, `code` of DashScope's and of a problem document, or ""."""
    found = document(answer)
    if not isinstance(found, dict):
        return ""
    error = found.get("error")
    code = error.get("code") if isinstance(error, dict) else found.get("code")
    return code if isinstance(code, str) else ""


def sentence(answer: Answer, secrets: Iterable[str] = ()) -> str:
    """The server's sentence in one line, without paths, addresses and secrets."""
    text = next(iter(_sentences(document(answer))), "") or answer.body[:2000].decode("utf-8", "replace")
    for secret in secrets:
        text = text.replace(secret, "****") if secret else text
    text = _KEY.sub("****", _PATH.sub("<path>", " ".join(text.split())))
    return printable(text, _SENTENCE).rstrip(".") or "no reason"


def _sentences(found: Any) -> Iterable[str]:
    """`error.message`, `message`, `detail` as text or as FastAPI's list: the first that is there."""
    if not isinstance(found, dict):
        return
    error = found.get("error")
    places = [error.get("message") if isinstance(error, dict) else error, found.get("message")]
    detail = found.get("detail")
    if isinstance(detail, list):
        places += [_field(each) for each in detail if isinstance(each, dict)]
    yield from (text for text in (*places, detail) if isinstance(text, str) and text)


def _field(error: dict[str, Any]) -> str:
    place = error.get("loc")
    name = str(place[-1]) if isinstance(place, list) and place else ""
    return f"{name}: {error.get('msg', '')}".strip(": ")
