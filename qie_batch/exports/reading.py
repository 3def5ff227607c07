"""Channels from their files: those that come with the program, and one's own."""

from __future__ import annotations

import math
import re
import tomllib
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Misconfigured, NotFound
from qie_batch.exports.channel import RULES, Channel, Product, Source, Span
from qie_batch.model import OutputFormat
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable
    from pathlib import Path

_SUFFIX = ".toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_ASPECT = re.compile(r"([1-9]\d{0,3}):([1-9]\d{0,3})")
_ANY = [0, math.inf]
_WRITTEN = (OutputFormat.JPEG, OutputFormat.PNG, OutputFormat.WEBP)


def read_channel(name: str, own: Path | None = None) -> Channel:
    """The channel of this name; `own` is a file or a folder of the user's, which precede those that ship.

    NotFound without such a file, Misconfigured for one that cannot be understood.
    """
    found = _files(own)
    if name not in found:
        raise NotFound(
            f"there is no channel {quoted(name)}; there are: {', '.join(sorted(found))}",
            code="channel_unknown",
            hint=f"name one of these, or write the rules into {name}.toml in the folder of QIE_CHANNELS"
            if _NAME.fullmatch(name)
            else "name one of these",
            subject=name,
        )
    try:
        table = tomllib.loads(found[name].read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(found[name], str(error)) from error
    reader = _Reader(found[name], table)
    channel = reader.channel(name)
    reader.refuse_unknown()
    return channel


def channel_names(own: Path | None = None) -> list[str]:
    return sorted(_files(own))


def _files(own: Path | None) -> dict[str, Traversable]:
    """By the channel's name; the user's precede."""
    found = _of_folder(files("qie_batch.exports") / "channels")
    if own is None:
        return found
    if not own.exists():
        raise _wrong(own, "there is no such file or folder")
    return found | (_of_folder(own) if own.is_dir() else _named([own]))


def _of_folder(folder: Traversable) -> dict[str, Traversable]:
    try:
        return _named(folder.iterdir())
    except OSError as error:
        raise _wrong(folder, error.strerror or str(error)) from error


def _named(entries: Iterable[Traversable]) -> dict[str, Traversable]:
    named = {entry.name.removesuffix(_SUFFIX): entry for entry in entries if entry.name.endswith(_SUFFIX)}
    return {name: entry for name, entry in named.items() if _NAME.fullmatch(name)}


def _wrong(file: Traversable, problem: str) -> Misconfigured:
    return Misconfigured(
        f"the channel file {file}: {problem}",
        code="channel_file",
        hint="docs/exports.md names what such a file has",
    )


class _Reader:
    """Takes each value of a file once, and so knows what nothing has asked for."""

    def __init__(self, file: Traversable, table: dict[str, Any]) -> None:
        self._file = file
        self._table = table
        self._asked: set[tuple[str, str]] = set()

    def channel(self, name: str) -> Channel:
        aim = self._whole("size", "aim", None)
        return Channel(
            name=name,
            title=self._text("", "title", name),
            dated=self._date("", "dated", self._table),
            sources=self._sources(),
            aim=aim,
            longest=self._span("size", "longest", _ANY),
            shortest=self._span("size", "shortest", _ANY),
            megapixels=self._number("size", "megapixels", math.inf),
            aspect=self._aspect(),
            upscale=self._flag("size", "upscale", default=True),
            product=self._product(),
            background=self._colour(),
            pure=self._flag("background", "pure", default=False),
            format=self._format(self._text("file", "format", "jpeg")),
            accepts=self._accepts(),
            bytes=self._span("file", "bytes", _ANY),
            quality=self._span("file", "quality", [60, 95]),
            template=self._text("file", "name", "{id}"),
            advice=self._advice(),
        )

    def refuse_unknown(self) -> None:
        """Misconfigured for a rule that would silently not be checked."""
        for section, value in self._table.items():
            names = value if isinstance(value, dict) else {"": value}
            for key in names:
                asked = (section, key) if isinstance(value, dict) else ("", section)
                if asked not in self._asked:
                    raise self._problem(section, key, "is no rule that is known")

    def _get(self, section: str, key: str, default: Any) -> Any:
        self._asked.add((section, key))
        table = self._table.get(section, {}) if section else self._table
        value = table.get(key, default) if isinstance(table, dict) else default
        if value is None:
            raise self._problem(section, key, "is missing")
        return value

    def _problem(self, section: str, key: str, what: str) -> Misconfigured:
        place = f"[{section}] {key}" if section and key else section or key
        return _wrong(self._file, f"{place} {what}")

    def _number(self, section: str, key: str, default: float) -> float:
        value = self._get(section, key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise self._problem(section, key, "is no number")
        return float(value)

    def _whole(self, section: str, key: str, default: int | None) -> int:
        value = self._get(section, key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 12_000:
            raise self._problem(section, key, "is no whole number from 1 to 12000")
        return value

    def _text(self, section: str, key: str, default: str) -> str:
        value = self._get(section, key, default)
        if not isinstance(value, str) or not value.strip():
            raise self._problem(section, key, "is no text")
        return value

    def _flag(self, section: str, key: str, *, default: bool) -> bool:
        value = self._get(section, key, default)
        if not isinstance(value, bool):
            raise self._problem(section, key, "is neither true nor false")
        return value

    def _span(self, section: str, key: str, default: list[float]) -> Span:
        value = self._get(section, key, default)
        match value:
            case [int() | float() as least, int() | float() as most] if 0 <= least <= most:
                return Span(least, most)
        raise self._problem(section, key, "is not [least, most]")

    def _date(self, section: str, key: str, table: dict[str, Any]) -> date:
        self._asked.add((section, key))
        value = table.get(key)
        if not isinstance(value, date):
            raise self._problem(section, key, "is no date such as 2026-11-27")
        return value

    def _sources(self) -> tuple[Source, ...]:
        found = self._get("", "sources", [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self._problem("", "sources", "is no list of [[sources]]")
        return tuple(
            Source(
                url=str(each.get("url", "")),
                read=self._date("sources", "read", each),
                says=str(each.get("says", "")),
            )
            for each in found
        )

    def _aspect(self) -> tuple[int, int] | None:
        text = self._get("size", "aspect", "any")
        if text == "any":
            return None
        found = _ASPECT.fullmatch(str(text))
        if not found:
            raise self._problem("size", "aspect", 'is neither "any" nor such as "1:1"')
        width, height = int(found[1]), int(found[2])
        common = math.gcd(width, height)
        return width // common, height // common

    def _product(self) -> Product | None:
        if "product" not in self._table:
            return None
        fill = self._span("product", "fill", [0, 1])
        aim = self._number("product", "aim", min(0.9, fill.most))
        margin = self._number("product", "margin", 0.0)
        if not (0 < aim <= 1 and fill.holds(aim)):
            raise self._problem("product", "aim", "is not within fill")
        if aim + 2 * margin > 1:
            raise self._problem("product", "margin", "leaves no room for the product")
        return Product(fill=fill, aim=aim, margin=margin)

    def _colour(self) -> tuple[int, int, int]:
        text = self._get("background", "colour", "#ffffff")
        if not _COLOUR.fullmatch(str(text)):
            raise self._problem("background", "colour", "is no colour such as #ffffff")
        red, green, blue = bytes.fromhex(text[1:])
        return red, green, blue

    def _format(self, text: str) -> OutputFormat:
        if text not in _WRITTEN:
            raise self._problem("file", "format", "is none of jpeg, png, webp")
        return OutputFormat(text)

    def _accepts(self) -> tuple[OutputFormat, ...]:
        listed = self._get("file", "accepts", [self._table.get("file", {}).get("format", "jpeg")])
        if not isinstance(listed, list) or not listed:
            raise self._problem("file", "accepts", "is no list of formats")
        return tuple(self._format(str(each)) for each in listed)

    def _advice(self) -> frozenset[str]:
        listed = self._get("advice", "rules", [])
        if not isinstance(listed, list) or not set(map(str, listed)) <= set(RULES):
            raise self._problem("advice", "rules", f"names others than {', '.join(RULES)}")
        return frozenset(map(str, listed))
