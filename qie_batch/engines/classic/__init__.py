"""The embedded default engine: a small fixed vocabulary of edits on the CPU, with Pillow and OpenCV.

It knows exactly what `vocabulary.CAPABILITIES` lists, in English and Chinese, several in one sentence.
Whatever else it is asked for is Rejected, whole: a picture is edited as told or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic.engine import ClassicEngine
from qie_batch.engines.classic.vocabulary import CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.interfaces import Engine

__all__ = ["CAPABILITIES", "DIFFUSION", "REVISION", "ClassicEngine", "create"]

#: It knows no presets, steps, CFG or seeds.
DIFFUSION = False
REVISION = ClassicEngine.revision


def create(_options: Mapping[str, object]) -> Engine:
    """It has no options: any are ignored."""
    return ClassicEngine()
