"""What a submission would do and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.model import Estimate
from qie_batch.steps.dispatch import expected_micros

if TYPE_CHECKING:
    from qie_batch.steps.submit.prepare import Prepared
    from qie_batch.steps.submit.request import SubmitContext


def estimate(prepared: Prepared, context: SubmitContext) -> Estimate:
    """Seconds and money by the mean of earlier edits, by the preset's own figure where there are none."""
    survey, info = prepared.survey, prepared.info
    seconds = micros = 0.0
    for preset, edits in survey.edits.items():
        history = context.costs.history(info.name, preset)
        seconds += edits * (history.seconds if history.edits else info.expected_seconds(preset))
        each = history.cost_micros if history.edits else expected_micros(info.name, preset, context.engines)
        micros += edits * each
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
