"""The embedded default engine: a small fixed vocabulary of edits on the CPU, with Pillow and OpenCV.

It knows exactly what `vocabulary.CAPABILITIES` lists, in English and Chinese, several in one sentence.
Whatever else it is asked for is Rejected, whole: a picture is edited as told or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.interfaces import Engine

#: It knows no presets, steps, CFG or seeds.
DIFFUSION = False
#: Raise it when the same instruction gives other pixels.
REVISION = "1"


def create(_options: Mapping[str, object]) -> Engine:
    """It has no options: any are ignored."""
    from qie_batch.engines.classic.engine import ClassicEngine  # noqa: PLC0415 - submit needs no OpenCV

    return ClassicEngine()
