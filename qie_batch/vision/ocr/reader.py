"""Runs the OCR models that the package rapidocr carries; nothing is downloaded."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from qie_batch.errors import Misconfigured
from qie_batch.vision.ocr.lines import TextLine

if TYPE_CHECKING:
    from rapidocr import RapidOCR

    from qie_batch.vision.arrays import Floats, Pixels

#: The sentence where the extra is missing.
MISSING = "reading text in an image needs rapidocr and onnxruntime, which are not installed"
HOW_TO_GET = "install qie-batch[text]"
#: Files in the folder `models` of rapidocr 3.10: detector, recogniser.
_MODELS = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")
#: A second thread would wait without sleeping: it nearly doubles the CPU time.
_THREADS = 1
#: Pixels of the longer side of the copy that is read.
_LONGEST_SIDE = 1600
#: How sure the model must be of a line, and of a lone letter, which it sees in many a round thing.
_LEAST_SCORE, _LONE_SCORE = 0.7, 0.95


def installed() -> bool:
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


class OnnxReader:
    """A `Reader` whose models are loaded at the first image. Calls of several threads follow each other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._models: RapidOCR | None = None
        #: The last image and its lines: an edit reads what the one before has read at its end.
        self._last: tuple[ref[Pixels], list[TextLine]] | None = None

    def __call__(self, pixels: Pixels) -> list[TextLine]:
        """Misconfigured where the extra is not installed."""
        with self._lock:
            if self._last is None or self._last[0]() is not pixels:
                self._last = (ref(pixels), self._read(pixels))
            return list(self._last[1])

    def _read(self, pixels: Pixels) -> list[TextLine]:
        if self._models is None:
            self._models = _load()
        found = self._models(np.ascontiguousarray(pixels[..., ::-1]))
        if found.txts is None or found.boxes is None:
            return []
        spans = found.word_results or ()
        lines = [
            _line(text, box, float(score), spans[at] if at < len(spans) else None)
            for at, (text, box, score) in enumerate(zip(found.txts, found.boxes, found.scores, strict=True))
        ]
        return [line for line in lines if len(line.text) > 1 or line.score >= _LONE_SCORE]


@lru_cache(maxsize=1)
def shared_reader() -> OnnxReader:
    """One reader a process, so that the models are in memory once."""
    return OnnxReader()


def _load() -> RapidOCR:
    if not installed():
        raise Misconfigured(MISSING, hint=HOW_TO_GET)
    import rapidocr  # noqa: PLC0415 - part of [text] only

    folder = Path(rapidocr.__file__).parent / "models"
    files = [folder / name for name in _MODELS]
    absent = [file.name for file in files if not file.is_file()]
    if absent:
        # Without this, the package would fetch them from the network.
        raise Misconfigured(
            f"the installed rapidocr does not carry {' and '.join(absent)}",
            hint="install the version of constraints.txt: pip install --constraint constraints.txt rapidocr",
        )
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.max_side_len": _LONGEST_SIDE,
            "Global.text_score": _LEAST_SCORE,
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.return_single_char_box": True,
            "Det.model_path": str(files[0]),
            "Rec.model_path": str(files[1]),
            "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _line(text: str, box: Floats, score: float, words: Any) -> TextLine:
    corners = np.asarray(box, np.float32)
    first, second, third, fourth = ((float(x), float(y)) for x, y in corners)
    return TextLine(
        text=text.strip(),
        polygon=(first, second, third, fourth),
        score=score,
        spans=tuple(_spans(corners, words or ())),
    )


def _spans(corners: Floats, words: Any) -> list[tuple[str, float, float]]:
    """The characters with their places along the upper side of the line."""
    side = corners[1] - corners[0]
    along = side / max(float(np.hypot(*side)), 1e-6)
    found = []
    for letter, _, box in words:
        places = (np.asarray(box, np.float32) - corners[0]) @ along
        found.append((str(letter), float(places.min()), float(places.max())))
    return found
