"""Floating-point operations of modules on the meta device, counted once for each shape of their inputs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

#: Small tensors of whole numbers, such as the bounds of attention windows, decide the count by their values.
_SMALL = 512


class Meter:
    """Counts what runs within `counting`; a priced module runs once for each shape and is added afterwards."""

    def __init__(self) -> None:
        self._mode: FlopCounterMode | None = None
        self._added = 0
        #: Role of a module and its inputs -> FLOPs and outputs.
        self._known: dict[Hashable, tuple[int, Any]] = {}

    @property
    def flops(self) -> int:
        return self._added + (self._mode.get_total_flops() if self._mode else 0)

    @contextmanager
    def counting(self) -> Iterator[None]:
        with FlopCounterMode(display=False) as self._mode:
            try:
                yield
            finally:
                self._added, self._mode = self.flops, None

    def price(self, module: torch.nn.Module, role: str, device: str) -> None:
        """Let the module give outputs without data, on `device`; all modules of one role must cost the same."""
        inner = module.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            outputs = self._outputs(role, inner, args, kwargs)
            return tree_map(lambda value: _without_data(value, device), outputs)

        module.forward = forward  # type: ignore[method-assign]

    def _outputs(self, role: str, inner: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        leaves, structure = tree_flatten((args, kwargs))
        key = (role, str(structure), *map(_shape, leaves))
        if key in self._known:
            flops, outputs = self._known[key]
            self._added += flops
            return outputs
        before = self.flops
        args, kwargs = tree_map(_on_meta, (args, kwargs))
        outputs = inner(*args, **kwargs)
        self._known[key] = (self.flops - before, outputs)
        return outputs


def _shape(value: object) -> Hashable:
    if not isinstance(value, torch.Tensor):
        return value if isinstance(value, int | float | str | None) else type(value)
    small = value.device.type == "cpu" and not value.is_floating_point() and value.numel() <= _SMALL
    return (tuple(value.shape), value.dtype, tuple(value.flatten().tolist()) if small else None)


def _on_meta(value: Any) -> Any:
    """Numbers that only count as operands; whole numbers stay, since modules read them."""
    floating = isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())
    return value.to("meta") if floating else value


def _without_data(value: Any, device: str) -> Any:
    """A new tensor of the same shape: zeros that need no memory, or no data at all on the meta device."""
    if not isinstance(value, torch.Tensor):
        return value
    if device == "meta":
        return torch.empty_like(value, device="meta")
    return torch.zeros((), dtype=value.dtype, device=device).expand(value.shape)
