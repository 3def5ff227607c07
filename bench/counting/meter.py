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
    """Counts what runs within `counting`; a priced module runs once for each shape and is added later."""

    def __init__(self, known: dict[Hashable, tuple[int, Any]] | None = None) -> None:
        """`known` keeps the prices for another meter, of a model that is the same."""
        self._mode: FlopCounterMode | None = None
        self._added = 0
        #: Role of a module and its inputs -> FLOPs and outputs.
        self._known: dict[Hashable, tuple[int, Any]] = {} if known is None else known

    @property
    def flops(self) -> int:
        return self._added + (self._mode.get_total_flops() if self._mode else 0)

    @contextmanager
    def counting(self) -> Iterator[None]:
        self._mode = FlopCounterMode(display=False)
        try:
            with self._mode:
                yield
        finally:
            self._added, self._mode = self.flops, None

    def price(self, module: torch.nn.Module, role: str, device: str) -> None:
        """Let the module give outputs without data, on `device`; modules of one role must cost the same."""
        inner = module.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            leaves, structure = tree_flatten((args, kwargs))
            key = (role, structure, *map(_shape, leaves))
            if key not in self._known:
                self._known[key] = self._run(inner, args, kwargs, device)
            else:
                self._added += self._known[key][0]
            return self._known[key][1]

        module.forward = forward  # type: ignore[method-assign]

    def _run(self, inner: Callable[..., Any], args: Any, kwargs: Any, device: str) -> tuple[int, Any]:
        before = self.flops
        args, kwargs = tree_map(_on_meta, (args, kwargs))
        outputs = inner(*args, **kwargs)
        return self.flops - before, tree_map(lambda value: _without_data(value, device), outputs)


def _shape(value: object) -> Hashable:
    if not isinstance(value, torch.Tensor):
        return value if isinstance(value, int | float | str | None) else type(value)
    small = value.device.type == "cpu" and not value.is_floating_point() and value.numel() <= _SMALL
    return (tuple(value.shape), value.dtype, tuple(value.flatten().tolist()) if small else None)


def _on_meta(value: Any) -> Any:
    """Numbers that only count as operands; whole numbers stay, since modules read them."""
    if not isinstance(value, torch.Tensor):
        return value
    operand = value.is_floating_point() or value.is_complex() or value.dtype == torch.bool
    return value.to("meta") if operand else value


def _without_data(value: Any, device: str) -> Any:
    """A tensor of the same shape: zeros that need no memory, or no data at all on the meta device."""
    if not isinstance(value, torch.Tensor) or device == "meta":
        return value
    return torch.zeros((), dtype=value.dtype, device=device).expand(value.shape)
