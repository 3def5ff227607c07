"""What a worker process and its supervisor say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Info

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

    from qie_batch.model import Worker, WorkerStart

#: Why a worker process was replaced.
REASONS = ("ended", "hung", "killed")


class WorkerMetrics:
    def __init__(
        self,
        registry: CollectorRegistry,
        worker: Worker,
        *,
        market: str,
        load_seconds: float,
        is_breaker_open: Callable[[], bool],
        edits_running: Callable[[], int],
    ) -> None:
        Info("qie_worker", "The engine of this process", registry=registry).info(
            {"engine": worker.engine, "device": worker.device, "market": market}
        )
        load = Gauge(
            "qie_model_load_seconds",
            "Seconds in which the engine was loaded and warmed",
            ("engine",),
            registry=registry,
        )
        load.labels(worker.engine).set(load_seconds)
        breaker = Gauge(
            "qie_store_breaker_open",
            "1 while no item is claimed because the store does not answer",
            registry=registry,
        )
        breaker.set_function(lambda: float(is_breaker_open()))
        running = Gauge("qie_device_edits_running", "Edits on the device", ("engine",), registry=registry)
        running.labels(worker.engine).set_function(edits_running)


def count_start(registry: CollectorRegistry, engine: str, start: WorkerStart) -> None:
    """The process is ready."""
    gauge = Gauge(
        "qie_start_seconds",
        "Seconds of each phase of the start of this process, some at the same time; all: until it was ready",
        ("engine", "phase"),
        registry=registry,
    )
    for phase, seconds in {**start.phases, "all": start.seconds}.items():
        gauge.labels(engine, phase).set(seconds)


class SupervisorMetrics:
    def __init__(self, registry: CollectorRegistry, running: Callable[[], int], wanted: int) -> None:
        self._restarts = Counter(
            "qie_worker_restarts",
            "Worker processes that ended and are replaced: by themselves, hung, or killed from outside",
            ("reason",),
            registry=registry,
        )
        for reason in REASONS:
            self._restarts.labels(reason)
        processes = Gauge(
            "qie_worker_processes", "Worker processes of this host", ("state",), registry=registry
        )
        processes.labels("running").set_function(running)
        processes.labels("wanted").set(wanted)

    def restarted(self, reason: str) -> None:
        self._restarts.labels(reason).inc()
