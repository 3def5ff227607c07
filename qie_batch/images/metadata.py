"""Reads fields of image files that anybody made, and writes fields into our own, by Exiv2.

For decoder processes alone: Exiv2 keeps global state, so that threads must not share it, and its parsers
read hostile bytes. CPU of both processes by `bench/provenance.py`, in ms for 1.5 MP on busy 2 cores of
an AMD EPYC: writing PNG 1.1, JPEG 4.4, WebP 2.7; reading PNG 6.0, JPEG 2.2, WebP 1.2.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyexiv2

from qie_batch.images.profiles import srgb_profile
from qie_batch.images.provenance import (
    ARTIST_EXIF,
    COPYRIGHT_EXIF,
    CREATOR,
    CREDIT,
    LONGEST_TEXT,
    MOST_TEXTS,
    PROFILE,
    READ,
    RIGHTS,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: What stands for a field of XMP where that is not there: the first of these.
_INSTEAD = {
    RIGHTS: (COPYRIGHT_EXIF, "Iptc.Application2.Copyright"),
    CREATOR: (ARTIST_EXIF, "Iptc.Application2.Byline"),
    CREDIT: ("Iptc.Application2.Credit",),
}
#: Exiv2 would take the text for the name of a type, or of a language.
_DIRECTIVES = ("type=", "lang=")
_ANY_LANGUAGE = 'lang="x-default"'
_MUTE = 4

pyexiv2.set_log_level(_MUTE)  # what is wrong with a file is of no interest here


def fields_of(data: bytes) -> dict[str, Value]:
    """Those of `READ` that the file has; none of a file that Exiv2 does not open."""
    try:
        image = pyexiv2.ImageData(data)
    except Exception:  # noqa: BLE001 - damaged metadata raises any exception and must not refuse the image
        return {}
    try:
        found = _group(image.read_exif) | _group(image.read_iptc) | _group(image.read_xmp)
        profile: dict[str, Value] = {PROFILE: "sRGB"} if image.read_icc() else {}
    finally:
        image.close()
    for name, others in _INSTEAD.items():
        first = next((found[other] for other in (name, *others) if found.get(other)), None)
        if first is not None:
            found[name] = first
    shaped = {name: _shaped(name, found[name]) for name in READ if name in found}
    return {name: value for name, value in shaped.items() if value} | profile


def with_fields(data: bytes, fields: Mapping[str, Value]) -> bytes:
    """The file with these fields and no others; RuntimeError if Exiv2 cannot write one of them."""
    image = pyexiv2.ImageData(data)
    try:
        if PROFILE in fields:
            image.modify_icc(srgb_profile())
        if exif := {name: value for name, value in fields.items() if name.startswith("Exif.")}:
            image.modify_exif(exif)
        image.modify_xmp({name: value for name, value in fields.items() if name.startswith("Xmp.")})
        return bytes(image.get_bytes())
    finally:
        image.close()


def _group(read: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """The fields of EXIF, IPTC or XMP; older programs wrote their texts in Latin-1."""
    for encoding in ("utf-8", "latin-1"):
        with suppress(Exception):
            return dict(read(encoding=encoding))
    return {}


def _shaped(name: str, value: Any) -> Value:
    """In the form that the field has in XMP, or one text for EXIF; empty for what cannot be one."""
    texts = _texts(value.values() if isinstance(value, dict) else value)
    if name == CREATOR:
        return texts[:MOST_TEXTS]
    if name in (RIGHTS, "Xmp.xmpRights.UsageTerms"):
        if isinstance(value, dict):
            languages = {key: _texts(text) for key, text in value.items() if _is_language(key)}
            return {key: text[0] for key, text in list(languages.items())[:MOST_TEXTS] if text}
        return {_ANY_LANGUAGE: texts[0]} if texts else {}
    return "; ".join(texts[:MOST_TEXTS])[:LONGEST_TEXT]


def _texts(value: Iterable[Any]) -> list[str]:
    found = [value] if isinstance(value, str) else list(value)
    shown = ("".join(filter(str.isprintable, str(text))).strip()[:LONGEST_TEXT] for text in found)
    return [text for text in shown if text and not text.startswith(_DIRECTIVES)]


def _is_language(key: str) -> bool:
    return len(key) <= 20 and key.replace("-", "").removeprefix('lang="').removesuffix('"').isalnum()
