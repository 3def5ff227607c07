from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from qie_batch.engines.qwen.options import QwenOptions

#: In the order in which an edit uses them.
PARTS = ("vision_tower", "language_model", "vae_encoder", "transformer", "vae_decoder")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    options: QwenOptions
    folder: Path
    parts: tuple[str, ...] = PARTS
    #: onnxruntime's CPU has no bfloat16: such files are written and not compared.
    dtype: Literal["float32", "bfloat16"] = "float32"
    #: Run each file, and a whole edit, beside torch.
    check: bool = True
    #: Told each thing that is done, in a sentence.
    progress: Callable[[str], None] = lambda _sentence: None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReport:
    name: str
    file: str
    nodes: int
    #: Of the file and its external data.
    size: int
    sha256: str
    #: Symbolic dimensions by input, as "1, image, 64".
    inputs: Mapping[str, str]
    #: Largest difference from torch over all shapes tried, and largest value; None where not compared.
    max_abs: float | None = None
    magnitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    parts: tuple[PartReport, ...]
    #: Largest difference of a pixel, of 255, of an edit with transformer and VAE in onnxruntime.
    whole_edit: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
