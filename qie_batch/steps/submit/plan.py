"""Rows to items: what is to be edited, how, and which rows cannot be."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from qie_batch.errors import UsageError
from qie_batch.model import (
    BadRow,
    EditSpec,
    Failure,
    ManifestRow,
    NewItem,
    Priority,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from qie_batch.interfaces import Intake
    from qie_batch.model import EditParams, EngineInfo, NewJob, Preset
    from qie_batch.steps.submit.pictures import Pictures

#: No letters that are mistaken for others.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"

#: Bad rows kept to be shown; beyond them only their number.
SHOWN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job as it is planned, beside the rows themselves."""

    job: NewJob
    info: EngineInfo
    #: A copy of the manifest that nobody else writes to.
    catalog: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What would happen."""

    rows: int
    items: int
    pictures: int
    cached: int
    bad: int
    #: The first bad rows.
    bad_rows: tuple[BadRow, ...]
    #: Items to edit, by preset.
    edits: Mapping[str, int]


def job_id_now() -> str:
    """A new job's id: the day, and letters enough to be read out over a telephone."""
    return time.strftime("%y%m%d-", time.gmtime()) + "".join(secrets.choice(ALPHABET) for _ in range(6))


def planned(rows: Iterable[ManifestRow | BadRow], order: Order, pictures: Pictures) -> Iterator[NewItem]:
    """Each row's items in order: one a variant, or one failed item for a row that cannot be edited."""
    ordinals = count()
    for row in rows:
        understood = _with_pictures(row, pictures)
        if isinstance(understood, BadRow):
            yield _failed(next(ordinals), understood)
            continue
        inputs = tuple(pictures[name].sha256 for name in understood.images)
        for variant in range(understood.variants):
            yield NewItem(
                ordinal=next(ordinals),
                line=understood.line,
                row_id=understood.id,
                variant=variant,
                priority=order.job.order.priority if understood.priority is None else understood.priority,
                spec=_spec(understood, variant, inputs, order),
            )


def survey(rows: Iterable[ManifestRow | BadRow], order: Order, pictures: Pictures, intake: Intake) -> Survey:
    """Look at every row without writing anything."""
    lines = items = cached = bad = 0
    last_line = 0
    bad_rows: list[BadRow] = []
    edits: dict[str, int] = {}
    seen = _bad_rows_noted(rows, pictures, bad_rows)
    plan = planned(seen, order, pictures)
    while some := list(islice(plan, 500)):
        keys = [item.spec.cache_key if item.spec else "" for item in some]
        known = intake.known_results({key for key in keys if key})
        for item, key in zip(some, keys, strict=True):
            items += 1
            lines += item.line != last_line
            last_line = item.line
            if item.spec is None:
                bad += 1
            elif key in known:
                cached += 1
            else:
                preset = item.spec.params.preset
                edits[preset] = edits.get(preset, 0) + 1
    return Survey(
        rows=lines,
        items=items,
        pictures=pictures.distinct(),
        cached=cached,
        bad=bad,
        bad_rows=tuple(bad_rows),
        edits=edits,
    )


def _bad_rows_noted(
    rows: Iterable[ManifestRow | BadRow], pictures: Pictures, bad_rows: list[BadRow]
) -> Iterator[ManifestRow | BadRow]:
    for row in rows:
        understood = _with_pictures(row, pictures)
        if isinstance(understood, BadRow) and len(bad_rows) < SHOWN:
            bad_rows.append(understood)
        yield understood


def _with_pictures(row: ManifestRow | BadRow, pictures: Pictures) -> ManifestRow | BadRow:
    """The row, or a bad row if one of its pictures is."""
    if isinstance(row, BadRow):
        return row
    columns = ("image", "ref_image_2", "ref_image_3")
    for column, name in zip(columns, row.images, strict=False):
        checked = pictures[name]
        if checked.code:
            return BadRow(
                line=row.line,
                id=row.id,
                column=column,
                code=checked.code,
                reason=checked.reason,
                cells=row.cells,
            )
    return row


def _failed(ordinal: int, row: BadRow) -> NewItem:
    return NewItem(
        ordinal=ordinal,
        line=row.line,
        row_id=row.id,
        variant=0,
        priority=Priority.NORMAL,
        spec=None,
        failure=Failure(code=row.code, reason=str(row)),
    )


def _spec(row: ManifestRow, variant: int, inputs: tuple[str, ...], order: Order) -> EditSpec:
    info = order.info
    preset = preset_named(row.params.preset or order.job.order.preset, info) if info.presets else None
    return EditSpec(
        inputs=inputs,
        params=resolve(row, variant, preset, info),
        engine=info.name,
        revision=info.revision,
        lora=info.loras.get(preset.lora, preset.lora) if preset else "",
    )


def resolve(row: ManifestRow, variant: int, preset: Preset | None, info: EngineInfo) -> EditParams:
    """The row's choices, then the preset's; empty wherever the engine does not honour the field."""
    given = row.params
    wanted: dict[str, Any] = {
        "negative": given.negative,
        "steps": given.steps if given.steps is not None or preset is None else preset.steps,
        "cfg": given.cfg if given.cfg is not None or preset is None else preset.cfg,
        "seed": stable_seed(row.id, variant) if given.seed is None else given.seed + variant,
        "preset": preset.name if preset else "",
    }
    unset: dict[str, Any] = {"negative": " ", "steps": None, "cfg": None, "seed": None, "preset": ""}
    honoured = {name: value if name in info.honours else unset[name] for name, value in wanted.items()}
    return replace(given, **honoured)


def preset_named(name: str, info: EngineInfo) -> Preset:
    """The engine's preset of that name, its first one without a name."""
    found = info.presets.get(name) if name else next(iter(info.presets.values()))
    if found is None:
        raise UsageError(f"there is no preset {name!r}", hint=f"choose one of: {', '.join(info.presets)}")
    return found


def stable_seed(row_id: str, variant: int) -> int:
    """The same for the same row and variant, for ever: 32 bits of their sha256."""
    return int.from_bytes(hashlib.sha256(f"{row_id}/{variant}".encode()).digest()[:4], "big")
