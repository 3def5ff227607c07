"""Runs a segmentation model on the CPU with onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from qie_batch.errors import Misconfigured
from qie_batch.vision.arrays import Floats, Pixels

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from qie_batch.vision.segmentation.models import Network, SegmentationModel

#: RGB pixels -> how sure the model is of product, 0 to 1, in a square copy of the whole image.
Segmenter: TypeAlias = Callable[[Pixels], Floats]

#: More threads than this would take the cores of other edits and of the decoder processes.
_MOST_THREADS = 2


class OnnxSegmenter:
    """A loaded model. Calls from several threads are allowed."""

    def __init__(self, session: InferenceSession, network: Network) -> None:
        self._session = session
        self._network = network
        self._input = session.get_inputs()[0].name
        self._output = session.get_outputs()[0].name

    def __call__(self, pixels: Pixels) -> Floats:
        tensor = _tensor(pixels, self._network)
        found = self._session.run([self._output], {self._input: tensor})[0][0, 0]
        # Not stretched to 0 to 1: an image without a product would get one.
        share = 1 / (1 + np.exp(-found)) if self._network.logits else np.clip(found, 0, 1)
        mask: Floats = share.astype(np.float32)
        return mask


def load_segmenter(model: SegmentationModel) -> OnnxSegmenter:
    """The model, loaded from the pinned file; Misconfigured without onnxruntime or for another file."""
    if find_spec("onnxruntime") is None:
        raise Misconfigured(
            "QIE_CUTOUT_MODEL needs onnxruntime, which is not installed",
            hint="install qie-batch[cutout], or unset QIE_CUTOUT_MODEL",
        )
    import onnxruntime  # noqa: PLC0415 - part of [cutout] only

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    # Threads that wait without sleeping would take the cores of other edits.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Between edits the arena would keep 600 MB, and a model given as bytes a second copy of its weights.
    options.enable_cpu_mem_arena = False
    path = str(model.pinned_file())
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common class
        problem = str(error).splitlines()[0]
        raise Misconfigured(f"the model {model.path} cannot be loaded: {problem}") from error
    segmenter = OnnxSegmenter(session, model.network)
    _require_form(session, model)
    return segmenter


def _require_form(session: InferenceSession, model: SegmentationModel) -> None:
    """Misconfigured if the model does not take what models of its name take."""
    wanted, found = [1, 3, model.network.side, model.network.side], session.get_inputs()[0].shape
    fits = len(found) == len(wanted) and all(
        not isinstance(size, int) or size == want for size, want in zip(found, wanted, strict=True)
    )
    if not fits:
        raise Misconfigured(
            f"the model {model.path} takes {found}, and a model of that name takes {wanted}",
            hint="give the file the name of the model that it is",
        )


def _tensor(pixels: Pixels, network: Network) -> Floats:
    """(1, 3, side, side); the brightest value of the image counts as 1, as in rembg."""
    side = network.side
    shrinks = min(pixels.shape[:2]) >= side
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    light = small.astype(np.float32) / max(int(small.max()), 1)
    normal = (light - np.array(network.mean, np.float32)) / np.array(network.deviation, np.float32)
    tensor: Floats = np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32)
    return tensor
