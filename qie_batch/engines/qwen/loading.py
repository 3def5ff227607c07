"""Weights on disk -> a pipeline that gives the published model's images.

Works around two defects of the pinned versions, each in one function, to be removed once fixed upstream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from diffusers import QwenImageEditPlusPipeline
from transformers import ProcessorMixin, Qwen2Tokenizer, Qwen2VLImageProcessorPil, Qwen2VLProcessor

from qie_batch.engines.qwen import memory
from qie_batch.engines.qwen.lightning import Lightning
from qie_batch.engines.qwen.weights import find_weights
from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

    from qie_batch.engines.qwen.memory import Memory
    from qie_batch.engines.qwen.options import QwenOptions


def load(options: QwenOptions) -> tuple[Any, Lightning]:
    """The pipeline on its device, and its LoRAs; Misconfigured if the weights cannot be loaded."""
    if options.device == "cuda" and not torch.cuda.is_available():
        raise Misconfigured(
            "The qwen engine was asked for a CUDA card, and torch sees none here.",
            code="no_card",
            hint="Check nvidia-smi and that torch is a CUDA build, or choose another engine.",
        )
    folder = find_weights(options.model, options.revision)
    layout = _layout(options)
    try:
        pipe = QwenImageEditPlusPipeline.from_pretrained(
            folder,
            processor=_processor(folder / "processor"),
            dtype=_dtype(options),
            device_map=options.device if layout == "resident" else None,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"The weights in {folder} cannot be loaded: {error}",
            code="weights_missing",
            hint="Only safetensors are read. Fetch them again with: hf download Qwen/Qwen-Image-Edit-2509",
        ) from error
    pipe.set_progress_bar_config(disable=True)
    lightning = Lightning(pipe, options)
    memory.apply(pipe, layout)
    return pipe, lightning


def _layout(options: QwenOptions) -> Memory:
    if options.device == "cpu":
        return "resident"
    if options.vram_plan == "auto":
        return memory.plan(torch.cuda.mem_get_info()[0])
    return cast("Memory", options.vram_plan)


def _dtype(options: QwenOptions) -> torch.dtype:
    if options.dtype == "auto":
        return torch.bfloat16 if options.device == "cuda" else torch.float32
    return torch.bfloat16 if options.dtype == "bfloat16" else torch.float32


def hand_over_image_positions(text_encoder: Any) -> None:
    """Pass the image token ids to the text encoder, which diffusers 0.42.1 does not.

    Without the ids transformers 5 gives image tokens the positions of text, and the edit differs silently
    (huggingface/diffusers #14194). tests/integration/qwen/test_defects.py fails once this is not needed.
    """

    def add_ids(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if kwargs.get("image_grid_thw") is not None and kwargs.get("mm_token_type_ids") is None:
            kwargs["mm_token_type_ids"] = (kwargs["input_ids"] == module.config.image_token_id).int()
        return args, kwargs

    text_encoder.register_forward_pre_hook(add_ids, with_kwargs=True)


class EditProcessor(Qwen2VLProcessor):  # type: ignore[misc] # transformers has no types here
    """A processor without the video part, which needs torchvision and which editing does not use.

    ProcessorMixin reads the required parts from the signature of `__init__`.
    """

    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str | None = None) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


def _processor(folder: Path) -> Any:
    """A processor that resizes with Pillow, so that results do not depend on torchvision."""
    return EditProcessor(
        Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True),
        Qwen2Tokenizer.from_pretrained(folder, local_files_only=True),
    )
