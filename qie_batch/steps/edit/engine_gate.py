"""Waits for an engine without a server, so that an outage delays items and charges no errors to them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qie_batch.interfaces import ServedEngine

if TYPE_CHECKING:
    from qie_batch.interfaces import Engine
    from qie_batch.steps.edit.shutdown import Shutdown

#: Seconds between two questions.
_POLL_SECONDS = 0.5


def wait_for_engine(engine: Engine, shutdown: Shutdown) -> bool:
    """Return True once the engine can begin an edit, False once this process has to exit."""
    if isinstance(engine, ServedEngine):
        while not engine.ready(lambda: shutdown.begun):
            if shutdown.begun:
                return False
            time.sleep(_POLL_SECONDS)
    return not shutdown.begun
