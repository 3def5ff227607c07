"""Rows to items: what is to be edited, and how."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from qie_batch.errors import UsageError
from qie_batch.model import (
    BadRow,
    EditSpec,
    Failure,
    NewItem,
    OutputFormat,
    Priority,
    cache_key_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qie_batch.interfaces import AlphaForecast
    from qie_batch.model import EditParams, EngineInfo, ImageHeader, JobOrder, ManifestRow, Preset
    from qie_batch.steps.submit.image_checks import ImageCheck

#: Format of an image -> that of its result; any other image becomes a PNG.
_SAME = {"JPEG": OutputFormat.JPEG, "WEBP": OutputFormat.WEBP}


class Planner:
    """Makes the items of one job, numbered in the order of its rows."""

    def __init__(self, order: JobOrder, info: EngineInfo, gives_alpha: AlphaForecast) -> None:
        self._order = order
        self._info = info
        self._gives_alpha = gives_alpha
        self._ordinals = count()
        #: Number by LoRAs (the preset's and the row's own), in the order of the rows.
        self._lora_groups: dict[tuple[str, str], int] = {}

    def params(self, row: ManifestRow, checks: Mapping[str, ImageCheck]) -> EditParams:
        """The parameters of the row's first variant, as the worker gets them."""
        given = row.params
        if self._order.final_preset:  # those of the row are for the final result
            given = replace(given, steps=None, cfg=None)
        params = resolve(given, row.id, self._preset(row), self._info)
        image = checks[row.images[0]].header
        # Only then does it change the result, and so may be part of the cache key.
        params = replace(params, keep_alpha=params.keep_alpha and image.alpha and not self._info.alpha)
        if row.keep_mask:
            params = replace(params, lock="mask")
        return with_output(params, image, gives_alpha=self._gives_alpha(params))

    def items(
        self, row: ManifestRow, params: EditParams, checks: Mapping[str, ImageCheck]
    ) -> Iterator[tuple[NewItem, str]]:
        """One item a variant with its preset; `params` are those of the first variant."""
        preset = self._preset(row)
        loras = (preset.lora if preset else "", params.lora_name)
        group = self._lora_groups.setdefault(loras, len(self._lora_groups))
        inputs = tuple([checks[name].sha256 for name in row.images])
        mask = checks[row.keep_mask].sha256 if row.keep_mask else ""
        for variant in range(row.variants):
            if variant and params.seed is not None:
                seed = seed_of(row.params.seed, row.id, variant)
                params = replace(params, seed=seed)
            text = self._spec(params, inputs, mask).canonical
            item = NewItem(
                ordinal=next(self._ordinals),
                line=row.line,
                row_id=row.id,
                variant=variant,
                priority=self._order.priority if row.priority is None else row.priority,
                spec_text=text,
                cache_key=cache_key_of(text),
                lora_group=group,
                checks=row.checks,
            )
            # An engine may have presets and not honour them: then they share one history.
            yield item, preset.name if preset and "preset" in self._info.honours else ""

    def failed(self, row: BadRow) -> NewItem:
        """The one item of a row that cannot be edited."""
        return NewItem(
            ordinal=next(self._ordinals),
            line=row.line,
            row_id=row.id,
            variant=0,
            priority=Priority.NORMAL,
            spec_text=None,
            cache_key=None,
            failure=Failure(code=row.code, reason=str(row)),
        )

    def _preset(self, row: ManifestRow) -> Preset | None:
        if not self._info.presets:
            return None
        own = "" if self._order.final_preset else row.params.preset
        return preset_named(own or self._order.preset, self._info)

    def _spec(self, params: EditParams, inputs: tuple[str, ...], mask: str) -> EditSpec:
        info = self._info
        return EditSpec(
            inputs=inputs,
            params=params,
            engine=info.name,
            revision=info.revision,
            lora=info.runs_with(params.preset, params.lora_name),
            mask=mask,
        )


def resolve(given: EditParams, row_id: str, preset: Preset | None, info: EngineInfo) -> EditParams:
    """The row's choices, then the preset's; empty wherever the engine does not honour the field."""
    wanted: dict[str, Any] = {
        "negative": given.negative,
        "steps": given.steps if given.steps is not None or preset is None else preset.steps,
        "cfg": given.cfg if given.cfg is not None or preset is None else preset.cfg,
        "seed": seed_of(given.seed, row_id, 0),
        "preset": preset.name if preset else "",
        "lora_name": given.lora_name,
    }
    unset: dict[str, Any] = {"negative": " ", "steps": None, "cfg": None, "seed": None}
    honoured = {
        name: value if name in info.honours else unset.get(name, "") for name, value in wanted.items()
    }
    return replace(given, **honoured)


def with_output(params: EditParams, image: ImageHeader, *, gives_alpha: bool = False) -> EditParams:
    """The parameters with the format of the result decided, where that depends on the image to edit.

    `gives_alpha`: the edit makes pixels transparent, whatever the image. Only PNG keeps locked pixels exact.
    """
    output = params.output
    if output is OutputFormat.AUTO:
        output = OutputFormat.PNG if image.alpha or gives_alpha or params.lock else OutputFormat.SAME
    if output is OutputFormat.SAME:
        output = _SAME.get(image.format, OutputFormat.PNG)
    return replace(params, output=output, quality=None if output is OutputFormat.PNG else params.quality)


def preset_named(name: str, info: EngineInfo) -> Preset:
    """The engine's preset of that name, its first one without a name."""
    found = info.presets.get(name) if name else next(iter(info.presets.values()))
    if found is None:
        raise UsageError(f"there is no preset {name!r}", hint=f"choose one of: {', '.join(info.presets)}")
    return found


def seed_of(given: int | None, row_id: str, variant: int) -> int:
    """The seed of a variant; without one given, it is `stable_seed`."""
    return stable_seed(row_id, variant) if given is None else given + variant


def stable_seed(row_id: str, variant: int) -> int:
    """The same for the same row and variant, for ever: 32 bits of their sha256."""
    return int.from_bytes(hashlib.sha256(f"{row_id}/{variant}".encode()).digest()[:4], "big")
