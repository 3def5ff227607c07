"""What the headers of a file mean, as a whole."""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qie_batch.manifest.aliases import COLUMNS, GENERAL_RANK, bare, doubled, meaning, normal, rank, usual
from qie_batch.manifest.limits import MAX_NAME
from qie_batch.model import InvalidManifest
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the headers of a file mean. Headers are named by their keys (`Header.keys`)."""

    #: Column -> header.
    of: Mapping[str, str]
    #: Columns that only a general word means, and no mapping by the user.
    general: frozenset[str] = frozenset()
    #: The header whose cell is the id where that of the id is empty, "" for none.
    spare_id: str = ""
    #: Several rows may have one id, each with a further image of one product: all but the first are numbered.
    numbered: bool = False
    #: Rows without an image are variants of a product above them, not mistakes.
    partial: bool = False

    def decided(self, column: str) -> Columns:
        """With a general word about which there is no doubt."""
        return replace(self, general=self.general - {column})

    def without(self, column: str) -> Columns:
        return replace(self, of={name: key for name, key in self.of.items() if name != column})


def match_columns(
    file: str, names: Sequence[str], keys: Sequence[str], mapping: Mapping[str, str]
) -> Columns:
    """`mapping` comes from the user and precedes the aliases; a column mapped to "" is switched off."""
    _refuse_long_names(file, names)
    found = {column: key for column, name in mapping.items() if (key := _mapped(file, keys, column, name))}
    chosen, general, taken = {**found}, set(), set(found.values())
    for column in COLUMNS:
        if column in mapping:
            continue
        meant = [key for key in keys if meaning(normal(key)) == column]
        lowest = min(map(rank, meant), default=0)
        meant = [key for key in meant if rank(key) == lowest]
        meant = [key for key in meant if key not in taken] or meant
        if meant:
            chosen[column] = meant[0] if len(meant) == 1 else _product_id(keys) if column == "id" else ""
            if not chosen[column]:
                raise InvalidManifest(
                    f"{file} has {len(meant)} columns that mean '{column}': {_listed(meant)}",
                    hint=f"Say which one to use: {_map_flag(column, meant[0])}",
                )
            if lowest == GENERAL_RANK:
                general.add(column)
    return _export(keys, chosen, mapping, frozenset(general))


def require(
    file: str, names: Sequence[str], columns: Columns, *, need_instruction: bool, kept: Sequence[str] = ()
) -> None:
    """InvalidManifest without an id, an image or an instruction; `kept` are sentences about other columns."""
    required = ("id", "image", "instruction") if need_instruction else ("id", "image")
    missing = [column for column in required if column not in columns.of]
    if missing:
        raise _missing(file, names, missing, set(columns.of.values()), kept)


def refuse_doubles(file: str, names: Sequence[str], columns: Columns) -> None:
    """Raises for a name that two columns have and that means something here."""
    used = {normal(key) for key in columns.of.values()}
    for name, (first, second) in doubled(names).items():
        if name in used:
            raise InvalidManifest(
                f"{file} has two columns named {quoted(names[second - 1].strip())}:"
                f" column {first} and column {second}",
                hint="Rename or remove one of them",
            )


_HANDLES = ("handle", "url handle")
_SHOPIFY_IMAGES = ("image src", "product image url")
_AMAZON = ({"item_sku", "main_image_url"}, {"contribution_sku", "main_product_image_locator"})


def _product_id(keys: Sequence[str]) -> str:
    """The id of exports that have several: of WooCommerce's the SKU, of Shopify's the handle; else ""."""
    have = {normal(key): key for key in keys}
    return _shopify_handle(have) or (have.get("sku", "") if "images" in have else "")


def _shopify_handle(have: Mapping[str, str]) -> str:
    """The key of the handle; "" in what is no export of Shopify."""
    handle = next((have[name] for name in _HANDLES if name in have), "")
    return handle if any(name in have for name in _SHOPIFY_IMAGES) else ""


def _export(
    keys: Sequence[str],
    chosen: Mapping[str, str],
    mapping: Mapping[str, str],
    general: frozenset[str],
) -> Columns:
    """What the exports of shops add to the aliases (docs/decisions/0019-shapes-of-exports.md)."""
    have = {normal(key): key for key in keys}
    of = dict(chosen)
    handle = next((have[name] for name in _HANDLES if name in have), "")
    shopify = _shopify_handle(have)
    woo = "images" in have and of.get("image") == have["images"]
    plain = set(map(bare, have))
    amazon = any(names <= plain for names in _AMAZON)
    if shopify and "id" not in mapping:
        of["id"] = handle
    spare = have.get("id", "") if woo and of.get("id") == have.get("sku") else ""
    return Columns(
        of={column: of[column] for column in COLUMNS if column in of},
        general=general,
        spare_id=spare,
        numbered=bool(handle) and of.get("id") == handle,
        partial=bool(shopify or woo or amazon),
    )


def _refuse_long_names(file: str, names: Sequence[str]) -> None:
    for place, name in enumerate(names, start=1):
        if len(name) > MAX_NAME:
            raise InvalidManifest(
                f"{file}: the name of column {place} has {len(name):,} characters, more than {MAX_NAME:,}",
                hint="The first line names the columns: id,image,instruction",
            )


def check_column(column: str) -> None:
    """Raise InvalidManifest unless qie-batch has a column of that name."""
    if column not in COLUMNS:
        raise InvalidManifest(
            f"--map names a column '{printable(column)}' that qie-batch does not know;"
            f" it knows: {_listed(COLUMNS)}",
            hint=_did_you_mean(column, COLUMNS) or "Write --map column=header, the column first",
        )


def _mapped(file: str, keys: Sequence[str], column: str, name: str) -> str:
    check_column(column)
    if not name:
        return ""
    for candidate in keys:
        if normal(candidate) == normal(name):
            return candidate
    raise InvalidManifest(
        f"--map {column}={printable(name)}: {file} has no column '{printable(name)}';"
        f" it has: {_listed(keys)}",
        hint=_did_you_mean(name, keys) or "Name one of the file's own columns after the =",
    )


def _missing(
    file: str, names: Sequence[str], missing: Sequence[str], taken: set[str], kept: Sequence[str]
) -> InvalidManifest:
    # What was looked at and kept as the user's is no near miss.
    free = [name for name in names if name not in taken and rank(name) != GENERAL_RANK]
    messages = list(kept)
    for column in missing:
        near = next((n for known in (column, *COLUMNS[column]) if (n := _nearest(known, free))), "")
        if near:
            flag = _map_flag(column, near)
            messages.append(
                f"Did you mean '{printable(near.strip())}'? Rename it to '{column}' or pass {flag}"
            )
        else:
            messages.append(f"Rename the column that holds it to '{column}', or pass --map {column}=HEADER")
    if "instruction" in missing:
        messages.append("One instruction for all rows: --instruction TEXT")
    if len(names) == 1:
        messages.append("Cells are separated by comma, semicolon or TAB")
    if {"id", "image"} <= set(missing):
        messages.append("If another line names the columns: --header-line N")
    lacks = " and ".join(f"no column '{column}' (or {', '.join(usual(column))})" for column in missing)
    return InvalidManifest(
        f"{file} has {lacks}; it has: {_listed(names)}", missing=missing, hint=". ".join(messages)
    )


def _nearest(name: str, names: Iterable[str]) -> str:
    by_normal = {normal(other): other for other in names}
    near = difflib.get_close_matches(normal(name), by_normal, n=1)
    return by_normal[near[0]] if near else ""


def _did_you_mean(name: str, names: Iterable[str]) -> str:
    near = _nearest(name, names)
    return f"Did you mean '{printable(near.strip())}'?" if near else ""


def _map_flag(column: str, header: str) -> str:
    return "--map " + shlex.quote(f"{column}={printable(header.strip(), MAX_NAME)}")


def _listed(names: Iterable[str], limit: int = 30) -> str:
    names = [printable(name.strip()) or "(no name)" for name in names]
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")
