"""Weights on disk -> a pipeline that gives the published model's images.

Works around two defects of the pinned versions, each in one function, to be removed once fixed upstream.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from accelerate import init_empty_weights
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
)
from torch import nn
from transformers import (
    ProcessorMixin,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLImageProcessorPil,
    Qwen2VLProcessor,
)

from qie_batch.engines.qwen.clock import PhaseClock
from qie_batch.engines.qwen.loras import Loras
from qie_batch.engines.qwen.placement import Placement, on_host_of
from qie_batch.engines.qwen.plans import PLANS, Plan, choose
from qie_batch.engines.qwen.quantise import check_fp8, match_adapters, quantise
from qie_batch.engines.qwen.streaming import Part, stream
from qie_batch.engines.qwen.weights import find_weights
from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from qie_batch.engines.qwen.options import QwenOptions

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    pipe: Any
    loras: Loras
    placement: Placement
    #: Seconds of each part of the loading.
    phases: dict[str, float]


def load(options: QwenOptions) -> Loaded:
    """The pipeline with its weights where the memory plan wants them, and its LoRAs.

    Raises Misconfigured if the weights cannot be loaded, or if the device is missing or too small.
    """
    clock = PhaseClock(on_cuda=False)  # the host's own time
    device, plan = torch.device(options.device), _plan(options)
    folder = find_weights(options.model, options.revision)
    pipe = _skeleton(folder)
    quantise(pipe.transformer, plan.weights)
    clock.end("model")
    stream(_parts(pipe, folder, plan, device, _dtype(options)))
    for part in (pipe.transformer, pipe.text_encoder, pipe.vae):
        _move_buffers(part.eval(), device)
    clock.end("weights")
    loras = Loras(pipe, options)
    match_adapters(pipe.transformer, _dtype(options))
    clock.end("loras")
    if options.quantisation == "fp8":
        quantise(pipe.transformer, "fp8")  # after the LoRAs, which peft puts beside layers of known kinds
    placement = Placement(pipe, plan, device)
    clock.end("placement")
    phases = clock.seconds()
    shown = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in phases.items())
    _log.info("Memory plan %s; seconds: %s", plan.name, shown)
    return Loaded(pipe=pipe, loras=loras, placement=placement, phases=phases)


def _plan(options: QwenOptions) -> Plan:
    """The plan that was asked for, or the largest for the free memory; on the CPU nothing is short."""
    if options.device == "cpu":
        return PLANS["80gb" if options.vram_plan == "auto" else options.vram_plan]
    if not torch.cuda.is_available():
        raise Misconfigured(
            "The qwen engine was asked for a CUDA card, and torch sees none here.",
            code="no_card",
            hint="Check nvidia-smi and that torch is a CUDA build, or choose another engine.",
        )
    if options.quantisation == "fp8":
        check_fp8(options.device)
    return choose(options.vram_plan, torch.cuda.mem_get_info()[0] - _own_lora_bytes(options))


def _own_lora_bytes(options: QwenOptions) -> int:
    """Of the files of the user's own LoRAs, for which no plan has room."""
    paths = [(options.lora_dir or Path()) / lora.file for lora in options.own_loras.values()]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _dtype(options: QwenOptions) -> torch.dtype:
    if options.dtype == "auto":
        return torch.bfloat16 if options.device == "cuda" else torch.float32
    return torch.bfloat16 if options.dtype == "bfloat16" else torch.float32


def _skeleton(folder: Path) -> Any:
    """The pipeline with all weights on the meta device."""
    try:
        with init_empty_weights(include_buffers=False):
            transformer = _empty(QwenImageTransformer2DModel, folder / "transformer")
            vae = _empty(AutoencoderKLQwenImage, folder / "vae")
            text_encoder = Qwen2_5_VLForConditionalGeneration(
                Qwen2_5_VLConfig.from_pretrained(folder / "text_encoder", local_files_only=True)
            )
        pipe = QwenImageEditPlusPipeline(
            scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(
                folder / "scheduler", local_files_only=True
            ),
            vae=vae,
            text_encoder=text_encoder,
            tokenizer=Qwen2Tokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
            processor=edit_processor(folder / "processor"),
            transformer=transformer,
        )
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"The weights in {folder} cannot be loaded: {error}",
            code="weights_missing",
            hint="Fetch them again with: hf download Qwen/Qwen-Image-Edit-2509",
        ) from error
    # Predicts words, which editing does not need: 1.1 GB.
    text_encoder.set_output_embeddings(nn.Identity())
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _empty(kind: Any, folder: Path) -> Any:
    return kind.from_config(kind.load_config(folder, local_files_only=True))


def _parts(pipe: Any, folder: Path, plan: Plan, device: torch.device, dtype: torch.dtype) -> list[Part]:
    """What the plan keeps on the host is loaded to there: the device need not have room for it."""
    on_host = {id(weight) for module in on_host_of(pipe, plan) for weight in module.parameters()}
    return [
        Part(
            module=module,
            folder=folder / name,
            device=device,
            on_host=frozenset(path for path, weight in module.named_parameters() if id(weight) in on_host),
            dtype=dtype,
        )
        for name in ("transformer", "text_encoder", "vae")
        if (module := getattr(pipe, name))
    ]


def _move_buffers(module: nn.Module, device: torch.device) -> None:
    """What a module computes when it is made, and no file holds."""
    for part in module.modules():
        for name, buffer in part._buffers.items():  # noqa: SLF001 - `to` would move the weights, too
            if buffer is not None:
                part._buffers[name] = buffer.to(device)  # noqa: SLF001 - as above


class EditProcessor(Qwen2VLProcessor):  # type: ignore[misc] # transformers has no types here
    """A processor without the video part, which needs torchvision and which editing does not use.

    ProcessorMixin reads the required parts from the signature of `__init__`.
    """

    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str | None = None) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


def edit_processor(folder: Path) -> Any:
    """A processor that resizes with Pillow, so that results do not depend on torchvision."""
    return EditProcessor(
        Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True),
        Qwen2Tokenizer.from_pretrained(folder, local_files_only=True),
    )
