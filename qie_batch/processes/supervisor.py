"""Keeps one worker process running for each device; replaces those that end, hang or are killed."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.local.process import ChildProcess
from qie_batch.metrics import SupervisorMetrics, expose, new_registry
from qie_batch.metrics.gpu import register_gpus
from qie_batch.processes.contract import EXIT_MISCONFIGURED, clear_heartbeat, read_heartbeat
from qie_batch.processes.launch import WorkerSpec, celery_worker, worker_name
from qie_batch.processes.numa import cpus_near, nvml, running_on
from qie_batch.processes.probes import ProcessState, WorkerProbes

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from qie_batch.model import EngineInfo
    from qie_batch.processes.launch import Launch
    from qie_batch.settings import Settings

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
#: Beyond `hang_seconds`, so that the process's own watchdog acts first.
HEARTBEAT_MARGIN_SECONDS = 2.0
#: Seconds between two attempts to lock a device that the worker of a killed supervisor still uses.
LOCK_RETRY_SECONDS = 1.0
#: Seconds beyond its grace in which a process closes its connections.
CLOSING_SECONDS = 10.0
_NOT_LOADED = (
    "worker %s has not loaded its engine in %g s and is killed: the stacks in its log show where it stood;"
    " if the weights only load slowly, raise QIE_LOAD_SECONDS"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Seconds to wait before a process that ended is replaced."""

    #: By the number of consecutive early ends; the last value for all further ones.
    waits: tuple[float, ...] = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
    #: A process that ran for less time ended early.
    early_seconds: float = 5.0

    def wait(self, early_ends: int) -> float:
        return self.waits[min(early_ends, len(self.waits) - 1)]


@dataclass(slots=True, kw_only=True)
class _Managed:
    """The worker process of one device, and what its supervisor counts over all processes there."""

    device: str
    index: int
    process: ChildProcess | None = None
    started: float = 0.0
    early_ends: int = 0
    start_at: float = 0.0
    #: The process overwrites it once its engine is loaded.
    heartbeat: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    last_heartbeat: int | None = None
    #: For how many polls the heartbeat has been the same.
    unchanged_polls: int = 0
    #: The supervisor killed the process because its heartbeat stopped.
    is_hung: bool = False


