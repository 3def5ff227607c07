"""Rows to items: what is to be edited, how, and which rows cannot be."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.model import (
    PRESETS,
    BadRow,
    EditSpec,
    Failure,
    ManifestRow,
    NewItem,
    OutputFormat,
    Preset,
    Priority,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from qie_batch.interfaces import Ledger
    from qie_batch.steps.submit.pictures import Pictures

#: No letters that are mistaken for others.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"

#: Bad rows kept to be shown; beyond them only their number.
SHOWN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the user asked for, beside the manifest itself."""

    job_id: str
    name: str
    #: A copy of the manifest that nobody else writes to.
    catalog: Path
    #: Where relative picture paths start: a folder or an s3:// prefix.
    folder: str
    engine: str
    engine_reason: str
    revision: str
    #: Whether the engine knows presets, steps, CFG and seeds.
    diffusion: bool
    preset: str = "reference"
    #: Content hash of each LoRA a preset may want, by the preset's name for it.
    loras: Mapping[str, str] = field(default_factory=dict)
    priority: Priority = Priority.NORMAL
    mapping: Mapping[str, str] = field(default_factory=dict)
    instruction: str = ""
    skip_bad_rows: bool = False
    budget_micros: int | None = None


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
                priority=order.priority if understood.priority is None else understood.priority,
                spec=_spec(understood, variant, inputs, order),
            )


def survey(rows: Iterable[ManifestRow | BadRow], order: Order, pictures: Pictures, ledger: Ledger) -> Survey:
    """Look at every row without writing anything."""
    lines = items = cached = bad = 0
    last_line = 0
    bad_rows: list[BadRow] = []
    edits: dict[str, int] = {}
    seen = _bad_rows_noted(rows, pictures, bad_rows)
    plan = planned(seen, order, pictures)
    while some := list(islice(plan, 500)):
        keys = [item.spec.cache_key if item.spec else "" for item in some]
        known = ledger.has_result({key for key in keys if key})
        for item, key in zip(some, keys, strict=True):
            items += 1
            lines += item.line != last_line
            last_line = item.line
            if item.spec is None:
                bad += 1
            elif key in known:
                cached += 1
            else:
                edits[item.spec.preset] = edits.get(item.spec.preset, 0) + 1
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
    width, height = row.size or (None, None)
    output = row.output or OutputFormat.PNG
    if not order.diffusion:
        return EditSpec(
            inputs=inputs,
            instruction=row.instruction,
            negative=" ",
            width=width,
            height=height,
            steps=None,
            cfg=None,
            seed=None,
            preset="",
            engine=order.engine,
            revision=order.revision,
            lora="",
            output=output,
        )
    preset = preset_named(row.preset or order.preset)
    return EditSpec(
        inputs=inputs,
        instruction=row.instruction,
        negative=row.negative,
        width=width,
        height=height,
        steps=preset.steps if row.steps is None else row.steps,
        cfg=preset.cfg if row.cfg is None else row.cfg,
        seed=stable_seed(row.id, variant) if row.seed is None else row.seed + variant,
        preset=preset.name,
        engine=order.engine,
        revision=order.revision,
        lora=order.loras.get(preset.lora, preset.lora),
        output=output,
    )


def preset_named(name: str) -> Preset:
    if name not in PRESETS:
        raise UsageError(f"there is no preset {name!r}", hint=f"choose one of: {', '.join(PRESETS)}")
    return PRESETS[name]


def stable_seed(row_id: str, variant: int) -> int:
    """The same for the same row and variant, for ever: 32 bits of their sha256."""
    return int.from_bytes(hashlib.sha256(f"{row_id}/{variant}".encode()).digest()[:4], "big")
