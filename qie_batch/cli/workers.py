"""The parent of the worker processes: one for each card, replaced when it dies."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from qie_batch import wiring
from qie_batch.cli.processes import child_environment, worker_name
from qie_batch.errors import QieError
from qie_batch.local.process import Child
from qie_batch.queues.celery import queue_name

if TYPE_CHECKING:
    import threading

    from qie_batch.settings import Settings

log = logging.getLogger(__name__)

#: The exit code of a process that no restart helps (its settings or weights are wrong).
HOPELESS = 78
#: Waits between restarts of a process that dies young, in seconds; one that lived longer starts anew.
BACKOFF = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
YOUNG_SECONDS = 5.0
LOOK_SECONDS = 0.2
#: What its own watchdog gets, beyond the time for a hanging step, before this one takes over.
LATE_SECONDS = 2.0
PULSE_BYTES = 8
#: Between two looks whether the card of a dead parent's process is free.
LEAVING_SECONDS = 1.0
#: What a process may take beyond its grace to close its connections.
CLOSING_SECONDS = 10.0


@dataclass(slots=True)
class _Slot:
    card: str
    process: Child | None = None
    name: str = ""
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0
    #: Its watchdog writes there all the time once the engine is loaded.
    pulse: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    last_pulse: bytes = b""
    #: For how many looks the pulse has stood still.
    still: int = 0
    is_stuck: bool = False


class Workers:
    def __init__(self, settings: Settings, engine: str, cards: list[str]) -> None:
        self._settings = settings
        self._engine = engine
        self._slots = [_Slot(card) for card in cards or [""]]

    def run(self, stop: threading.Event) -> int:
        """Keep every process alive until told to stop; the exit code is that of one that cannot live."""
        code = 0
        try:
            while not stop.is_set() and not code:
                for slot in self._slots:
                    code = code or self._look(slot)
                stop.wait(LOOK_SECONDS)
        finally:
            self._stop_all()
        return code

    def _look(self, slot: _Slot) -> int:
        if slot.process is None:
            if time.monotonic() >= slot.start_at:
                self._start(slot)
            return 0
        code = slot.process.poll()
        if code is None:
            self._feel(slot, slot.process)
            return 0
        if code == HOPELESS:
            return code
        self._bury(slot, code)
        return 0

    def _feel(self, slot: _Slot, process: Child) -> None:
        """Kill a process that is too stuck to leave by itself: a driver that hangs may hold all its threads.

        Looks are counted, not seconds: while this very process is frozen it accuses nobody.
        """
        pulse = os.pread(slot.pulse.fileno(), PULSE_BYTES, 0)
        slot.still = slot.still + 1 if pulse and pulse == slot.last_pulse else 0
        slot.last_pulse = pulse
        if slot.still * LOOK_SECONDS > self._settings.hang_seconds + LATE_SECONDS:
            log.error("worker %s shows no sign of life and is killed", slot.name)
            os.killpg(process.pid, signal.SIGKILL)  # its session is its own: no one else is in the group
            slot.still, slot.is_stuck = 0, True

    def _start(self, slot: _Slot) -> None:
        lock = _lock(slot.card)
        if lock is None:
            log.warning("card %s is still in use by a process whose parent died", slot.card)
            slot.start_at = time.monotonic() + LEAVING_SECONDS
            return
        slot.name = worker_name(slot.card)
        environment = {
            **child_environment(self._settings),
            "QIE_WORKER_NAME": slot.name,
            "QIE_ENGINE": self._engine,
        }
        if slot.card:
            environment["CUDA_VISIBLE_DEVICES"] = slot.card
        pulse = slot.pulse.fileno()
        os.ftruncate(pulse, 0)
        slot.still, slot.is_stuck = 0, False
        environment["QIE_PULSE"] = str(pulse)
        try:
            # A child of this very thread: it gets SIGTERM should this parent die.
            slot.process = Child.start(
                slot.name, self._command(slot.name), env=environment, log_path=None, inherit=[*lock, pulse]
            )
        finally:
            for descriptor in lock:
                os.close(descriptor)
        slot.started = time.monotonic()
        log.info("worker %s is process %d", slot.name, slot.process.pid)

    def _command(self, name: str) -> list[str]:
        """Celery's threads pool: its slots overlap transfers with the edit, and CUDA never forks."""
        return [
            *(sys.executable, "-m", "celery", "--app", "workers.app", "worker"),
            *("--pool", "threads", "--concurrency", str(self._settings.concurrency)),
            *("--queues", queue_name(self._engine), "--hostname", name),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle", "--task-events"),
        ]

    def _bury(self, slot: _Slot, code: int) -> None:
        """Its leases end now instead of in half a minute, and another one takes its place."""
        # From outside: it says nothing about the next one.
        killed = code == -signal.SIGKILL and not slot.is_stuck
        young = time.monotonic() - slot.started < YOUNG_SECONDS and not killed
        slot.deaths = slot.deaths + 1 if young else 0
        wait = BACKOFF[min(slot.deaths, len(BACKOFF) - 1)]
        log.warning("worker %s ended with code %d; the next one starts in %g s", slot.name, code, wait)
        self._abandon(slot.name, killed=killed)
        slot.process, slot.start_at = None, time.monotonic() + wait

    def _abandon(self, name: str, *, killed: bool) -> None:
        try:
            ledger = wiring.ledger(self._settings)
            held = ledger.release_worker(name, killed=killed)
            ledger.dispose()
        except QieError as error:
            log.warning("its leases run out by themselves: %s", error.message)
        else:
            log.info("it held %d items", held)

    def _stop_all(self) -> None:
        running = [slot.process for slot in self._slots if slot.process and slot.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self._settings.grace_seconds + CLOSING_SECONDS
        for process in running:
            if process.wait_or_kill(max(deadline - time.monotonic(), 0.1)) == -signal.SIGKILL:
                self._abandon(process.name, killed=True)


def _lock(card: str) -> list[int] | None:
    """The card's lock, for its process to keep as long as it lives; None while another one has it.

    One whose parent was killed takes its grace to leave, and a card has no room for two.
    """
    if not card:
        return []
    name = f"qie-batch-{os.getuid()}-card-{card.replace('/', '_')}.lock"
    path = Path(tempfile.gettempdir()) / name
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return [descriptor]
