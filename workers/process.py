"""The state of one worker process: its context, loaded, watched and shut down by Celery's signals."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import time
from contextlib import nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any

from qie_batch import tracing, wiring
from qie_batch.errors import EngineLost, QieError, Unavailable, UsageError
from qie_batch.metrics import expose, new_registry
from qie_batch.model import LiveWorker
from qie_batch.processes.contract import (
    EXIT_MISCONFIGURED,
    EXIT_RESTART,
    HEARTBEAT_SECONDS,
    write_heartbeat,
)
from qie_batch.redaction import redact
from qie_batch.steps.edit import charge_crash, edit
from qie_batch.wiring.start import StartClock
from workers.consumer import CHECK_SECONDS, ConsumerWatch
from workers.interactive import InteractiveThreads
from workers.started import tell_start

if TYPE_CHECKING:
    from qie_batch.settings import Settings
    from qie_batch.steps.edit import EditContext, HeldLease

log = logging.getLogger(__name__)

#: Seconds in which the other edits of this process release their items after the engine is lost.
HAND_BACK_SECONDS = 10.0
#: Seconds in which a hung process writes to the ledger before it exits.
EXIT_SECONDS = 4.0
#: Share of `load_seconds` after which a load writes where it stands; the supervisor kills it later.
STACKS_AFTER = 0.8


class WorkerProcess:
    """Celery connects each `on_` method to the signal of that name."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._context: EditContext | None = None
        self._ready_at = 0.0
        self._interactive: InteractiveThreads | None = None
        self._consumer: ConsumerWatch | None = None

    @property
    def context(self) -> EditContext:
        """Set before the first message is taken."""
        if self._context is None:
            raise RuntimeError("a message was taken before the engine was loaded")
        return self._context

    @property
    def description(self) -> LiveWorker:
        worker = self.context.worker
        return LiveWorker(
            name=worker.name,
            engine=worker.engine,
            device=worker.device,
            seconds=time.monotonic() - self._ready_at,
        )

    def on_logger_setup(self, logger: logging.Logger, **_signal: Any) -> None:
        redact(self.settings.secrets, self.settings.addresses, logger=logger)
        logging.getLogger("stamina").setLevel(logging.ERROR)  # would log each retry of a write

    def on_init(self, **_signal: Any) -> None:
        """Load and warm the engine; exit with one sentence if that fails."""
        clock = StartClock()
        clock.end("python")
        registry = new_registry()
        tracing.start("qie-worker")
        # Before the engine is loaded, which takes minutes: the process is seen from its start.
        expose(registry, self.settings.metrics_address)
        # From a thread without Python, since a driver that hangs may hold Python's lock. It reads frames that
        # may change meanwhile: a load that still goes on then may crash, shortly before it would be killed.
        faulthandler.dump_traceback_later(STACKS_AFTER * self.settings.load_seconds, repeat=True, file=2)
        try:
            self._context = context = wiring.edit_context(self.settings, registry, clock)
        except QieError as error:
            log.error("%s", " ".join(error.sentences))  # noqa: TRY400 - the sentences are enough
            sys.exit(EXIT_MISCONFIGURED if isinstance(error, UsageError) else EXIT_RESTART)
        except Exception:
            # Celery would go on without an engine and fail every message.
            log.exception("the engine cannot be loaded")
            sys.exit(EXIT_RESTART)
        finally:
            faulthandler.cancel_dump_traceback_later()
        self._ready_at = time.monotonic()
        queue = wiring.queue(self.settings)
        if self.settings.lanes != "bulk":
            self._interactive = InteractiveThreads(queue, self)
            self._interactive.start(context.engine.info.concurrency)
        if self.settings.lanes != "interactive":
            self._consumer = ConsumerWatch(queue, context.worker.engine, self.settings.hang_seconds)
            threading.Thread(target=self._watch_consumer, args=(self._consumer,), daemon=True).start()
        threading.Thread(target=self._run_watchdog, args=(context,), name="watchdog", daemon=True).start()
        clock.end("ready")
        tell_start(context.worker, clock.start, self.settings, registry)

    def edit(self, item_id: str) -> None:
        """Run the edit of a message."""
        with self._consumer.taking() if self._consumer else nullcontext():
            edit(item_id, self.context)

    def on_shutting_down(self, **_signal: Any) -> None:
        """On SIGTERM, edits that can end within the grace end, the others release their items."""
        if self._context:
            self._context.leases.shutdown.begin(self.settings.grace_seconds)

    def on_shutdown(self, **_signal: Any) -> None:
        """Celery has waited for its own edits."""
        if self._interactive:
            self._interactive.join()

    def on_task_failure(self, exception: BaseException | None = None, **_signal: Any) -> None:
        if isinstance(exception, EngineLost):
            self.leave(exception)

    def leave(self, error: EngineLost) -> None:
        """The engine is lost: exit, once the other edits have released their items."""
        self._leave(str(error), grace_seconds=0.0)

    def _leave(self, reason: str, grace_seconds: float) -> None:
        """Exit, once the edits that fit into the grace have ended and the others released their items."""
        leases = self.context.leases
        leases.shutdown.begin(grace_seconds)
        deadline = time.monotonic() + grace_seconds + HAND_BACK_SECONDS
        while leases.held() and time.monotonic() < deadline:
            time.sleep(0.05)
        log.critical("leaving: %s", reason)
        tracing.finish()
        os._exit(EXIT_RESTART)

    def _watch_consumer(self, consumer: ConsumerWatch) -> None:
        """Exit once Celery's consumer is silent, unless this process leaves already."""
        while not consumer.is_silent():
            time.sleep(CHECK_SECONDS)
        if not self.context.leases.shutdown.begun:
            self._leave(
                f"messages wait in the broker; none came here for {self.settings.hang_seconds:g} s",
                self.settings.grace_seconds,
            )

    def _run_watchdog(self, context: EditContext) -> None:
        """Send heartbeats; exit when an edit hangs, since a thread in the engine cannot be stopped."""
        for heartbeat in count(1):
            if self.settings.heartbeat_fd is not None:
                write_heartbeat(self.settings.heartbeat_fd, heartbeat)
            time.sleep(HEARTBEAT_SECONDS)
            for lease in context.leases.held():
                if lease.stalled_seconds > context.hang_seconds:
                    self._exit_hung(lease, context)

    def _exit_hung(self, hung: HeldLease, context: EditContext) -> None:
        """Charge a crash to the hung edit, release the other items, exit."""
        context.leases.shutdown.begin(0.0)
        # Bounded, since the ledger may hang as well.
        threading.Timer(EXIT_SECONDS, os._exit, (EXIT_RESTART,)).start()
        step = f"its step {hung.last_step} stood still for {hung.stalled_seconds:.0f} s"
        try:
            charge_crash(hung, EngineLost(step, code="hung"), context)
            for other in context.leases.held():
                if other is not hung:
                    context.attempts.release(other.attempt, other.usage)
        except Unavailable as error:
            log.warning("the leases of this process end when they expire: %s", error.message)
        finally:
            log.critical("leaving: item %s hangs, %s", hung.attempt.item_id, step)
            tracing.finish()
            os._exit(EXIT_RESTART)
