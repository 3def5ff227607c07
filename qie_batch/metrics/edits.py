"""Counts the events of the edit step."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram

from qie_batch.metrics.exporter import Bounded
from qie_batch.model import ON_DEVICE, Ending, Priority, Stage
from qie_batch.pricing import cost_micros

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry

    from qie_batch.model import Attempt, EditEvent, Worker

#: Seconds of one phase: from a small image of the classic engine to a reference edit on a slow device.
PHASE_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 300)
#: Seconds in the queue: the interactive lane is about tenths, a nightly catalog about hours.
WAIT_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400, 43_200)
#: The phase that ends with each stage; what the device does is PAINT.
ENDS = {
    Stage.FETCHED: "fetch",
    Stage.DECODED: "decode",
    Stage.ENTERED: "wait",
    Stage.CHECKED: "check",
    Stage.ENCODED: "encode",
    Stage.STORED: "put",
}
#: Phases within the engine, which names them.
MOST_ENGINE_PHASES = 12
#: Presets that count by themselves: each has more than a hundred series.
MOST_PRESETS = 20
PAINT, CLOSE = "paint", "close"
FENCED = "fenced"
_LANES = ("interactive", "bulk")
_RETRIES = {Ending.RETRIED: "error", Ending.CRASHED: "crash", Ending.HANDED_BACK: "uncharged"}


class EditMetrics:
    """An observer of the edit step; one for each worker process."""

    def __init__(
        self, registry: CollectorRegistry, worker: Worker, market: str, presets: Iterable[str] = ()
    ) -> None:
        """`presets` are those of the engine, "" for an edit without one among them."""
        self._engine, self._device, self._market = worker.engine, worker.device, market
        self._code, self._finding, self._preset = Bounded(), Bounded(), Bounded(MOST_PRESETS)
        #: Device seconds that are counted already, by item and number of the attempts that do not end yet.
        self._counted: dict[tuple[str, int], float] = {}
        self._waits = Histogram(
            "qie_queue_wait_seconds",
            "Seconds from when an item could run to its claim",
            ("engine", "lane"),
            registry=registry,
            buckets=WAIT_BUCKETS,
        )
        self._phases = Histogram(
            "qie_edit_phase_seconds",
            "Seconds of an attempt in each phase: fetch, decode, wait (for the device), paint, check, encode,"
            " put, close",
            ("engine", "preset", "phase"),
            registry=registry,
            buckets=PHASE_BUCKETS,
        )
        self._engine_phase = Bounded(MOST_ENGINE_PHASES)
        self._engine_phases = Histogram(
            "qie_engine_phase_seconds",
            "Seconds of an edit on the device in each phase that the engine tells, such as prompt and steps",
            ("engine", "preset", "phase"),
            registry=registry,
            buckets=PHASE_BUCKETS,
        )
        self._make_counters(registry)
        self._start_at_zero(("", *presets))

    def _make_counters(self, registry: CollectorRegistry) -> None:
        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(name, says, labels, registry=registry)

        self._steps = counter("qie_edit_steps", "Steps that the engine has done", "engine", "preset")
        self._attempts = counter(
            "qie_attempts", "Attempts that ended, by their outcome", "engine", "preset", "lane", "outcome"
        )
        self._failures = counter("qie_failures", "Items that failed, by the code", "engine", "code")
        self._retries = counter(
            "qie_retries",
            "Attempts after which the item is tried again: an error, a crash, or uncharged",
            "engine",
            "class",
        )
        self._busy = counter("qie_device_busy_seconds", "Seconds of edits on the device", "engine", "device")
        self._cost = counter("qie_cost_dollars", "Cost of the attempts that ended", "engine", "market")
        self._cache_hits = counter(
            "qie_result_cache_hits", "Attempts that found their result in the store", "engine"
        )
        self._lost = counter("qie_leases_lost", "Attempts that ended without their lease", "engine")
        self._findings = counter(
            "qie_gate_findings", "What was found wrong with finished images", "gate", "verdict"
        )

    def _start_at_zero(self, presets: Iterable[str]) -> None:
        """Prometheus sees the growth to a counter's first value only if it saw the counter before."""
        for preset, lane, outcome in product(presets, _LANES, (*Ending, FENCED)):
            self._attempts.labels(self._engine, self._preset(preset), lane, outcome)
        for name in _RETRIES.values():
            self._retries.labels(self._engine, name)
        for each in (self._cache_hits, self._lost):
            each.labels(self._engine)
        self._busy.labels(self._engine, self._device)
        self._cost.labels(self._engine, self._market)

    def __call__(self, event: EditEvent) -> None:
        attempt, stage = event.attempt, event.stage
        if stage is Stage.STEPPED:
            self._steps.labels(self._engine, self._preset(attempt.spec.params.preset)).inc()
            self._count_device(event)
        elif stage is Stage.CLAIMED:
            self._waits.labels(self._engine, lane_of(attempt)).observe(attempt.waited_seconds)
        elif stage is Stage.ADOPTED:
            self._cache_hits.labels(self._engine).inc()
        elif stage is Stage.PAINTED:
            self._count_device(event)
            self._observe_phase(attempt, PAINT, event.usage.seconds)
            self._observe_engine_phases(event)
        elif stage in (Stage.CLOSED, Stage.FENCED):
            self._end(event)
        if phase := ENDS.get(stage):
            self._observe_phase(attempt, phase, event.seconds)
        for finding in event.findings:
            self._findings.labels(self._finding(finding), "failed").inc()

    def _end(self, event: EditEvent) -> None:
        attempt = event.attempt
        self._count_device(event)
        self._counted.pop((attempt.item_id, attempt.number), None)
        fenced = event.stage is Stage.FENCED
        outcome = FENCED if fenced or event.ending is None else event.ending
        preset = self._preset(attempt.spec.params.preset)
        self._attempts.labels(self._engine, preset, lane_of(attempt), outcome).inc()
        self._cost.labels(self._engine, self._market).inc(cost_micros(event.usage, attempt.rate) / 1_000_000)
        if fenced:
            self._lost.labels(self._engine).inc()
            return
        if event.ending is Ending.SUCCEEDED:
            self._observe_phase(attempt, CLOSE, event.seconds)
        if event.ending is Ending.FAILED:
            self._failures.labels(self._engine, self._code(event.code)).inc()
        if charged := _RETRIES.get(event.ending) if event.ending else None:
            self._retries.labels(self._engine, charged).inc()

    def _count_device(self, event: EditEvent) -> None:
        """Count as it goes on: an edit may take minutes, and may fail on the device."""
        key = event.attempt.item_id, event.attempt.number
        before = self._counted.get(key, 0.0)
        # The watchdog closes an attempt that hangs from another thread.
        self._counted[key] = now = max(before, event.usage.seconds)
        self._busy.labels(self._engine, self._device).inc(now - before)

    def _observe_phase(self, attempt: Attempt, phase: str, seconds: float) -> None:
        preset = self._preset(attempt.spec.params.preset)
        self._phases.labels(self._engine, preset, phase).observe(seconds)

    def _observe_engine_phases(self, event: EditEvent) -> None:
        preset = self._preset(event.attempt.spec.params.preset)
        for name, seconds in event.usage.phases.items():
            if name.startswith(ON_DEVICE):
                phase = self._engine_phase(name.removeprefix(ON_DEVICE))
                self._engine_phases.labels(self._engine, preset, phase).observe(seconds)


def lane_of(attempt: Attempt) -> str:
    return "interactive" if attempt.priority is Priority.INTERACTIVE else "bulk"
