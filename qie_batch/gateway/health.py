"""Whether this process lives, whether it can serve, and what it has served.

These routes are coroutines: they answer also while every thread of the pool is at work.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from qie_batch.gateway.metrics import Metrics
from qie_batch.gateway.problems import problem
from qie_batch.gateway.readiness import OK, Readiness

router = APIRouter(tags=["health"])

#: Without it nothing can be answered. Without one of the others a part is refused, by whichever replica.
ESSENTIAL = "ledger"


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": OK}


@router.get("/readyz", responses={503: {"description": "A proxy should send no request to this process"}})
async def readyz(request: Request) -> Response:
    """Ledger, store and broker, each with `ok` or what is wrong with it.

    503 while the process is about to end, and without the ledger. A store or broker that is down makes the
    status `degraded` and is no reason to take a replica out: it is down for all of them, and reads go on.
    """
    state = request.app.state
    if state.drain.has_begun:
        return _not_ready(request, "draining", "this process is about to end")
    readiness: Readiness = state.readiness
    services = await readiness.services()
    if services[ESSENTIAL] != OK:
        return _not_ready(request, "not_ready", f"the {ESSENTIAL} does not answer", services=services)
    status = OK if all(each == OK for each in services.values()) else "degraded"
    return JSONResponse({"status": status, "services": services})


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """For Prometheus on a listed address; 404 for every other client, and for what came through a proxy."""
    found: Metrics = request.app.state.metrics
    if not found.may_read(request):
        raise HTTPException(404)
    return Response(found.page(), media_type=CONTENT_TYPE_LATEST)


def _not_ready(request: Request, code: str, detail: str, **more: dict[str, str]) -> Response:
    return problem(503, code, detail, request=request, headers={"Retry-After": "1"}, **more)
