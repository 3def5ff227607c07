"""The embedded default engine: a small fixed vocabulary of edits on the CPU, with Pillow and OpenCV.

The engine edits what `vocabulary.CAPABILITIES` lists, in English and Chinese, several edits in one sentence.
An instruction with any other part is Rejected as a whole, so that no image is edited in part.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qie_batch.engines.classic.rewriting.glossary import revision as glossary_revision
from qie_batch.model import EngineInfo, EngineLimits
from qie_batch.vision.segmentation.models import HOW_TO_GET, SegmentationModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.interfaces import Engine
    from qie_batch.model import EditParams, ImageHeader

#: The revision must change when the same instruction gives other pixels.
INFO = EngineInfo(
    name="classic", revision="3", limits=EngineLimits(max_images=1), alpha=True, generative=False
)

#: Settings that become options of this engine.
OPTIONS = ("cutout_model", "cutout_sha256", "glossary")


def info(options: Mapping[str, Any]) -> EngineInfo:
    """The revision names the cut-out model by its pin and the glossary by its content.

    Submit needs the glossary's file, and not that of the model.
    """
    model, glossary = _cutout_model(options), _glossary(options)
    parts = [INFO.revision]
    parts += [model.revision] if model else []
    parts += [glossary_revision(glossary)] if glossary else []
    return replace(INFO, revision="+".join(parts))


def check(params: EditParams, images: Sequence[ImageHeader]) -> None:
    """Rejected if the instruction cannot be carried out, whatever the image of this size shows."""
    from qie_batch.engines.classic import rules  # noqa: PLC0415 - status and doctor check no row

    own = (images[0].width, images[0].height)
    rules.operations_for(params.instruction, own, params.size)


def gives_alpha(params: EditParams) -> bool:
    """Whether the instruction makes pixels transparent; False where `check` refuses it."""
    from qie_batch.engines.classic import rules  # noqa: PLC0415 - likewise

    return rules.gives_alpha(params.instruction)


def create(options: Mapping[str, Any]) -> Engine:
    """Misconfigured for a cut-out model that cannot be loaded or is not the pinned file."""
    from qie_batch.engines.classic.engine import ClassicEngine, cutter_of, text_tools  # noqa: PLC0415 - submit needs no OpenCV

    return ClassicEngine(
        info=info(options), cut=cutter_of(_cutout_model(options)), texts=text_tools(_glossary(options))
    )


def cutout(options: Mapping[str, Any]) -> str:
    """Which cut-out is in use, for people; Misconfigured for a model that would be refused."""
    model = _cutout_model(options)
    if model is None:
        return (
            f"built-in. U2-Net (176 MB, MIT, weights Apache-2.0) would find more products: {HOW_TO_GET};"
            " pip install qie-batch[cutout]; QIE_CUTOUT_MODEL=/path/to/u2net.onnx"
        )
    if not model.path.expanduser().exists():
        return f"{model.revision}; {model.path} is not on this machine, and only a classic worker needs it"
    model.pinned_file()
    missing = (
        "" if find_spec("onnxruntime") else "; a classic worker needs qie-batch[cutout], which is not here"
    )
    return f"built-in and {model.revision}: {model.path} is the pinned file{missing}"


def _cutout_model(options: Mapping[str, Any]) -> SegmentationModel | None:
    path = options.get("cutout_model")
    return SegmentationModel.of(Path(path), str(options.get("cutout_sha256", ""))) if path else None


def _glossary(options: Mapping[str, Any]) -> Path | None:
    path = options.get("glossary")
    return Path(path) if path else None
