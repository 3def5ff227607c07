"""Images in JSON: data: URLs with base64."""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

_HEAD = re.compile(
    r"data:[\w.+-]{1,32}/(?P<subtype>[\w.+-]{1,32})(?:;[\w.=+-]+)*;base64,", re.ASCII | re.IGNORECASE
)
#: Characters within which the head ends.
MAX_HEAD = 300


class DataUrl(NamedTuple):
    #: Of the media type, in lower case: `png` of image/png.
    subtype: str
    data: bytes


def read_data_url(text: str) -> DataUrl | None:
    """None for any other text; ValueError where what follows the head is no base64."""
    head = _HEAD.match(text[:MAX_HEAD])
    if not head:
        return None
    return DataUrl(head["subtype"].lower(), base64.b64decode(text[head.end() :], validate=True))
