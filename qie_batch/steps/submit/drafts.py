"""Drafts first: every row at the engine's quickest preset, then a person decides which are made for good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.model import FIRST_PRESET
from qie_batch.steps.submit.plan import preset_named

if TYPE_CHECKING:
    from qie_batch.model import EngineInfo, JobOrder, Preset


def with_drafts(order: JobOrder, info: EngineInfo) -> JobOrder:
    """The order of the drafts, with the preset of the final ones; as it is where it asks for no drafts.

    UsageError for an engine that makes no drafts, and for a final preset that is none of its presets.
    """
    if not order.final_preset:
        return order
    if "preset" not in info.honours or not info.presets:
        raise UsageError(
            f"engine {info.name} has no presets, so its drafts would be as good as any",
            code="drafts_unknown",
            hint="submit without drafts",
        )
    draft = min(info.presets.values(), key=_effort)
    final = preset_named("" if order.final_preset == FIRST_PRESET else order.final_preset, info)
    if final.name == draft.name:
        raise UsageError(
            f"preset {draft.name} is the one that drafts are made at",
            code="drafts_final",
            hint="name another preset for the final results",
        )
    return replace(order, preset=draft.name, final_preset=final.name, review="required")


def _effort(preset: Preset) -> tuple[int, float]:
    return preset.steps, preset.seconds
