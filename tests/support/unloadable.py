"""An engine that does not load, for the reason that its options name."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NoReturn

from qie_batch.errors import EngineLost, StoreUnavailable, UsageError
from qie_batch.model import EngineInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS = {
    "bug": RuntimeError("CUDA error: unknown error"),
    "card": EngineLost("the card fell off the bus"),
    "away": StoreUnavailable("the weights are away"),
    "weights": UsageError("there are no weights"),
}


def info(_options: Mapping[str, Any]) -> EngineInfo:
    return EngineInfo(name="tests.support.unloadable", revision="1")


def create(options: Mapping[str, Any]) -> NoReturn:
    if options["reason"] == "hangs":
        ctypes.PyDLL(None).pause()  # with Python's lock, as a driver may
    raise REASONS[options["reason"]]
