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
#: An address may hold a comma, and so another one has to begin after each that separates.
_BEFORE_ADDRESS = re.compile(r"(?:\s*[,;|]\s*|\s+)(?=(?:https?|s3)://)", re.IGNORECASE)


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
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""


class Gallery:
    """Tells one image of a long name from several. `exists` says whether there is an image of the name."""

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists

    def images(self, cell: str) -> list[str]:
        names = images_of(cell)
        return [cell.strip()] if len(names) > 1 and self._exists(cell.strip()) else names


def images_of(cell: str) -> list[str]:
    """The images that the cell names: mostly one, which is the cell.

    A name may hold a comma. Only a cell each part of which ends as an image does, or is an address, is split.
    """
    text = cell.strip()
    if not _SEPARATED(text):
        return [text]
    if is_address(text):
        parts = _BEFORE_ADDRESS.split(text)
    else:
        parts = [part.strip() for part in _SEPARATORS.split(text)]
        if not all(map(_NAMED.fullmatch, parts)):
            return [text]
    return [part.strip().strip(",;|").strip() for part in parts]
