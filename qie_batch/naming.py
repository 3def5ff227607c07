"""File names of downloaded results, from the cells of the row, safe on any file system.

Object keys are made from ids and hashes, never from these names.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.text import LoneBrace, Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_TEMPLATE = "{id}"

VALUE_CHARACTERS = 80
#: File systems allow 255; the rest is for the hash of `UniqueNames`.
PART_BYTES = 200

#: Removed from a template, as the edit decides the format.
_IMAGE_SUFFIX = re.compile(r"(?<=.)\.(?:png|jpe?g|webp)\Z", re.IGNORECASE)
#: Letters and marks without a glyph, which some file systems ignore when they compare names.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
#: Names that Windows reserves for devices, whatever follows the first dot.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|\Z)", re.IGNORECASE)


def file_name(template: str, *, row_id: str, variant: int, fields: Mapping[str, str], extension: str) -> str:
    """A relative path with `/` between its parts, which stays inside the folder that it is joined to.

    `{id}` is the row's id and `{variant}` counts from 1 (`variant` from 0); any other field is a header of
    the manifest. UsageError for a template that is no relative path or asks for an unknown field.
    """
    path = _parsed(template)
    values = {**fields, "id": row_id, "variant": str(variant + 1)}
    end = f".{extension.lstrip('.')}"
    if variant and not any("variant" in part.fields for part in path):
        end = f"-{variant + 1}{end}"
    *folders, last = (_fill(part, values) for part in path)
    return "/".join((*map(_part, folders), _part(last, end)))


class UniqueNames:
    """Gives each result a different path, also for file systems that ignore case or Unicode normal form.

    The first call with a path gets it. Call in the job's order and for failed items too, so that every
    download of a job has the same names. Memory: two short hashes for each name.

    `reserved` are the names of files beside the results; no folder gets one of them.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._owners: dict[bytes, bytes] = {}
        self._reserved = {_folded(name) for name in reserved}

    def give(self, name: str, *, row_id: str, variant: int) -> str:
        """`name`; if another result has that name, with a hash of (row_id, variant) before its extension."""
        owner = _digest(row_id, str(variant))
        if _folded(name.partition("/")[0]) in self._reserved:
            name = f"_{name}"
        path, count = name, 0
        while self._owners.setdefault(_digest(_folded(path)), owner) != owner:
            stem, dot, extension = name.rpartition(".")
            path = f"{stem}-{_digest(row_id, str(variant), str(count)).hex()[:8]}{dot}{extension}"
            count += 1
        return path


@lru_cache(maxsize=8)
def _parsed(template: str) -> tuple[Template, ...]:
    """A template for each part of the path; a slash in the name of a field separates nothing."""
    try:
        whole = Template.parse(_IMAGE_SUFFIX.sub("", template))
    except LoneBrace:
        problem = "has a brace without its partner"
    else:
        problem = _problem(whole.fill(dict.fromkeys(whole.fields, "x")))
        if not problem:
            return tuple(whole.split("/"))
    raise UsageError(
        f"The name template {template!r} {problem}.",
        code="name_template",
        hint="Write a relative path such as '{id}' or '{category}/{id}_{variant}'.",
    )


def _problem(literal: str) -> str:
    """Why a template, its fields filled, is no relative path; "" if it is one."""
    parts = literal.split("/")
    if literal.startswith("/"):
        return "starts at the root of the disk"
    if ".." in parts:
        return "leaves the folder with '..'"
    if "\\" in literal:
        return "has a backslash; folders are separated by /"
    if not all(part.strip(". ") for part in parts):
        return "has a folder or a file without a name"
    return ""


def _fill(template: Template, values: Mapping[str, str]) -> str:
    unknown = next((name for name in template.fields if name not in values), None)
    if unknown is not None:
        raise UsageError(
            f"The name template asks for {{{unknown}}}, which the manifest does not have.",
            code="name_template",
            hint="It has " + ", ".join(f"{{{known}}}" for known in sorted(values)) + ".",
        )
    return template.fill({name: _value(values[name]) for name in template.fields})


def _value(text: str) -> str:
    return _slug(text)[:VALUE_CHARACTERS].rstrip(".") or "_"


def _slug(text: str) -> str:
    composed = _INVISIBLE.sub("_", unicodedata.normalize("NFC", text))
    kept = "".join(character if _is_kept(character) else "_" for character in composed)
    return re.sub("__+", "_", kept).lstrip(".-").rstrip(".")


def _is_kept(character: str) -> bool:
    # Mn and Mc: in Thai and Hindi, vowels are marks.
    return character in "._-" or character.isalnum() or unicodedata.category(character) in {"Mn", "Mc"}


def _part(text: str, end: str = "") -> str:
    """One part of the path, at most PART_BYTES long with its end."""
    slug = _slug(text) or "_"
    if _DEVICE.match(slug + end):
        slug = f"_{slug}"
    room = PART_BYTES - len(end.encode())
    return (slug.encode()[:room].decode(errors="ignore").rstrip(".") or "_") + end


def _folded(path: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def _digest(*texts: str) -> bytes:
    # The lengths distinguish ("a", "bc") from ("ab", "c"); an id from JSON may hold half a surrogate pair.
    coded = "".join(f"{len(text)}:{text}" for text in texts).encode(errors="surrogatepass")
    return hashlib.sha256(coded).digest()[:8]
