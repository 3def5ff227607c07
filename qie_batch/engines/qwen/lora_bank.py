"""The user's own LoRAs in host memory, one of which is in the transformer at a time.

All take turns in one adapter, which has the layers of all of them and the largest rank. So the device holds
one, however many there are, and a compiled block stays as it is whichever is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

#: Name of the adapter.
PLACE = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What a LoRA adds to the weights of one layer: up @ down, at its scale."""

    #: (rank, in)
    down: Tensor
    #: (out, rank)
    up: Tensor


def taken_out(transformer: Any, adapter: str, scale: float) -> dict[str, Factors]:
    """The adapter's factors by layer; the transformer is without it afterwards."""
    found = {
        name: Factors(
            down=layer.lora_A[adapter].weight.detach().cpu(),
            up=_scaled(layer.lora_B[adapter].weight.detach().cpu(), layer.scaling[adapter] * scale),
        )
        for name, layer in transformer.named_modules()
        if adapter in getattr(layer, "lora_A", ())
    }
    with catch_warnings():
        simplefilter("ignore")  # about an adapter that was active and is deleted
        transformer.delete_adapters(adapter)
    return found


def _scaled(up: Tensor, scale: float) -> Tensor:
    return up if scale == 1 else (up.float() * scale).to(up.dtype)


class LoraBank:
    def __init__(self, pipe: Any, loras: Mapping[str, Mapping[str, Factors]]) -> None:
        """Adds the adapter, for at least one LoRA; `loras` are factors by name and layer."""
        self._loras = loras
        self._placed = ""
        empty = {}
        rank = max(factors.down.shape[0] for lora in loras.values() for factors in lora.values())
        for lora in loras.values():
            for name, factors in lora.items():
                empty[f"transformer.{name}.lora_A.weight"] = factors.down.new_zeros(
                    rank, factors.down.shape[1]
                )
                empty[f"transformer.{name}.lora_B.weight"] = factors.up.new_zeros(factors.up.shape[0], rank)
        pipe.load_lora_into_transformer(empty, pipe.transformer, adapter_name=PLACE, _pipeline=pipe)
        # The modules themselves, as some get other names when what is around them is replaced.
        self._layers: dict[str, nn.Module] = {
            name: layer
            for name, layer in pipe.transformer.named_modules()
            if PLACE in getattr(layer, "lora_A", ())
        }

    def holds(self, name: str) -> bool:
        """Whether the LoRA is in the adapter."""
        return name == self._placed

    def place(self, name: str) -> None:
        """Write the LoRA into the adapter, wherever its weights are."""
        lora = self._loras[name]
        with torch.no_grad():
            for path, layer in self._layers.items():
                _write(layer, lora.get(path))
        self._placed = name


def _write(layer: Any, factors: Factors | None) -> None:
    down, up = layer.lora_A[PLACE].weight, layer.lora_B[PLACE].weight
    down.zero_()
    up.zero_()
    if factors is not None:
        rank = factors.down.shape[0]
        down[:rank].copy_(factors.down)
        up[:, :rank].copy_(factors.up)
