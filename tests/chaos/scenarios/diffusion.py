"""The stand-in as an engine that knows steps: then the time that is left of an edit can be told."""

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
