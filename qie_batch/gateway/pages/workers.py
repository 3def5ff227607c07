"""Engines and workers: who lives, and what each does."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.responses import Response

from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.gateway.pages.routing import Reading, page_router

router = page_router()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLine:
    name: str
    revision: str
    presets: tuple[str, ...]
    #: "" where it can be used, else why not.
    problem: str


@router.get("/workers")
def workers(visit: Reading) -> Response:
    catalog = wiring.InstalledEngines(visit.context.settings)
    return visit.show(
        "workers", workers=[], problem="", engines=[_engine(catalog, name) for name in catalog.names()]
    )


def _engine(catalog: wiring.InstalledEngines, name: str) -> EngineLine:
    try:
        info = catalog.info(name)
    except QieError as error:
        return EngineLine(name=name, revision="", presets=(), problem=error.message)
    return EngineLine(name=name, revision=info.revision, presets=tuple(info.presets), problem="")
