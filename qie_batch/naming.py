"""The names results get on a person's disk: what the row says, made harmless.

Object keys are never made from these; they are made from ids and hashes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_TEMPLATE = "{id}"

VALUE_CHARACTERS = 80
#: File systems end at 255; the rest is room for the hash of `UniqueNames`.
PART_BYTES = 200

_FIELD = re.compile(r"\{([^{}]*)\}")
#: Headers may have slashes too.
_SLASH_OUTSIDE_FIELDS = re.compile(r"/(?![^{}]*\})")
#: The edit decides the format, so a template that names one means its stem.
_PICTURE_SUFFIX = re.compile(r"(?<=.)\.(?:png|jpe?g|webp)\Z", re.IGNORECASE)
#: Letters and marks that draw nothing, and that some file systems ignore when they compare names.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
#: Windows opens a device for these whatever follows the first dot.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|\Z)", re.IGNORECASE)


def file_name(template: str, *, row_id: str, variant: int, fields: Mapping[str, str], extension: str) -> str:
    """A relative path with `/` between its parts, inside whatever folder it is joined to.

    `{id}` is the row's id and `{variant}` counts from 1 (`variant` from 0); any other field is a header of
    the manifest. Raises UsageError for a template that could never be a path here.
    """
    _check(template)
    values = {**fields, "id": row_id, "variant": str(variant + 1)}
    *folders, last = _SLASH_OUTSIDE_FIELDS.split(_PICTURE_SUFFIX.sub("", template))
    end = f".{extension.lstrip('.')}"
    if variant and "{variant}" not in template:
        end = f"-{variant + 1}{end}"
    return "/".join((*(_part(_fill(folder, values)) for folder in folders), _part(_fill(last, values), end)))


class UniqueNames:
    """Gives each result a path of its own, also where the file system ignores case or how accents are coded.

    The first to ask for a path gets it, so ask in the job's order and for failed items too: then every
    download of a job finds the same names. Two short hashes are kept for each.

    `reserved` are files that stand beside the results: no folder takes the name of one.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._owners: dict[bytes, bytes] = {}
        self._reserved = {_folded(name) for name in reserved}

    def give(self, name: str, *, row_id: str, variant: int) -> str:
        """`name`; if that is another's, with a short hash of (row_id, variant) before its extension."""
        owner = _digest(row_id, str(variant))
        if _folded(name.partition("/")[0]) in self._reserved:
            name = f"_{name}"
        path, count = name, 0
        while self._owners.setdefault(_digest(_folded(path)), owner) != owner:
            stem, dot, extension = name.rpartition(".")
            path = f"{stem}-{_digest(row_id, str(variant), str(count)).hex()[:8]}{dot}{extension}"
            count += 1
        return path


def _check(template: str) -> None:
    literal = _FIELD.sub("x", template)
    parts = literal.split("/")
    if template.startswith("/"):
        problem = "starts at the root of the disk"
    elif ".." in parts:
        problem = "leaves the folder with '..'"
    elif "\\" in literal:
        problem = "has a backslash; folders are separated by /"
    elif "{" in literal or "}" in literal:
        problem = "has a brace without its partner"
    elif not all(part.strip(". ") for part in parts):
        problem = "has a folder or a file without a name"
    else:
        return
    raise UsageError(
        f"The name template {template!r} {problem}.",
        code="name_template",
        hint="Write a relative path such as '{id}' or '{category}/{id}_{variant}'.",
    )


def _fill(literal: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise UsageError(
                f"The name template asks for {{{name}}}, which the manifest does not have.",
                code="name_template",
                hint="It has " + ", ".join(f"{{{known}}}" for known in sorted(values)) + ".",
            )
        return _slug(values[name])[:VALUE_CHARACTERS].rstrip(".") or "_"

    return _FIELD.sub(value, literal)


def _slug(text: str) -> str:
    composed = _INVISIBLE.sub("_", unicodedata.normalize("NFC", text))
    kept = "".join(character if _is_kept(character) else "_" for character in composed)
    return re.sub("__+", "_", kept).lstrip(".-").rstrip(".")


def _is_kept(character: str) -> bool:
    # Mn and Mc: the vowels of Thai and Hindi are marks.
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
    # Lengths keep ("a", "bc") and ("ab", "c") apart; an id from JSON may hold half a surrogate pair.
    coded = "".join(f"{len(text)}:{text}" for text in texts).encode(errors="surrogatepass")
    return hashlib.sha256(coded).digest()[:8]
