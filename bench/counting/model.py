"""The published model on the meta device, behind the engine's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from gpu.full_size import TEXT, assemble, build_parts, open_on, tokenizer
from transformers import BatchFeature

if TYPE_CHECKING:
    from diffusers import QwenImageEditPlusPipeline

    from counting.meter import Meter
    from qie_batch.engines.qwen import QwenOptions
    from qie_batch.engines.qwen.editing import QwenEngine

DTYPE = torch.bfloat16


def build_counted(meter: Meter, *, stock: bool = False) -> QwenImageEditPlusPipeline:
    """A pipeline whose heavy modules are priced by `meter`.

    Transformer and VAE are on the meta device. The text encoder keeps its whole numbers on the CPU, since
    positions and lengths are computed from their values; the numbers between its layers are zeros. The stock
    pipeline selects tokens of its output by a mask, which needs data.
    """
    words = tokenizer()
    torch.set_default_dtype(DTYPE)
    try:
        with torch.device("meta"):
            parts = build_parts(words)
    finally:
        torch.set_default_dtype(torch.float32)
    for part in parts.values():
        part.eval().requires_grad_(requires_grad=False)
    _price_text_encoder(parts["text_encoder"], meter, output="cpu" if stock else "meta")
    _price_transformer(parts["transformer"], meter)
    meter.price(parts["vae"].encoder, "encoder", "meta")
    # Black pixels, since those of the meta device have no data.
    meter.price(parts["vae"].decoder, "decoder", "cpu")
    pipe = assemble(parts, words)
    _keep_whole_numbers(pipe)
    return pipe


def _price_transformer(transformer: Any, meter: Meter) -> None:
    for block in transformer.transformer_blocks:
        meter.price(block, "block", "meta")
        meter.price(block.img_mod, "modulation", "meta")
        meter.price(block.txt_mod, "modulation", "meta")
    for role in ("img_in", "txt_norm", "txt_in", "time_text_embed", "norm_out", "proj_out"):
        meter.price(getattr(transformer, role), role, "meta")


def _price_text_encoder(encoder: Any, meter: Meter, output: str) -> None:
    model = encoder.model
    layers = {"layer": model.language_model.layers, "vision block": model.visual.blocks}
    for role, modules in layers.items():
        for module in modules:
            meter.price(module, role, "cpu")
    for role, module in {
        "patches": model.visual.patch_embed,
        "merger": model.visual.merger,
        "head": encoder.lm_head,
    }.items():
        meter.price(module, role, "cpu")
    meter.price(model.language_model.norm, "norm", output)
    model.language_model.embed_tokens.forward = lambda ids: torch.zeros((), dtype=DTYPE).expand(
        *ids.shape, TEXT["hidden_size"]
    )
    model.__class__ = type("OnCpu", (type(model),), {"device": torch.device("cpu")})
    for module in (model.language_model, model.visual):
        for name, child in list(module.named_children()):
            if name in {"rotary_emb", "rotary_pos_emb"}:
                setattr(module, name, type(child)(child.config))


class _Stays(BatchFeature):
    """Inputs that stay on the CPU wherever they are sent."""

    def to(self, *_args: Any, **_kwargs: Any) -> _Stays:
        return self


def _keep_whole_numbers(pipe: Any) -> None:
    process = pipe.processor.__class__.__call__

    class Processor(pipe.processor.__class__):  # type: ignore[name-defined,misc] # made at run time
        def __call__(self, *args: Any, **kwargs: Any) -> _Stays:
            return _Stays(process(self, *args, **kwargs))

    pipe.processor.__class__ = Processor


def open_counted(meter: Meter, options: QwenOptions) -> QwenEngine:
    """The engine with the counted pipeline, as a new process would open it."""
    return open_on(build_counted(meter), options)
