"""Object keys that every S3 server stores under the same name."""

from __future__ import annotations

import re
import unicodedata

from qie_batch.errors import Rejected
from qie_batch.text import quoted

#: S3 allows 1,024; a server may add a prefix.
MAX_KEY_BYTES = 900
#: Limit of a server that stores each segment as a file name (SeaweedFS).
MAX_SEGMENT_BYTES = 255

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\%]")


def canonical_key(key: str) -> str:
    """The key; Rejected if a server might store the object under another one (SeaweedFS: a//b is a/b)."""
    segments = key.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        problem = "has an empty, '.' or '..' part between its slashes"
    elif _FORBIDDEN.search(key):
        problem = "has a control character, a backslash or a percent sign"
    elif len(key.encode()) > MAX_KEY_BYTES or any(
        len(part.encode()) > MAX_SEGMENT_BYTES for part in segments
    ):
        problem = f"is longer than {MAX_KEY_BYTES} bytes, or a part of it than {MAX_SEGMENT_BYTES}"
    elif not unicodedata.is_normalized("NFC", key):
        problem = "is not in Unicode form NFC"
    else:
        return key
    raise Rejected(f"the S3 name {quoted(key)} {problem}: rename the object", code="object_name")
