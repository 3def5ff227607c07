"""The processes of a cluster, each a thin launch of Celery, or of the steps, with the right settings."""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.errors import LedgerUnavailable, QieError, UsageError
from qie_batch.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from qie_batch.cli import App
    from qie_batch.settings import Settings

log = logging.getLogger(__name__)


@click.command()
@click.pass_obj
def worker(app: App) -> None:
    """Run one worker process for each visible GPU (one alone without), and replace those that die."""
    from qie_batch.cli.workers import Workers

    settings = app.settings
    choice = wiring.choose_engine(settings)
    wiring.celery(settings)  # without any settings, say so rather than start processes that cannot live
    _log_to_stderr(settings)
    log.info("engine %s: %s", choice.name, choice.reason)
    cards = wiring.visible_devices() if choice.name != "classic" else []
    workers = Workers(settings, choice.name, cards)
    stop = told_to_stop()
    sys.exit(workers.run(stop))


@click.command()
@click.pass_obj
def control(app: App) -> None:
    """Run dispatch, settle, sweep and schedules until told to stop; any number of these may run."""
    from qie_batch.cli.orders import submit_scheduled
    from qie_batch.steps.dispatch import dispatch
    from qie_batch.steps.schedule import run_due
    from qie_batch.steps.settle import settle
    from qie_batch.steps.sweep import send_lost_again, take_back

    settings = app.settings
    _log_to_stderr(settings)
    ledger, store, queue = wiring.ledger(settings), wiring.store(settings), wiring.queue(settings)
    pictures, prices = wiring.opener(settings), wiring.expected_prices(settings)
    stop = told_to_stop()
    # Settling reads pictures and schedules read catalogs: beside the quick steps, so that no GPU waits.
    # While the ledger was away no worker could renew its lease: let all of them, before any is taken back.
    outage = Outage(settings.lease_seconds)
    slow = (
        lambda: settle(ledger, store, pictures),
        lambda: run_due(ledger, lambda entry, job_id: submit_scheduled(entry, job_id, settings)),
    )
    quick = (
        lambda: take_back(ledger) if outage.over else 0,
        lambda: send_lost_again(ledger, queue),
        lambda: dispatch(ledger, queue, window=settings.window, hour_micros=prices),
    )
    with pictures, ThreadPoolExecutor(2) as loops:
        running = [
            loops.submit(_rounds, stop, outage, settings.tick_seconds, *steps) for steps in (quick, slow)
        ]
    for loop in running:
        loop.result()


class Outage:
    """Remembers when the ledger was last away."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._last = -math.inf

    def note(self) -> None:
        self._last = time.monotonic()

    @property
    def over(self) -> bool:
        """A whole lease has passed since then."""
        return time.monotonic() - self._last > self._lease_seconds


def _rounds(stop: threading.Event, outage: Outage, seconds: float, *steps: Callable[[], int]) -> None:
    """Every step once a round; one that fails holds up no other and has its next try in the next round."""
    try:
        while not stop.is_set():
            for step in steps:
                try:
                    step()
                except QieError as error:
                    if isinstance(error, LedgerUnavailable):
                        outage.note()
                    log.warning("%s", " ".join(error.sentences))
                except Exception:
                    log.exception("a round of control goes on without this step")
            stop.wait(seconds)
    finally:
        stop.set()


@click.command()
@click.pass_obj
def flower(app: App) -> None:
    """Run Flower behind a login. Its /metrics and /healthcheck stay open even so: keep it inside."""
    settings = app.settings
    if settings.flower_password is None:
        raise UsageError(
            "Flower does not run without a login", hint="set QIE_FLOWER_PASSWORD (and QIE_FLOWER_USER)"
        )
    settings.dir.mkdir(parents=True, exist_ok=True)
    # The login goes by the environment: a command line is there for everybody to read.
    login = f"{settings.flower_user}:{settings.flower_password.get_secret_value()}"
    environment = {**child_environment(settings), "FLOWER_BASIC_AUTH": login, "FLOWER_PERSISTENT": "True"}
    arguments = [
        *(sys.executable, "-m", "celery", "--app", "workers.app", "flower"),
        f"--address={settings.flower_address}",
        f"--port={settings.flower_port}",
        f"--db={settings.dir / 'flower'}",
        "--state_save_interval=5000",
        "--max_tasks=100000",
    ]
    os.execve(sys.executable, arguments, environment)  # noqa: S606 - no shell, and the signals are Flower's own


def child_environment(settings: Settings) -> dict[str, str]:
    """What a Celery process of ours needs to find the same settings."""
    return {**os.environ, "QIE_DIR": str(settings.dir.absolute()), "PYTHONUNBUFFERED": "1"}


def worker_name(card: str) -> str:
    """A name that no other process ever had: the ledger may be told that its bearer is dead."""
    return f"{os.uname().nodename}-{card or 'cpu'}-{uuid.uuid4().hex[:8]}"


def told_to_stop() -> threading.Event:
    """Set by SIGTERM and Ctrl-C."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def _log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    redact(settings.secrets, settings.addresses)
