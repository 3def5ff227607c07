"""The loops of `control`: one for dispatch and sweep, which are fast, one each for what may take long."""

from __future__ import annotations

import logging
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.errors import LedgerUnavailable, QieError
from qie_batch.kubernetes import PodApi, protect_busy
from qie_batch.metrics import expose, new_registry
from qie_batch.metrics.control import ControlMetrics
from qie_batch.processes.looks import Every, certificate_look, service_looks
from qie_batch.processes.probes import ControlProbes
from qie_batch.steps.dispatch import dispatch
from qie_batch.steps.gauges import read_gauges
from qie_batch.steps.notify import notify
from qie_batch.steps.openai.batches import enter_batches
from qie_batch.steps.repeats import Repeats
from qie_batch.steps.schedule import run_due, tell_runs
from qie_batch.steps.settle import settle
from qie_batch.steps.sweep import send_lost_again, take_back

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from qie_batch.interfaces import Dispatch
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.settings import Settings

log = logging.getLogger(__name__)

#: Seconds between two looks for a new job, which ends the pause before the next round of dispatch.
POLL_SECONDS = 0.04
#: Seconds between two readings of the figures of the ledger.
GAUGES_SECONDS = 10.0
#: Seconds between two looks for runs of schedules that are done.
SUMMARIES_SECONDS = 10.0
#: Seconds between two looks at which pods are busy.
PODS_SECONDS = 10.0


def run_control(settings: Settings, stop: threading.Event) -> None:
    """Run all steps in rounds until `stop` is set.

    Settling reads images, schedules and batches read manifests and images for hours, webhooks wait for
    servers, housekeeping deletes many objects; each runs in a loop of its own, so that nothing else is
    delayed.
    """
    registry = new_registry()
    metrics, probes = ControlMetrics(registry), ControlProbes()
    expose(registry, settings.metrics_address, probes.by_path)
    ledger, decoders = wiring.ledger(settings), wiring.decoders(settings)
    dispatching = wiring.dispatch_context(settings, ledger)
    settling = wiring.settle_context(settings, ledger, decoders)
    scheduling = replace(wiring.schedule_context(settings, ledger), is_stopping=stop.is_set)
    notifying = replace(wiring.notify_context(settings, ledger), is_stopping=stop.is_set)
    batching = replace(wiring.batch_context(settings, ledger, decoders), is_stopping=stop.is_set)
    outage = LedgerOutage(settings.lease_seconds)
    gauging = wiring.gauges_context(settings, ledger)
    summing_up = wiring.summary_context(settings, ledger)

    housekeeping = wiring.housekeeping(settings, ledger)
    quick = (
        # First, as a new job may have ended the pause.
        metrics.measured("dispatch", lambda: dispatch(dispatching)),
        metrics.measured("sweep", lambda: take_back(ledger.recovery) if outage.is_over else 0),
        metrics.measured("send_again", lambda: send_lost_again(ledger.dispatch, dispatching.queue)),
        probes.round_ended,
    )
    slow: tuple[Callable[[], int], ...] = (
        metrics.measured("settle", lambda: settle(settling)),
        metrics.measured("schedules", lambda: run_due(scheduling)),
        Every(SUMMARIES_SECONDS, metrics.measured("summaries", lambda: tell_runs(summing_up))),
        metrics.measured("webhooks", lambda: notify(notifying)),
        metrics.measured("batches", lambda: enter_batches(batching)),
        metrics.measured("housekeeping", housekeeping.run_if_due),
        Every(GAUGES_SECONDS, lambda: metrics.show(read_gauges(gauging))),
        *service_looks(ledger, wiring.store(settings), dispatching.queue, metrics),
        certificate_look(settings.gateway_url, metrics),
        *_pod_steps(settings, ledger, metrics),
    )
    rounds = (quick, *((step,) for step in slow))
    with decoders, ThreadPoolExecutor(len(rounds)) as pool:
        every = partial(Pause, stop, settings.tick_seconds)
        pauses = (every(NewJobs(ledger.dispatch)), *(every() for _ in slow))
        loops = [
            pool.submit(run_rounds, steps, stop=stop, outage=outage, pause=pause)
            for steps, pause in zip(rounds, pauses, strict=True)
        ]
    for loop in loops:
        loop.result()
    with suppress(LedgerUnavailable):
        ledger.gauges.resign(gauging.holder)


def _pod_steps(settings: Settings, ledger: SqlLedger, metrics: ControlMetrics) -> list[Callable[[], int]]:
    """None but in a cluster of Kubernetes."""
    if not settings.kubernetes:
        return []
    pods = PodApi.of_this_pod(os.environ)
    protect = metrics.measured("pods", lambda: protect_busy(pods, ledger.workers.running()))
    return [Every(PODS_SECONDS, protect)]


class LedgerOutage:
    """When the ledger last failed to answer.

    During an outage no worker can renew its leases. Leases are taken back only after the ledger has answered
    for one lease's length, in which every running worker renews its leases.
    """

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._last = -math.inf

    def record(self) -> None:
        self._last = time.monotonic()

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self._last > self._lease_seconds


class NewJobs:
    """Whether a job was added since the last call."""

    def __init__(self, dispatching: Dispatch) -> None:
        self._dispatching = dispatching
        self._newest = 0.0

    def __call__(self) -> bool:
        before = self._newest
        with suppress(LedgerUnavailable):  # the next round tells
            self._newest = self._dispatching.newest_job()
        return self._newest > before


class Pause:
    """Waits between two rounds, until `stop` is set or `is_over`, which is asked every POLL_SECONDS."""

    def __init__(
        self, stop: threading.Event, seconds: float, is_over: Callable[[], bool] | None = None
    ) -> None:
        self._stop = stop
        self._seconds = seconds
        self._is_over = is_over

    def wait(self) -> None:
        if self._is_over is None:
            self._stop.wait(self._seconds)
            return
        end = time.monotonic() + self._seconds
        while (left := end - time.monotonic()) > 0 and not self._is_over():
            if self._stop.wait(min(POLL_SECONDS, left)):
                return


def run_rounds(
    steps: Sequence[Callable[[], int]], *, stop: threading.Event, outage: LedgerOutage, pause: Pause
) -> None:
    """Run every step once a round until `stop` is set; a step that fails runs again in the next round.

    However the loop ends, `stop` is set, so that the other loops end too.
    """
    repeats = Repeats()
    try:
        while not stop.is_set():
            for step in steps:
                _run_step(step, outage, repeats)
            pause.wait()
    finally:
        stop.set()


def _run_step(step: Callable[[], int], outage: LedgerOutage, repeats: Repeats) -> None:
    try:
        step()
    except QieError as error:
        if isinstance(error, LedgerUnavailable):
            outage.record()
        sentence = " ".join(error.sentences)
        if repeats.is_new(step, sentence):
            log.warning("%s", sentence)
    except Exception as error:
        if repeats.is_new(step, repr(error)):
            log.exception("a step of control failed; the round goes on without it")
    else:
        repeats.end(step)
