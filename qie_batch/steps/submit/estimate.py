"""What a submission would do and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qie_batch.model import Estimate
from qie_batch.steps.dispatch import expected_micros

if TYPE_CHECKING:
    from qie_batch.interfaces import Costs, EngineCatalog
    from qie_batch.model import EngineInfo
    from qie_batch.steps.submit.prepare import Prepared
    from qie_batch.steps.submit.request import SubmitContext


class ExpectedEdit(NamedTuple):
    seconds: float
    micros: float


def expected_edit(info: EngineInfo, preset: str, costs: Costs, engines: EngineCatalog) -> ExpectedEdit:
    """One edit by the mean of earlier ones, by the preset's own figure where there are none."""
    history = costs.history(info.name, preset)
    if history.edits:
        return ExpectedEdit(history.seconds, history.cost_micros)
    return ExpectedEdit(info.expected_seconds(preset), expected_micros(info.name, preset, engines))


def estimate(prepared: Prepared, context: SubmitContext) -> Estimate:
    """Seconds and money, as `expected_edit` has them."""
    survey, info = prepared.survey, prepared.info
    seconds = micros = 0.0
    for preset, edits in survey.edits.items():
        each = expected_edit(info, preset, context.costs, context.engines)
        seconds += edits * each.seconds
        micros += edits * each.micros
    return Estimate(
        engine=info.name,
        reason=prepared.job.engine_reason,
        rows=survey.rows,
        items=survey.items,
        images=survey.images,
        cached=survey.cached,
        fetched=survey.fetched,
        unchanged=survey.unchanged,
        edits=sum(survey.edits.values()),
        device_seconds=seconds,
        cost_micros=round(micros),
        bad=survey.bad,
        bad_rows=survey.bad_rows,
    )