class Supervisor:
    def __init__(
        self,
        settings: Settings,
        engine: EngineInfo,
        devices: list[str],
        *,
        launch: Callable[[Settings, WorkerSpec], Launch] = celery_worker,
        backoff: Backoff = Backoff(),
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._hang_seconds = engine.deadline_seconds or settings.hang_seconds
        self._launch = launch
        self._backoff = backoff
        self._workers = [_Managed(device=device, index=index) for index, device in enumerate(devices or [""])]
        registry = new_registry()
        self._metrics = SupervisorMetrics(registry, self._count_running, len(self._workers))
        register_gpus(registry, devices)
        self._registry = registry
        self._probes = WorkerProbes()
        self._nvml = nvml()

    def run(self, stop: threading.Event) -> int:
        """Keep every process running until `stop` is set, or a process ends with EXIT_MISCONFIGURED."""
        code = 0
        expose(self._registry, self._settings.metrics_address, self._probes.by_path)
        try:
            while not stop.is_set() and not code:
                for managed in self._workers:
                    code = code or self._poll(managed)
                self._probes.polled([self._state(managed) for managed in self._workers])
                stop.wait(POLL_SECONDS)
        finally:
            self._probes.leave()
            self._stop_all()
        return code

    def _count_running(self) -> int:
        return sum(managed.process is not None for managed in self._workers)

    def _state(self, managed: _Managed) -> ProcessState:
        return ProcessState(
            name=managed.process.name if managed.process else f"worker {managed.index}",
            is_warm=managed.process is not None and managed.last_heartbeat is not None,
            stuck_seconds=managed.unchanged_polls * POLL_SECONDS if managed.is_hung else 0.0,
        )

    def _poll(self, managed: _Managed) -> int:
        if managed.process is None:
            if time.monotonic() >= managed.start_at:
                self._start(managed)
            return 0
        code = managed.process.poll()
        if code is None:
            self._check_heartbeat(managed, managed.process)
            return 0
        if code == EXIT_MISCONFIGURED:
            return code
        self._on_exit(managed, managed.process, code)
        return 0

    def _check_heartbeat(self, managed: _Managed, process: ChildProcess) -> None:
        """Kill a process whose heartbeat stopped or never came: a driver that hangs may block all threads.

        Counts polls, not seconds, so that a paused supervisor kills no worker.
        """
        heartbeat = read_heartbeat(managed.heartbeat.fileno())
        unchanged = heartbeat == managed.last_heartbeat
        managed.unchanged_polls = managed.unchanged_polls + 1 if unchanged else 0
        managed.last_heartbeat = heartbeat
        if managed.unchanged_polls * POLL_SECONDS <= self._limit(heartbeat):
            return
        if heartbeat is None:
            log.error(_NOT_LOADED, process.name, self._limit(heartbeat))
        else:
            log.error("worker %s sends no heartbeat and is killed", process.name)
        process.kill()
        managed.unchanged_polls, managed.is_hung = 0, True

    def _limit(self, heartbeat: int | None) -> float:
        """Seconds for which the heartbeat may stay the same; the first comes once the engine is loaded."""
        if heartbeat is None:
            return self._settings.load_seconds
        return self._hang_seconds + HEARTBEAT_MARGIN_SECONDS

    def _start(self, managed: _Managed) -> None:
        lock = lock_device(managed.device)
        if lock is None:
            log.warning("device %s is still in use by a process whose parent died", managed.device)
            managed.start_at = time.monotonic() + LOCK_RETRY_SECONDS
            return
        name, heartbeat = worker_name(managed.device), managed.heartbeat.fileno()
        clear_heartbeat(heartbeat)
        managed.last_heartbeat, managed.unchanged_polls, managed.is_hung = None, 0, False
        spec = WorkerSpec(
            name=name,
            engine=self._engine,
            device=managed.device,
            heartbeat_fd=heartbeat,
            index=managed.index,
        )
        launch = self._launch(self._settings, spec)
        cpus = cpus_near(managed.device, self._nvml)
        try:
            # Started from the main thread, at whose end the kernel sends SIGTERM to the child.
            with running_on(cpus):
                managed.process = process = ChildProcess.start(
                    name, launch.argv, env=launch.environment, log_path=None, inherit=[*lock, heartbeat]
                )
        finally:
            for descriptor in lock:
                os.close(descriptor)
        managed.started = time.monotonic()
        near = f" on the {len(cpus)} CPUs near GPU {managed.device}" if cpus else ""
        log.info("worker %s is process %d%s", name, process.pid, near)

    def _on_exit(self, managed: _Managed, process: ChildProcess, code: int) -> None:
        """Release the items of the process before their leases expire, and schedule its replacement."""
        # A SIGKILL from outside (out of memory, an operator) says nothing about the next process.
        killed = code == -signal.SIGKILL and not managed.is_hung
        early = time.monotonic() - managed.started < self._backoff.early_seconds and not killed
        managed.early_ends = managed.early_ends + 1 if early else 0
        wait = self._backoff.wait(managed.early_ends)
        log.warning("worker %s ended with code %d; the next one starts in %g s", process.name, code, wait)
        self._metrics.restarted("hung" if managed.is_hung else "killed" if killed else "ended")
        self._release(process.name, killed=killed)
        managed.process, managed.start_at = None, time.monotonic() + wait

    def _release(self, name: str, *, killed: bool) -> None:
        try:
            ledger = wiring.ledger(self._settings)
            released = ledger.recovery.release_worker(name, killed=killed)
            ledger.dispose()
        except QieError as error:
            log.warning("the leases of worker %s end when they expire: %s", name, error.message)
        else:
            log.info("worker %s held %d items, which are released", name, released)

    def _stop_all(self) -> None:
        processes = [managed.process for managed in self._workers if managed.process]
        running = [process for process in processes if process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self._settings.grace_seconds + CLOSING_SECONDS
        for process in running:
            if process.wait_or_kill(max(deadline - time.monotonic(), 0.1)) == -signal.SIGKILL:
                self._release(process.name, killed=True)


def lock_device(device: str) -> list[int] | None:
    """Descriptors for the device's process to inherit; none for device "", None while another has the lock.

    A worker whose supervisor was killed may run until the end of its grace, and a device has memory for one
    engine only.
    """
    if not device:
        return []
    # The name of 0.1.0, whose workers may still be leaving when this version starts.
    name = f"qie-batch-{os.getuid()}-card-{device.replace('/', '_')}.lock"
    path = Path(tempfile.gettempdir()) / name
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return [descriptor]
