"""Sample jobs, items and progress as the ledger returns them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qie_batch.model import Item, ItemState, Job, JobOrder, JobState, Progress, Result
from tests.support.ledgers import START, spec

JOB = Job(
    id="261126-j58fhp",
    order=JobOrder(name="catalog.csv", engine="classic"),
    engine_reason="there is no CUDA card here",
    manifest_key="manifests/0",
    folder="",
    state=JobState.OPEN,
    pause_reason="",
    created_at=START,
    closed_at=None,
)
RESULT = Result(
    cache_key="c0",
    object_key="results/c0",
    sha256="00" * 32,
    size=1000,
    width=1024,
    height=768,
    engine="classic",
    device="cpu",
    changed=0.62,
    note="kept transparency",
    ran={"scheduler": "Euler"},
)


def progress(counts: dict[str, int], *, job: dict[str, Any] | None = None, **changes: Any) -> Progress:
    """`counts` and `job` name what is not usual."""
    own = {name: value for name, value in (job or {}).items() if name in Job.__slots__}
    order = {name: value for name, value in (job or {}).items() if name not in own}
    made = Progress(
        job=replace(JOB, order=replace(JOB.order, **order), **own),
        counts={state: counts.get(state, 0) for state in ItemState},
        cached=0,
        failures={},
        attempts=0,
        seconds=0.0,
        spent_micros=0,
        saved_micros=0,
        lost_micros=0,
        last_minute=0,
        now=START + 120,
    )
    return replace(made, **changes)


def item(**changes: Any) -> Item:
    """Edited."""
    made = Item(
        id="261126-j58fhp.0",
        job_id=JOB.id,
        ordinal=0,
        line=2,
        row_id="SKU-1",
        variant=0,
        state=ItemState.SUCCEEDED,
        spec=spec("white"),
        attempt=1,
        cached=False,
        failure=None,
        result=RESULT,
        seconds=1.5,
        cost_micros=2_500_000,
    )
    return replace(made, **changes)
