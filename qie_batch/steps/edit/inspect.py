"""Holds a result to its gates, and decides by a pure function what a failed gate means for the item."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.model import Candidate, Edited, Priority, next_seed, severity
from qie_batch.steps.edit.outcome import Rerolled, Succeeded

if TYPE_CHECKING:
    from PIL.Image import Image

    from qie_batch.model import Attempt, EditSpec, EngineInfo, Finding, Result
    from qie_batch.steps.edit.context import EditContext


def is_inspected(attempt: Attempt, context: EditContext) -> bool:
    """Nothing is looked at for a client that waits: no reviewer could help."""
    return context.gates is not None and attempt.priority is not Priority.INTERACTIVE


def inspect(
    before: Image, after: Image, keep: Image | None, attempt: Attempt, context: EditContext
) -> tuple[Finding, ...]:
    """What the gates find; nothing where `is_inspected` says so."""
    if context.gates is None or not is_inspected(attempt, context):
        return ()
    edited = Edited(before=before, after=after, instruction=attempt.spec.params.instruction, keep=keep)
    return context.gates.inspect(edited, attempt.checks)


def judge(result: Result, attempt: Attempt, info: EngineInfo) -> Succeeded | Rerolled:
    """Tried again with the next seed as often as the row asks; then the best of the results is the item's."""
    if not result.is_failed:
        return Succeeded(result)
    text = attempt.spec.canonical
    mine = Candidate(spec_text=text, cache_key=result.cache_key, severity=severity(result.findings))
    candidates = (*attempt.candidates, mine)
    following = _with_next_seed(attempt.spec, info)
    if following and len(candidates) <= attempt.checks.rerolls:
        return Rerolled(result, following, candidates)
    best = min(candidates, key=lambda each: each.severity)
    return Succeeded(result, best=None if best is mine else best)


def _with_next_seed(spec: EditSpec, info: EngineInfo) -> EditSpec | None:
    """None for an engine whose result no seed changes."""
    seed = spec.params.seed
    if seed is None or "seed" not in info.honours:
        return None
    return replace(spec, params=replace(spec.params, seed=next_seed(seed)))
