"""The stand-in engine with several steps, from which the remaining time of an edit is estimated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from standin.engine import INFO, create

from qie_batch.engines.qwen import PRESETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model import EngineInfo

__all__ = ("create", "info")


def info(_options: Mapping[str, Any]) -> EngineInfo:
    return replace(INFO, presets=PRESETS, honours=frozenset({"negative", "steps", "cfg", "seed", "preset"}))
