"""File names of downloaded results, from the cells of the row, safe on any file system.

Object keys are made from ids and hashes, never from these names.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from qie_batch.errors import UsageError
from qie_batch.keys import S3, S3Address
from qie_batch.text import LoneBrace, Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_TEMPLATE = "{id}"

VALUE_CHARACTERS = 80
#: Folders that `{folder}` makes at most, the last ones: an address on the web may have a thousand.
MAX_FOLDERS = 10
#: File systems allow 255; the rest is for the hash of `UniqueNames`.
PART_BYTES = 200

#: Removed from a template and from the name of an image, as the edit decides the format.
_IMAGE_SUFFIX = re.compile(
    r"(?<=.)\.(?:png|jpe?g?|jfif|webp|gif|bmp|tiff?|hei[cf]|avif|jxl|jp2|psd)\Z", re.IGNORECASE
)
_WEB = re.compile(r"https?://[^/?#]*(?P<path>[^?#]*)", re.IGNORECASE | re.DOTALL)
#: Letters and marks without a glyph, which some file systems ignore when they compare names.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
#: The owner of a folder's name, where that of a file is a hash.
_FOLDER = b""
#: Names that Windows reserves for devices, whatever follows the first dot.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|\Z)", re.IGNORECASE)


def file_name(
    template: str,
    *,
    row_id: str,
    variant: int,
    fields: Mapping[str, str],
    extension: str,
    folder: str | None = None,
) -> str:
    """A relative path with `/` between its parts, which stays inside the folder that it is joined to.

    `{id}` is the row's id and `{variant}` counts from 1 (`variant` from 0); any other field is a name of
    `fields`, in any letter case, or else `{folder}`, the only one whose slashes make folders. UsageError for
    a template that is no relative path or asks for an unknown field.
    """
    path = _parsed(template)
    values = {_normal(name): text for name, text in fields.items()}
    if "folder" in values:
        folder = None  # a column of this name is the user's
    values |= {"id": row_id, "variant": str(variant + 1)}
    end = f".{extension.lstrip('.')}"
    if variant and not any("variant" in map(_normal, part.fields) for part in path):
        end = f"-{variant + 1}{end}"
    filled = "/".join(_fill(part, values, folder) for part in path)
    *folders, last = filled.split("/")
    # An image beside the catalog has no folder.
    return "/".join((*(_part(name) for name in folders if name), _part(last, end)))


class ImageName(NamedTuple):
    """What a template may say of an image."""

    #: From where relative paths start, without the suffix.
    path: str
    stem: str
    #: The folders between both, "" for none.
    folder: str


def image_name(image: str, start: str) -> ImageName:
    """The name of an image at a path, an s3:// or an https:// address; relative paths begin at `start`."""
    *folders, last = _parts_below(image.replace("\\", "/"), start) or [""]
    stem = without_suffix(last)
    return ImageName("/".join((*folders, stem)), stem, "/".join(folders[-MAX_FOLDERS:]))


def without_suffix(path: str) -> str:
    return _IMAGE_SUFFIX.sub("", path.strip())


def _parts_below(image: str, start: str) -> list[str]:
    """The parts of the image's path below `start`, its bucket or its host; none of them leads upwards."""
    web = _WEB.match(image)
    if web:
        path = unquote(web["path"])
    elif start and image.startswith(f"{start.rstrip('/')}/"):
        path = image.removeprefix(start.rstrip("/"))
    else:
        path = S3Address.split(image).key if image.startswith(S3) else image
    return [part for part in path.split("/") if part.strip() not in {"", ".", ".."}]


class UniqueNames:
    """Gives each result a different path, also for file systems that ignore case or Unicode normal form.

    The first call with a path gets it. Call in the job's order and for failed items too, so that every
    download of a job has the same names. Memory: two short hashes for each name.

    `reserved` are the names of files beside the results; no folder gets one of them. No file gets the name of
    a folder either, nor a folder that of a file.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._owners: dict[bytes, bytes] = {}
        self._reserved = {_folded(name) for name in reserved}

    def give(self, name: str, *, row_id: str, variant: int) -> str:
        """`name`; if another result has that name, with a hash of (row_id, variant) before its extension."""
        owner = _digest(row_id, str(variant))
        if _folded(name.partition("/")[0]) in self._reserved:
            name = f"_{name}"
        name = path = self._in_folders(name)
        count = 0
        while self._owners.setdefault(_digest(_folded(path)), owner) != owner:
            stem, dot, extension = name.rpartition(".")
            path = f"{stem}-{_digest(row_id, str(variant), str(count)).hex()[:8]}{dot}{extension}"
            count += 1
        return path

    def _in_folders(self, name: str) -> str:
        """The path with an underscore behind each of its folders whose name a file has."""
        *folders, last = name.split("/")
        inside = ""
        for folder in folders:
            path = inside + folder
            while self._owners.setdefault(_digest(_folded(path)), _FOLDER) != _FOLDER:
                path += "_"
            inside = f"{path}/"
        return inside + last


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


def _fill(template: Template, values: Mapping[str, str], folder: str | None) -> str:
    shown = {}
    for name in template.fields:
        known = _normal(name)
        if known == "folder" and folder is not None:
            shown[name] = "/".join(map(_value, folder.split("/"))) if folder else ""
        elif known in values:
            shown[name] = _value(values[known])
        else:
            raise _unknown(name, {*values, *(() if folder is None else ("folder",))})
    return template.fill(shown)


def _unknown(name: str, known: Iterable[str]) -> UsageError:
    return UsageError(
        f"The name template asks for {{{name}}}, which the manifest does not have.",
        code="name_template",
        hint="It has " + ", ".join(f"{{{other}}}" for other in sorted(known)) + ".",
    )


@lru_cache(maxsize=4096)
def _normal(name: str) -> str:
    return name.strip().casefold()


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
