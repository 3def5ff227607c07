"""A part of the model as a module that torch can export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

Inputs: TypeAlias = dict[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Exportable:
    module: torch.nn.Module
    #: Of several shapes: the first is traced, all are compared.
    samples: tuple[Inputs, ...]
    #: What the part of the pipeline makes of each, before anything is replaced in it.
    expected: tuple[torch.Tensor, ...]
    dynamic: Mapping[str, dict[int, Any]]


def exportable(
    module: torch.nn.Module, samples: list[Inputs], dynamic: Mapping[str, dict[int, Any]]
) -> Exportable:
    """A module that is exported as it is."""
    module.eval()
    with torch.no_grad():
        expected = tuple(module(**sample) for sample in samples)
    return Exportable(module=module, samples=tuple(samples), expected=expected, dynamic=dynamic)
