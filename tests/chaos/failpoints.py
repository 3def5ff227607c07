"""`workers.app` with failpoints at which its process kills itself, and decoders that crash on marked images.

Its parent is `python -m tests.chaos.failpoints`. The file that QIE_FAILPOINT names contains the armed point,
such as `succeed after`; the first process to reach that point removes the file and kills itself.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from celery import signals
from celery.worker.request import Request

from qie_batch.errors import Rejected
from qie_batch.images.sandbox import DecoderPool
from qie_batch.processes.launch import Launch, WorkerSpec, celery_worker
from qie_batch.processes.signals import stop_event
from qie_batch.processes.supervisor import Backoff, Supervisor
from qie_batch.settings import Settings
from qie_batch.wiring import InstalledEngines
from tests.chaos.scenarios.points import METHODS
from workers.app import app, edit, process

__all__ = ("app",)

#: Replaces the program of a decoder process: images that end with these words break it.
TRICKS = """
import ctypes, os
from qie_batch.images import decoding
from qie_batch.images.sandbox import program

tricks = {
    b"segfault": lambda: ctypes.string_at(0),
    b"abort": os.abort,
    b"loop": lambda: [None for _ in iter(int, 1)],
    b"greedy": lambda: bytearray(3_000_000_000),
}

def decode(data, limits, *, draft=None):
    for trick, play in tricks.items():
        if data.endswith(trick):
            play()
    return decoding.decode(data, limits, draft=draft)

program.main(decode)
"""


def die_at(point: str) -> None:
    """SIGKILL to this process if the point is armed; one process only."""
    armed = Path(os.environ["QIE_FAILPOINT"])
    try:
        if armed.read_text() != point:
            return
        armed.rename(armed.with_suffix(".fired"))
    except FileNotFoundError:
        return  # another thread or process was first
    os.kill(os.getpid(), signal.SIGKILL)


class Mined:
    """A proxy of an object, with a point before and after each method of METHODS."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if name not in METHODS:
            return method

        def mined(*arguments: Any, **options: Any) -> Any:
            die_at(f"{name} before")
            answer = method(*arguments, **options)
            die_at(f"{name} after")
            return answer

        return mined


class Choosy:
    """An engine that rejects marked instructions, so that a row fails in the worker."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def edit(self, request: Any, on_step: Any) -> Any:
        if request.params.instruction == "refuse":
            raise Rejected("the drill was refused", code="refused")
        return self._engine.edit(request, on_step)


class MinedRequest(Request):
    def acknowledge(self) -> None:
        die_at("acknowledge before")
        super().acknowledge()
        die_at("acknowledge after")


def mined_worker(settings: Settings, spec: WorkerSpec) -> Launch:
    launch = celery_worker(settings, spec)
    argv = tuple(__spec__.name if part == "workers.app" else part for part in launch.argv)
    return replace(launch, argv=argv)


def lay_mines(**_signal: Any) -> None:
    context = process.context
    attempts = Mined(context.attempts)
    context.leases._attempts = attempts
    context.decoders.close()
    process._context = replace(
        context,
        attempts=attempts,
        store=Mined(context.store),
        engine=Choosy(context.engine),
        decoders=DecoderPool(program=TRICKS, cpu_seconds=2),
    )


edit.Request = f"{MinedRequest.__module__}:{MinedRequest.__qualname__}"
signals.worker_init.connect(lay_mines, weak=False)  # after `on_init`, which connected first

if __name__ == "__main__":
    settings = Settings()
    never_wait = Backoff(waits=(0.0,))  # the processes are killed hundreds of times
    supervisor = Supervisor(
        settings,
        InstalledEngines(settings).info(settings.engine),
        [],
        launch=mined_worker,
        backoff=never_wait,
    )
    sys.exit(supervisor.run(stop_event()))
