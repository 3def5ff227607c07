"""A LoRA's file -> its weights, if the file is the pinned one and fits the model."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load as read_safetensors

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

    import torch

#: Several times the size of a LoRA for this model; a larger file is no such LoRA.
MAX_BYTES = 4_000_000_000
#: The limit of safetensors.
MAX_HEADER_BYTES = 100_000_000

_TRANSFORMER = "transformer."
#: Before the name of a layer, by trainer; with the last one, the name has no dots.
_PREFIX = re.compile(r"^(base_model\.model\.|diffusion_model\.|transformer\.)")
_FLAT = "lora_unet_"
#: Of the two factors of a change: which of its sizes is one of the layer's, and which one.
_FACTORS = {"A.weight": (1, "in_features"), "B.weight": (0, "out_features")}
#: What trainers of diffusers write beside the weights, as JSON: ranks and alphas by layer.
_METADATA = "lora_adapter_metadata"


def load_lora(pipe: Any, path: Path, pin: str, adapter: str) -> None:
    """Add the LoRA to the transformer, disabled or not as PEFT has it; Misconfigured if it cannot be used."""
    _check_extent(path)
    data = path.read_bytes()  # once, so that what was hashed is what is loaded
    digest = hashlib.sha256(data).hexdigest()
    if digest != pin:
        raise Misconfigured(
            f"The LoRA file {path} has the sha256 {digest}, but {pin} is pinned.",
            code="lora_changed",
            hint="Fetch the file again, or mend the pinned sha256 if the change was meant.",
        )
    try:
        weights = _weights(pipe, data)
        _check_fit(pipe.transformer, weights)
        pipe.load_lora_into_transformer(
            weights, pipe.transformer, adapter_name=adapter, metadata=_metadata(data), _pipeline=pipe
        )
    except (SafetensorError, ValueError, TypeError, LookupError, AttributeError) as error:
        problem = " ".join(str(error).split())[:300]
        raise _unreadable(path, f"holds no LoRA for this model: {problem}") from error


def _weights(pipe: Any, data: bytes) -> dict[str, torch.Tensor]:
    """In the names of diffusers, whichever program wrote them."""
    written = read_safetensors(data)
    if any("dora_scale" in name for name in written):
        raise ValueError("it is a DoRA, of which diffusers would apply one half")
    if not all(name.startswith(_FLAT) for name in written):
        # Whichever prefix there is or not: with this one the names of all trainers are understood.
        written = {f"diffusion_model.{_PREFIX.sub('', name)}": weight for name, weight in written.items()}
    weights: dict[str, torch.Tensor] = pipe.lora_state_dict(written)
    return weights


def _check_fit(transformer: Any, weights: dict[str, torch.Tensor]) -> None:
    """ValueError for what the model has no place for: PEFT would leave it out, or fail half-way."""
    layers = dict(transformer.named_modules())
    if not weights:
        raise ValueError("it is empty")
    for name, weight in weights.items():
        layer, _, factor = name.removeprefix(_TRANSFORMER).rpartition(".lora_")
        axis, side = _FACTORS.get(factor, (0, ""))
        changed = layers.get(layer)
        size = getattr(getattr(changed, "base_layer", changed), side, None)
        if not name.startswith(_TRANSFORMER) or size is None:
            raise ValueError(f"it changes {name}, which the model does not have")
        if weight.ndim != 2 or weight.shape[axis] != size:
            raise ValueError(f"{name} has the shape {tuple(weight.shape)}, and the layer {side} {size}")
        if not weight.float().isfinite().all():
            raise ValueError(f"{name} has values that are not numbers")


def _metadata(data: bytes) -> dict[str, Any] | None:
    length = int.from_bytes(data[:8], "little")
    written = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    found: dict[str, Any] | None = json.loads(written[_METADATA]) if _METADATA in written else None
    return found


def _check_extent(path: Path) -> None:
    """Misconfigured, before the whole file is read, if its length is not possible for such a LoRA."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _unreadable(path, f"has {size:,} bytes and {MAX_BYTES:,} are allowed")
    with path.open("rb") as file:
        # A safetensors file begins with the length of its header.
        header = int.from_bytes(file.read(8), "little")
    if not 0 < header <= min(MAX_HEADER_BYTES, size - 8):
        raise _unreadable(path, f"is no safetensors file: it says that its header has {header:,} bytes")


def _unreadable(path: Path, problem: str) -> Misconfigured:
    return Misconfigured(
        f"The LoRA file {path} {problem}",
        code="lora_unreadable",
        hint="Fetch it again, and one that was trained for Qwen-Image or Qwen-Image-Edit.",
    )
