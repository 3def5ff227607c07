"""What control says of itself, of the services, and, where it leads, of the ledger."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from qie_batch.model import ItemState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import CollectorRegistry, Metric

    from qie_batch.model import GaugeReading

#: Seconds of a round: dispatch takes milliseconds, a schedule reads a catalog for minutes.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class ControlMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "qie_control_round_seconds",
            "Seconds of one round of a step of control",
            ("step",),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._errors = Counter(
            "qie_control_errors", "Rounds in which a step failed", ("step",), registry=registry
        )
        self._changes = Counter(
            "qie_control_changes",
            "Items, jobs and messages that a step changed; of sweep, items whose lease ended",
            ("step",),
            registry=registry,
        )
        self._up = Gauge(
            "qie_dependency_up",
            "1 if the service answered control at the last look",
            ("dependency",),
            registry=registry,
        )
        self._certificate = Gauge(
            "qie_certificate_expiry_timestamp_seconds",
            "When the certificate of the gateway's address ends; 0 while it was not read",
            registry=registry,
        )
        self._ledger = LedgerCollector()
        registry.register(self._ledger)

    def measured(self, step: str, run: Callable[[], int]) -> Callable[[], int]:
        """The same function; each call is a round, and an exception is an error."""
        errors, seconds = self._errors.labels(step), self._seconds.labels(step)
        changes = self._changes.labels(step)

        def measured() -> int:
            began = time.perf_counter()
            try:
                changed = run()
            except BaseException:
                errors.inc()
                raise
            finally:
                seconds.observe(time.perf_counter() - began)
            changes.inc(changed)
            return changed

        return measured

    def answered(self, dependency: str, *, up: bool) -> None:
        self._up.labels(dependency).set(up)

    def certificate_ends(self, at: float) -> None:
        self._certificate.set(at)

    def show(self, reading: GaugeReading | None) -> None:
        """The figures that the next scrapes show; None while another control leads."""
        self._ledger.reading = reading


class LedgerCollector(Collector):
    """Shows the latest reading for as long as it is valid."""

    def __init__(self) -> None:
        self.reading: GaugeReading | None = None

    def collect(self) -> Iterator[Metric]:
        reading = self.reading
        if reading is not None and reading.valid_until < time.monotonic():
            reading = None
        yield GaugeMetricFamily(
            "qie_gauges_leader",
            "1 on the control that reads the figures of the ledger",
            value=float(reading is not None),
        )
        if reading is None:
            return
        yield _family("qie_items", "Items of jobs that are not closed", _items(reading), "state")
        yield _family(
            "qie_oldest_waiting_seconds",
            "Seconds for which the oldest item waits that could run",
            {_lane(key): seconds for key, seconds in reading.waiting_seconds.items()},
        )
        yield _family(
            "qie_waiting_work_seconds",
            "Device seconds that the items of open jobs will take",
            {_lane(key): ahead.seconds for key, ahead in reading.workload.items()},
        )
        claims = GaugeMetricFamily(
            "qie_last_claim_age_seconds",
            "Seconds since an item of the engine was claimed",
            labels=("engine",),
        )
        for engine, seconds in reading.claim_seconds.items():
            claims.add_metric((engine,), seconds)
        yield claims
        jobs = GaugeMetricFamily("qie_jobs", "Jobs", labels=("state",))
        for state, count in reading.backlog.jobs.items():
            jobs.add_metric((state,), count)
        yield jobs
        for name, says, value in (
            (
                "qie_budget_used_ratio",
                "Largest share that a job has spent of its budget",
                reading.budget_used,
            ),
            (
                "qie_schedule_overdue_seconds",
                "Largest delay of a scheduled run that did not begin",
                reading.overdue_seconds,
            ),
            (
                "qie_gauges_read_timestamp_seconds",
                "When the figures of the ledger were read",
                reading.read_at,
            ),
        ):
            yield GaugeMetricFamily(name, says, value=value)


def _family(name: str, says: str, values: dict[tuple[str, ...], float], *more: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=("engine", "lane", *more))
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _items(reading: GaugeReading) -> dict[tuple[str, ...], float]:
    """By engine, lane and state; every state of every engine and lane that is known."""
    items: dict[tuple[str, ...], float] = {
        (*_lane(key), state): 0.0 for key in reading.waiting_seconds for state in ItemState
    }
    for group in reading.backlog.groups:
        for state, count in group.counts.items():
            key = (*_lane((group.engine, group.interactive)), state)
            items[key] = items.get(key, 0.0) + count
    return items


def _lane(key: tuple[str, bool]) -> tuple[str, str]:
    engine, interactive = key
    return engine, "interactive" if interactive else "bulk"
