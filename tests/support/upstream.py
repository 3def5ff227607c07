"""A small server behind a proxy, as a process: it says what reached it, and ends as the gateway does.

python -m tests.support.upstream PORT DRAIN_SECONDS
"""

from __future__ import annotations

import asyncio
import os
import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.sse import EventSourceResponse

from qie_batch.gateway.draining import Drain, EndsStreams
from qie_batch.gateway.server import DrainingServer
from qie_batch.gateway.writes import WholeAnswers

app = FastAPI(openapi_url=None)
#: Bytes of each upload by its name, while it comes in.
received: dict[str, int] = {}
#: Event streams and slow requests whose client hung up.
hung_up = 0


@app.get("/healthz")
async def healthz():
    return {"status": "ok"}


@app.get("/readyz")
async def readyz(response: Response):
    if app.state.drain.has_begun:
        response.status_code = 503
    return {}


@app.get("/pid")
async def pid():
    return os.getpid()


@app.get("/seen")
async def seen():
    return {"received": received, "hung_up": hung_up}


@app.api_route("/echo", methods=["GET", "POST"])
async def echo(request: Request):
    return {"headers": dict(request.headers), "bytes": len(await request.body())}


@app.api_route("/slow", methods=["GET", "POST"])
async def slow(request: Request, seconds: float = 0.05):
    """Waits, as an edit does, unless the client hangs up."""
    global hung_up  # noqa: PLW0603
    length = len(await request.body())
    step = min(seconds, 0.2)
    for _ in range(round(seconds / step)):
        await asyncio.sleep(step)
        if await request.is_disconnected():
            hung_up += 1
            break
    return {"bytes": length}


@app.api_route("/api/uploads", methods=["GET", "POST"])
@app.post("/api/jobs")
async def upload(request: Request, name: str):
    received[name] = 0
    async for chunk in request.stream():
        received[name] += len(chunk)
    return {"bytes": received[name]}


@app.get("/events", response_class=EventSourceResponse)
async def events():
    """One event at once, and no more."""
    global hung_up  # noqa: PLW0603
    try:
        yield {"pid": os.getpid()}
        await asyncio.sleep(600)
    finally:
        hung_up += 1


if __name__ == "__main__":
    app.state.drain = Drain(float(sys.argv[2]))
    app.add_middleware(EndsStreams, drain=app.state.drain)
    config = uvicorn.Config(
        app,
        port=int(sys.argv[1]),
        http=WholeAnswers,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=10,
    )
    DrainingServer(config, app.state.drain).run()
