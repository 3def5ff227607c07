"""The embedded default engine: a small fixed vocabulary of edits on the CPU, with Pillow and OpenCV.

The engine edits what `vocabulary.CAPABILITIES` lists, in English and Chinese, several edits in one sentence.
An instruction with any other part is Rejected as a whole, so that no image is edited in part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.model import EngineInfo, EngineLimits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.interfaces import Engine
    from qie_batch.model import EditParams, ImageHeader

#: The revision must change when the same instruction gives other pixels.
INFO = EngineInfo(name="classic", revision="2", limits=EngineLimits(max_images=1), alpha=True)


def info(_options: Mapping[str, object]) -> EngineInfo:
    return INFO


def check(params: EditParams, images: Sequence[ImageHeader]) -> None:
    """Rejected if the instruction cannot be carried out, whatever the image of this size shows."""
    from qie_batch.engines.classic import rules  # noqa: PLC0415 - status and doctor check no row

    own = (images[0].width, images[0].height)
    rules.require_readable(rules.operations_for(params.instruction, own), own, params.size)


def gives_alpha(params: EditParams) -> bool:
    """Whether the instruction makes pixels transparent; False where `check` refuses it."""
    from qie_batch.engines.classic import rules  # noqa: PLC0415 - likewise

    return rules.gives_alpha(params.instruction)


def create(_options: Mapping[str, object]) -> Engine:
    """The engine has no options; all are ignored."""
    from qie_batch.engines.classic.engine import ClassicEngine  # noqa: PLC0415 - submit needs no OpenCV

    return ClassicEngine()
