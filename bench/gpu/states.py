"""What a speed-up changes in a model, taken off and put back, so that two forms of it can take turns.

The forms share all weights that both have: a second copy of the model would not fit the device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffusers.models.attention_dispatch import _AttentionBackendRegistry as Backends

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

#: Attributes of a module that hold its children, weights and hooks.
_TABLES = ("_modules", "_parameters", "_buffers", "_forward_hooks", "_forward_pre_hooks")


class State:
    """Every module of some models, and the attention backend, as they are now."""

    def __init__(self, roots: Iterable[torch.nn.Module]) -> None:
        modules = [module for root in roots for module in root.modules()]
        processors = [module.processor for module in modules if hasattr(module, "processor")]
        self._saved: list[tuple[dict[str, Any], dict[str, Any]]] = [
            (vars(held), _copied(vars(held))) for held in (*modules, *processors)
        ]
        self._backend = Backends._active_backend  # noqa: SLF001 - has no public reader

    def restore(self) -> None:
        for held, saved in self._saved:
            held.clear()
            held.update(_copied(saved))
        Backends._active_backend = self._backend  # noqa: SLF001 - its setter checks what is already set


def _copied(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value.copy() if name in _TABLES else value for name, value in attributes.items()}
