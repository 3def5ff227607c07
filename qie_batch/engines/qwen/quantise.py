"""Linear layers of fewer bits: int8 weights to save memory, FP8 products to save time.

Scales belong to the rows of a product, never to a whole tensor: a raw cast to FP8 paints grids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Weights of a row that share a scale. With it int8 keeps 39 dB of normal and of long-tailed weights, where
#: FP8 scaled by rows keeps 31 dB in the same memory (tests/integration/qwen/test_quantise.py).
GROUP = 128
_FP8 = torch.float8_e4m3fn
_FP8_MAX = torch.finfo(_FP8).max
#: The first compute capability with FP8 arithmetic.
_FP8_CAPABILITY = (8, 9)

_BLOCK = re.compile(r"transformer_blocks\.(\d+)\.(.+)")
#: What FP8 leaves alone beside the outer blocks: the last product of the image MLP, whose inputs have the
#: largest outliers, and the modulation layers.
_FP8_LAYERS = re.compile(r"attn\..+|txt_mlp\..+|img_mlp\.net\.0\..+")
_INT8_LAYERS = re.compile(r"attn\..+|(?:txt|img)_mlp\..+")
#: Blocks at either end that FP8 leaves alone.
_OUTER = 2


class Int8Linear(nn.Linear):  # type: ignore[misc] # torch has no types here
    """Weights as int8 with a scale for each group of a row; products in the dtype of the input."""

    def __init__(self, in_features: int, out_features: int, *, bias: bool) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = in_features, out_features
        groups = in_features // GROUP if in_features % GROUP == 0 else 1
        self.weight = _frozen(torch.empty(out_features, in_features, dtype=torch.int8, device="meta"))
        self.scale = _frozen(torch.empty(out_features, groups, 1, device="meta"))
        self.bias = _frozen(torch.empty(out_features, device="meta")) if bias else None

    def take_weight(self, weight: Tensor) -> None:
        """Quantise the weights, on the device where they are."""
        rows = weight.float().unflatten(1, (self.scale.shape[1], -1))
        scale = (rows.abs().amax(-1, keepdim=True).clamp(min=1e-12) / 127).to(weight.dtype)
        levels = (rows / scale.float()).round_().clamp_(-127, 127)
        self.weight, self.scale = _frozen(levels.flatten(1).to(torch.int8)), _frozen(scale)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name in nn.Linear
        weight = self.weight.unflatten(1, (self.scale.shape[1], -1)).to(input.dtype)
        return nn.functional.linear(input, (weight * self.scale.to(input.dtype)).flatten(1), self.bias)


class Fp8Linear(nn.Linear):  # type: ignore[misc] # torch has no types here
    """Products in FP8: weights scaled once for each row, inputs at each call for each token."""

    def __init__(self, in_features: int, out_features: int, *, bias: bool) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = in_features, out_features
        # As bytes: peft would cast a LoRA beside weights of a float dtype to that dtype.
        self.weight = _frozen(torch.empty(out_features, in_features, dtype=torch.uint8, device="meta"))
        self.scale = _frozen(torch.empty(out_features, 1, device="meta"))
        self.bias = _frozen(torch.empty(out_features, device="meta")) if bias else None

    def take_weight(self, weight: Tensor) -> None:
        """Quantise the weights, on the device where they are."""
        rows, scale = _to_fp8(weight)
        self.weight, self.scale = _frozen(rows.view(torch.uint8)), _frozen(scale)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name in nn.Linear
        rows, scale = _to_fp8(input.flatten(0, -2))
        product = torch._scaled_mm(  # noqa: SLF001 - the form that has run on the CPU and on CUDA since torch 2.5
            rows,
            self.weight.view(_FP8).t(),
            scale_a=scale,
            scale_b=self.scale.t(),
            out_dtype=torch.bfloat16,
        ).to(input.dtype)
        if self.bias is not None:
            product = product + self.bias
        return product.unflatten(0, input.shape[:-1])


def _to_fp8(rows: Tensor) -> tuple[Tensor, Tensor]:
    scale = rows.abs().amax(-1, keepdim=True).float().clamp(min=1e-12) / _FP8_MAX
    return (rows.float() / scale).clamp(-_FP8_MAX, _FP8_MAX).to(_FP8), scale


def _frozen(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor, requires_grad=False)


def quantise(transformer: Any, numbers: str) -> None:
    """Replace the transformer's layers by those of "int8" or "fp8"; "bf16" leaves it as it is.

    Layers whose weights are on the meta device get theirs through `take_weight` later.
    """
    kinds: dict[str, Callable[..., Int8Linear | Fp8Linear]] = {"int8": Int8Linear, "fp8": Fp8Linear}
    if numbers == "bf16":
        return
    for parent, name, layer in _layers(transformer, numbers):
        smaller = kinds[numbers](layer.in_features, layer.out_features, bias=layer.bias is not None)
        smaller.bias = layer.bias
        if not layer.weight.is_meta:
            smaller.take_weight(layer.weight.detach())
        setattr(parent, name, smaller.train(layer.training))


def match_adapters(transformer: Any, dtype: torch.dtype) -> None:
    """Give LoRAs the dtype of the model: peft goes by the weights beside them, which here are integers."""
    for name, parameter in transformer.named_parameters():
        if ".lora_" in name:
            parameter.data = parameter.data.to(dtype)


def _layers(transformer: Any, numbers: str) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    last = len(transformer.transformer_blocks) - 1
    for path, layer in list(transformer.named_modules()):
        match = _BLOCK.fullmatch(path.removesuffix(".base_layer"))  # which a LoRA wraps
        if match is None or ".lora_" in path or not isinstance(layer, nn.Linear):
            continue
        outer = numbers == "fp8" and not _OUTER <= int(match[1]) <= last - _OUTER
        if not outer and (_FP8_LAYERS if numbers == "fp8" else _INT8_LAYERS).fullmatch(match[2]):
            parent, _, name = path.rpartition(".")
            yield transformer.get_submodule(parent), name, layer


def check_fp8(device: str) -> None:
    """Misconfigured where the device has no FP8 arithmetic; the CPU emulates it."""
    if device == "cuda" and (found := torch.cuda.get_device_capability()) < _FP8_CAPABILITY:
        raise Misconfigured(
            f"QIE_QUANTISATION=fp8 needs a device of compute capability 8.9, and this one has"
            f" {found[0]}.{found[1]}.",
            code="no_fp8",
            hint="Leave QIE_QUANTISATION out, on workers and where jobs are submitted.",
        )
