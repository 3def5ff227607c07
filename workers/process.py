"""What lives in one worker process: its context, and how it starts, is watched, and leaves."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from qie_batch import wiring
from qie_batch.cli.workers import HOPELESS, PULSE_BYTES
from qie_batch.errors import EngineLost, QieError, Unavailable, UsageError
from qie_batch.redaction import redact
from qie_batch.steps.edit import charge_crash

if TYPE_CHECKING:
    from qie_batch.leases import HeldLease
    from qie_batch.settings import Settings
    from qie_batch.steps.edit import EditContext

log = logging.getLogger(__name__)

#: Exit code for the parent: start another one. `HOPELESS` is the other it knows.
RESTART = 75

#: How long the neighbours of a lost engine have to hand back what they hold.
NEIGHBOURS_SECONDS = 10.0
WATCH_SECONDS = 0.5
#: What a hung process has to tell the ledger what it leaves.
LAST_WORDS_SECONDS = 4.0


class WorkerProcess:
    """Filled once the engine is loaded, which is before the first message is taken."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._bench: EditContext | None = None

    @property
    def context(self) -> EditContext:
        if self._bench is None:
            raise RuntimeError("a message was taken before the engine was loaded")
        return self._bench

    def hide_secrets(self, logger: logging.Logger, **_signal: Any) -> None:
        redact(self.settings.secrets, self.settings.addresses, logger=logger)

    def load(self, **_signal: Any) -> None:
        """Load and warm the engine; a process that cannot leaves with a sentence."""
        began = time.monotonic()
        try:
            self._bench = context = wiring.context(self.settings)
        except QieError as error:
            log.error("%s", " ".join(error.sentences))  # noqa: TRY400 - the sentences are enough
            sys.exit(HOPELESS if isinstance(error, UsageError) else RESTART)
        except Exception:
            # Celery would go on without an engine, and eat every message.
            log.exception("the engine cannot be loaded")
            sys.exit(RESTART)
        threading.Thread(target=self._watch, args=(context,), name="watchdog", daemon=True).start()
        engine, seconds = context.engine, time.monotonic() - began
        log.info("engine %s on %s is ready after %.1f s", engine.name, engine.device, seconds)

    def leave(self, **_signal: Any) -> None:
        """Told to go (SIGTERM): finish what fits into the grace, hand back the rest."""
        if self._bench:
            self._bench.leases.shutdown.begin(self.settings.grace_seconds)

    def failed(self, exception: BaseException | None = None, **_signal: Any) -> None:
        """A lost engine takes the process with it, once the neighbours have handed back."""
        if not isinstance(exception, EngineLost):
            return
        leases = self.context.leases
        leases.shutdown.begin(0.0)
        deadline = time.monotonic() + NEIGHBOURS_SECONDS
        while leases.held() and time.monotonic() < deadline:
            time.sleep(0.05)
        log.critical("leaving: %s", exception)
        os._exit(RESTART)

    def _watch(self, context: EditContext) -> None:
        """A thread that hangs in the engine cannot be stopped: leave the process with it."""
        for pulse in count(1):
            if self.settings.pulse is not None:
                os.pwrite(self.settings.pulse, pulse.to_bytes(PULSE_BYTES, "little"), 0)
            time.sleep(WATCH_SECONDS)
            for hold in context.leases.held():
                if hold.stalled_seconds > self.settings.hang_seconds:
                    self._leave_hung(hold, context)

    def _leave_hung(self, hung: HeldLease, context: EditContext) -> None:
        context.leases.shutdown.begin(0.0)
        # The ledger may hang too.
        threading.Timer(LAST_WORDS_SECONDS, os._exit, (RESTART,)).start()
        step = f"its step {hung.last_step} stood still for {hung.stalled_seconds:.0f} s"
        try:
            charge_crash(hung, EngineLost(step, code="hung"), context)
            for neighbour in context.leases.held():
                if neighbour is not hung:
                    context.ledger.release(neighbour.attempt, neighbour.seconds)
        except Unavailable as error:
            log.warning("the leases run out by themselves: %s", error.message)
        finally:
            log.critical("leaving: item %s hangs, %s", hung.attempt.item_id, step)
            os._exit(RESTART)
