"""Several images in one cell, as shops export the gallery of a product."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qie_batch.keys import S3, is_web

if TYPE_CHECKING:
    from collections.abc import Callable

#: What the name of an image ends with, before the query of an address.
_NAMED = re.compile(
    r"[^?#]*\.(?:jpe?g|jfif|png|webp|gif|bmp|tiff?|avif|heic|heif|svg)(?:[?#].*)?", re.IGNORECASE | re.DOTALL
)
_SEPARATORS = re.compile(r"[,;|\n\r]")
#: What a cell with several images holds, between separators or before an address.
_SEPARATED = re.compile(r"[,;|\s]").search
#: An address may hold a comma, and so another one has to begin after each that separates. The look behind
#: keeps the search linear in a long run of separators.
_BEFORE_ADDRESS = re.compile(r"(?<![,;|\s])[,;|\s]+(?=(?:https?|s3)://)", re.IGNORECASE)
#: Between an address and a path.
_AFTER_ADDRESS = re.compile(r"[,;|]\s+|[\n\r]+")
_AT_THE_ENDS = ",;| \t\r\n"
#: Characters of the longest name of a host.
_MAX_HOST = 253


def looks_like_an_image(text: str) -> bool:
    """Whether the text names an image by its ending."""
    return bool(_NAMED.fullmatch(text))


def is_address(text: str) -> bool:
    return is_web(text) or text.startswith(S3)


def web_host(text: str) -> str:
    """The host of a web address, "" for any other text."""
    if not is_web(text):
        return ""
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        return ""
    return host if len(host) <= _MAX_HOST and not any(map(str.isspace, host)) else ""


class ImageLists:
    """Tells one image of a long name from several. `exists` says whether there is an image of the name."""

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists

    def images(self, cell: str) -> list[str]:
        names = images_of(cell)
        text = cell.strip()
        return [text] if names != [text] and self._exists(text) else names


def images_of(cell: str) -> list[str]:
    """The images that the cell names, each once: mostly one, which is the cell.

    A name may hold a comma. Only a cell each part of which ends as an image does, or is an address, is split.
    """
    text = cell.strip()
    if not _SEPARATED(text):
        return [text]
    names: dict[str, None] = {}
    for part in _BEFORE_ADDRESS.split(text):
        names |= dict.fromkeys(own := _addresses(part) if is_address(part) else _paths(part))
        if not own:
            return [text]
    return list(names)


def _addresses(text: str) -> list[str]:
    address = text.strip(_AT_THE_ENDS)
    return _paths(address, _AFTER_ADDRESS) or [address]


def _paths(text: str, separator: re.Pattern[str] = _SEPARATORS) -> list[str]:
    """The parts if each ends as an image does, else none."""
    parts = [part for each in separator.split(text) if (part := each.strip())]
    return parts if all(map(_NAMED.fullmatch, parts)) else []
