"""What lives in one worker process: its bench, and how it starts and leaves."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from qie_batch import wiring
from qie_batch.errors import EngineLost, QieError, Unavailable

if TYPE_CHECKING:
    from qie_batch.settings import Settings
    from qie_batch.steps.edit import Bench

log = logging.getLogger(__name__)

#: Exit codes the parent understands: try again later, and never by itself.
RESTART, HOPELESS = 75, 78

#: How long the neighbours of a lost engine have to hand back what they hold.
NEIGHBOURS_SECONDS = 10.0


class WorkerProcess:
    """Filled once the engine is loaded, which is before the first message is taken."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._bench: Bench | None = None

    @property
    def bench(self) -> Bench:
        if self._bench is None:
            raise RuntimeError("a message was taken before the engine was loaded")
        return self._bench

    def load(self, **_signal: Any) -> None:
        """Load and warm the engine; a process that cannot leaves with a sentence."""
        began = time.monotonic()
        try:
            self._bench = wiring.bench(self.settings)
        except QieError as error:
            log.error("%s %s", error.message, error.hint)  # noqa: TRY400 - the sentence is enough
            sys.exit(RESTART if isinstance(error, Unavailable) else HOPELESS)
        log.info(
            "engine %s on %s is ready after %.1f s (%s)",
            self._bench.engine.name,
            self._bench.engine.device,
            time.monotonic() - began,
            wiring.choose_engine(self.settings).reason,
        )

    def leave(self, **_signal: Any) -> None:
        """Told to go (SIGTERM): finish what fits into the grace, hand back the rest."""
        if self._bench:
            self._bench.leases.departure.begin(self.settings.grace_seconds)

    def failed(self, exception: BaseException | None = None, **_signal: Any) -> None:
        """A lost engine takes the process with it, once the neighbours have handed back."""
        if not isinstance(exception, EngineLost):
            return
        leases = self.bench.leases
        leases.departure.begin(0.0)
        deadline = time.monotonic() + NEIGHBOURS_SECONDS
        while leases.held() and time.monotonic() < deadline:
            time.sleep(0.05)
        log.critical("leaving: %s", exception)
        os._exit(RESTART)
