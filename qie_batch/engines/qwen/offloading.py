"""Modules whose weights lie in host memory and take turns in two buffers of device memory."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_log = logging.getLogger(__name__)

#: Weights begin at multiples of so many bytes, as kernels want them.
_ALIGNMENT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weight:
    """Where one weight of a module lies in its bytes."""

    owner: nn.Module
    name: str
    start: int
    dtype: torch.dtype
    shape: torch.Size

    def point_to(self, content: Tensor) -> None:
        size = self.shape.numel() * self.dtype.itemsize
        view = content[self.start : self.start + size].view(self.dtype).view(self.shape)
        self.owner._parameters[self.name] = nn.Parameter(view, requires_grad=False)  # noqa: SLF001 - torch's way in


@dataclass(slots=True, kw_only=True)
class _Guest:
    """A module that takes turns."""

    module: nn.Module
    weights: list[_Weight]
    #: Its bytes in host memory.
    content: Tensor
    hook: Any = None


@dataclass(slots=True)
class _Buffer:
    content: Tensor
    guest: _Guest | None = None
    #: Recorded when the upload has ended; None on a device without streams.
    uploaded: Any = None


class Offloading:
    """Before a module runs its weights are uploaded, and those of its successor while it runs.

    An upload waits for all work that was given to the device before, so that no buffer is overwritten while
    it is read; two buffers let it run beside the work that comes after.
    """

    def __init__(self, device: torch.device, *, leave: tuple[str, ...] = ()) -> None:
        """`leave` names children of the modules that stay where they are."""
        self._device = device
        self._leave = leave
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._guests: dict[nn.Module, _Guest] = {}
        self._next: dict[nn.Module, nn.Module] = {}
        self._buffers: list[_Buffer] = []

    def move_out(self, modules: Iterable[nn.Module]) -> None:
        """Take the modules' weights to host memory, if they are not there."""
        for module in modules:
            if module not in self._guests:
                guest = _moved_out(module, self._leave)
                guest.hook = module.register_forward_pre_hook(self._before)
                self._guests[module] = guest
        self._resize()

    def move_in(self, modules: Iterable[nn.Module]) -> None:
        """Bring the modules' weights back to the device for good."""
        for module in modules:
            guest = self._guests.pop(module, None)
            if guest is None:
                continue
            guest.hook.remove()
            content = guest.content.to(self._device)
            for weight in guest.weights:
                weight.point_to(content)
        self._resize()

    def order(self, rounds: Iterable[Sequence[nn.Module]]) -> None:
        """Each round's modules run one after another, and then from the first again."""
        self._next = {
            module: following
            for modules in rounds
            for module, following in zip(modules, (*modules[1:], *modules[:1]), strict=True)
        }

    def rest(self) -> None:
        """All weights lie in host memory, where they can be changed, once this returns."""
        if self._stream is not None:
            torch.cuda.synchronize(self._device)
        for buffer in self._buffers:
            self._evict(buffer)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        return tuple(self._guests)

    def _resize(self) -> None:
        """Two buffers of the largest guest's size, empty."""
        for buffer in self._buffers:
            self._evict(buffer)
        size = max((guest.content.numel() for guest in self._guests.values()), default=0)
        self._buffers = []  # first, so that both sizes are never there at once
        if size:
            self._buffers = [
                _Buffer(torch.empty(size, dtype=torch.uint8, device=self._device)) for _ in range(2)
            ]

    def _before(self, module: nn.Module, _inputs: tuple[Any, ...]) -> None:
        buffer = self._buffer_of(module)
        if buffer is None:
            buffer = self._buffers[0]
            self._upload(self._guests[module], buffer)
        if buffer.uploaded is not None:
            torch.cuda.current_stream(self._device).wait_event(buffer.uploaded)
        following = self._next.get(module)
        if following in self._guests and self._buffer_of(following) is None:
            other = self._buffers[1] if buffer is self._buffers[0] else self._buffers[0]
            self._upload(self._guests[following], other)

    def _buffer_of(self, module: nn.Module) -> _Buffer | None:
        return next(
            (buffer for buffer in self._buffers if buffer.guest and buffer.guest.module is module), None
        )

    def _upload(self, guest: _Guest, buffer: _Buffer) -> None:
        self._evict(buffer)
        stream = self._stream
        if stream is not None:
            stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream) if stream is not None else nullcontext():
            buffer.content[: guest.content.numel()].copy_(guest.content, non_blocking=True)
            buffer.uploaded = stream.record_event() if stream is not None else None
        buffer.guest = guest
        for weight in guest.weights:
            weight.point_to(buffer.content)

    def _evict(self, buffer: _Buffer) -> None:
        if buffer.guest is not None and buffer.guest.module in self._guests:
            for weight in buffer.guest.weights:
                weight.point_to(buffer.guest.content)
        buffer.guest = None


def _moved_out(module: nn.Module, leave: tuple[str, ...]) -> _Guest:
    """The module with its weights side by side in host memory, page-locked where the host allows it."""
    weights, sources, size = [], [], 0
    for path, owner in module.named_modules():
        if path.split(".", 1)[0] in leave:
            continue
        for name, parameter in owner._parameters.items():  # noqa: SLF001 - with the owner, for `point_to`
            if parameter is None:
                continue
            start = -(-size // _ALIGNMENT) * _ALIGNMENT
            weights.append(
                _Weight(owner=owner, name=name, start=start, dtype=parameter.dtype, shape=parameter.shape)
            )
            sources.append(parameter.detach())
            size = start + parameter.numel() * parameter.element_size()
    content = host_bytes(size)
    for weight, source in zip(weights, sources, strict=True):
        weight.point_to(content)
        weight.owner._parameters[weight.name].copy_(source)  # noqa: SLF001 - as above
    return _Guest(module=module, weights=weights, content=content)


def host_bytes(size: int) -> Tensor:
    """Page-locked host memory, from which a device reads without the CPU; plain where there is none left."""
    if torch.cuda.is_available():
        try:
            return torch.empty(size, dtype=torch.uint8, pin_memory=True)
        except RuntimeError as error:
            _log.warning("The host locks no more pages in memory (%s): uploads are slower.", error)
    return torch.empty(size, dtype=torch.uint8)


def keep_embedding_on_host(embedding: nn.Module, device: torch.device) -> list[Any]:
    """Look words up in host memory; only the rows that a text needs go to the device. Returns the hooks."""
    embedding.to("cpu")
    return [
        embedding.register_forward_pre_hook(lambda _module, inputs: (inputs[0].to("cpu"),)),
        embedding.register_forward_hook(lambda _module, _inputs, output: output.to(device)),
    ]
