"""Which header means which column."""

from __future__ import annotations

import difflib
import shlex
from typing import TYPE_CHECKING

from qie_batch.manifest.limits import MAX_NAME
from qie_batch.model import InvalidManifest
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Column -> the other headers that mean it (letter case and surrounding spaces do not matter).
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("sku", "custom_id", "item_sku", "Variant SKU", "货号", "商家编码"),
    "image": ("image_link", "image_url", "Image Src", "main_image_url", "url", "主图"),
    "instruction": ("prompt", "edit", "指令"),
    "ref_image_2": (),
    "ref_image_3": (),
    "negative": ("negative_prompt",),
    "preset": (),
    "steps": (),
    "cfg": (),
    "seed": (),
    "size": (),
    "variants": (),
    "priority": (),
    "output": (),
}

#: Headers with this prefix were added by qie-batch to a file that comes back.
OWN_PREFIX = "qie_"
#: Own column of errors.csv: where the relative image paths of the row start.
FOLDER_COLUMN = "qie_folder"


def normal(name: str) -> str:
    return name.strip().casefold()


_MEANING = {normal(name): column for column, others in COLUMNS.items() for name in (column, *others)}


def is_own(header: str) -> bool:
    return normal(header).startswith(OWN_PREFIX)


def match_columns(
    file: str, header: Sequence[str], mapping: Mapping[str, str], *, need_instruction: bool
) -> dict[str, str]:
    """Column -> header name. `mapping` comes from the user and precedes the aliases."""
    _refuse_long_names(file, header)
    _refuse_doubles(file, header)
    found = {column: _mapped(file, header, column, name) for column, name in mapping.items()}
    taken = set(found.values())
    for column in COLUMNS:
        if column in found:
            continue
        meant = [name for name in header if _MEANING.get(normal(name)) == column]
        meant = [name for name in meant if name not in taken] or meant
        if len(meant) > 1:
            raise InvalidManifest(
                f"{file} has {len(meant)} columns that mean '{column}': {_listed(meant)}",
                hint=f"Say which one to use: {_map_flag(column, meant[0])}",
            )
        if meant:
            found[column] = meant[0]
    required = ("id", "image", "instruction") if need_instruction else ("id", "image")
    missing = [column for column in required if column not in found]
    if missing:
        raise _missing(file, header, missing, set(found.values()))
    return {column: found[column] for column in COLUMNS if column in found}


def _refuse_long_names(file: str, header: Sequence[str]) -> None:
    for place, name in enumerate(header, start=1):
        if len(name) > MAX_NAME:
            raise InvalidManifest(
                f"{file}: the name of column {place} has {len(name):,} characters, more than {MAX_NAME:,}",
                hint="The first line names the columns: id,image,instruction",
            )


def _refuse_doubles(file: str, header: Sequence[str]) -> None:
    places: dict[str, int] = {}
    for place, name in enumerate(header, start=1):
        if is_own(name):
            continue
        first = places.setdefault(normal(name), place)
        if first != place:
            what = f"named {quoted(name.strip())}" if name.strip() else "without a name"
            raise InvalidManifest(
                f"{file} has two columns {what}: column {first} and column {place}",
                hint="Rename or remove one of them",
            )


def _mapped(file: str, header: Sequence[str], column: str, name: str) -> str:
    if column not in COLUMNS:
        raise InvalidManifest(
            f"--map names a column '{printable(column)}' that qie-batch does not know;"
            f" it knows: {_listed(COLUMNS)}",
            hint=_did_you_mean(column, COLUMNS) or "Write --map column=header, the column first",
        )
    for candidate in header:
        if normal(candidate) == normal(name):
            return candidate
    raise InvalidManifest(
        f"--map {column}={printable(name)}: {file} has no column '{printable(name)}';"
        f" it has: {_listed(header)}",
        hint=_did_you_mean(name, header) or "Name one of the file's own columns after the =",
    )


def _missing(file: str, header: Sequence[str], missing: Sequence[str], taken: set[str]) -> InvalidManifest:
    free = [name for name in header if name not in taken]
    messages = []
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
    if len(header) == 1:
        messages.append("Cells are separated by comma, semicolon or TAB")
    lacks = " and ".join(f"no column '{column}' (or {', '.join(COLUMNS[column])})" for column in missing)
    return InvalidManifest(f"{file} has {lacks}; it has: {_listed(header)}", hint=". ".join(messages))


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
