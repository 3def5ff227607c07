"""Engines and workers: who lives, and what each does."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.responses import Response

from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.gateway.pages.routing import Reading, page_router
from qie_batch.steps.workers import find_workers
from qie_batch.views import worker_view

router = page_router()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLine:
    name: str
    revision: str
    presets: tuple[str, ...] = ()
    #: Of the user's own.
    loras: tuple[str, ...] = ()
    #: "" where it can be used, else why not.
    problem: str = ""


@router.get("/workers")
def workers(visit: Reading) -> Response:
    settings = visit.context.settings
    catalog = wiring.InstalledEngines(settings)
    found = find_workers(visit.ledger.workers, visit.context.live_workers.ask)
    return visit.show(
        "workers",
        workers=[worker_view(worker) for worker in found.workers],
        problem=found.problem,
        engines=[_engine(catalog, name) for name in catalog.names()],
    )


def _engine(catalog: wiring.InstalledEngines, name: str) -> EngineLine:
    try:
        info = catalog.info(name)
    except QieError as error:
        return EngineLine(name=name, revision="", problem=error.message)
    return EngineLine(
        name=name, revision=info.revision, presets=tuple(info.presets), loras=tuple(info.own_loras)
    )
