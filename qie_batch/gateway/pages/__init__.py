"""Pages for people: server-rendered, in two languages, usable without a script."""

from fastapi import APIRouter

from qie_batch.gateway.pages import (
    assets,
    changes,
    compare,
    costs,
    job,
    jobs,
    login,
    provider,
    review,
    schedules,
    uploads,
    workers,
)

PARTS = (login, provider, assets, jobs, uploads, job, changes, compare, review, schedules, costs, workers)


def pages_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)
    for part in PARTS:
        router.include_router(part.router)
    return router
