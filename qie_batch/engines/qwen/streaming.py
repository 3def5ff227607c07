"""Safetensors files -> the weights of modules, read by several threads straight to where they belong."""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from qie_batch.engines.qwen.shards import StoredWeight, contents, unfit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Threads that read. A file system gives one reader a part of its speed.
THREADS = 8
#: Bytes that go to the device at once.
_CHUNK = 1 << 25
_DTYPES = {
    "BF16": torch.bfloat16,
    "F16": torch.float16,
    "F32": torch.float32,
    "F64": torch.float64,
    "I64": torch.int64,
    "I32": torch.int32,
    "U8": torch.uint8,
}
#: Names in text encoders that transformers before 5 has saved -> names since.
_RENAMED = (
    (re.compile(r"^visual\."), "model.visual."),
    (re.compile(r"^model\.(?!language_model\.|visual\.)"), "model.language_model."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A module with weights on the meta device, and the folder of its files."""

    module: nn.Module
    folder: Path
    device: torch.device
    #: Names of weights that belong in host memory instead.
    on_host: frozenset[str]
    dtype: torch.dtype


def stream(parts: list[Part]) -> None:
    """Give all parts their weights; Misconfigured for files that are missing, damaged or of another model."""
    tasks = [(part, stored) for part in parts for stored in _of_part(part)]
    tasks.sort(key=lambda task: (str(task[1].path), task[1].start))
    with ExitStack() as files, ThreadPoolExecutor(THREADS, thread_name_prefix="weights") as pool:
        opened = {path: files.enter_context(path.open("rb")) for path in {stored.path for _, stored in tasks}}
        reading = _Reading({path: file.fileno() for path, file in opened.items()})
        for _ in pool.map(lambda task: reading.load(*task), tasks):
            pass


def _of_part(part: Part) -> Iterator[StoredWeight]:
    """What the part needs of its files, by its names; Misconfigured if one is missing or of another shape."""
    wanted = {
        name: parameter.shape
        for name, parameter in part.module.named_parameters()
        if parameter.is_meta
        and not (name.endswith(".scale") and _makes_its_own(_owner(part.module, name)[0]))
    }
    for stored in contents(part.folder):
        name = _renamed(stored.name) if stored.name not in wanted else stored.name
        shape = wanted.pop(name, None)
        if shape is None:
            continue
        if tuple(shape) != stored.shape or stored.dtype not in _DTYPES:
            found = f"{stored.dtype} of {list(stored.shape)}"
            raise unfit(stored.path, f"holds {name} as {found}, and the model has {list(shape)}")
        yield replace(stored, name=name)
    if missing := sorted(wanted):
        more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise unfit(part.folder, f"lacks the weight {missing[0]}{more}")


def _renamed(name: str) -> str:
    for pattern, replacement in _RENAMED:
        name = pattern.sub(replacement, name)
    return name


class _Reading:
    """Open files, and for each thread the memory through which its bytes go to a device."""

    def __init__(self, files: dict[Path, int]) -> None:
        self._files = files
        self._local = threading.local()

    def load(self, part: Part, stored: StoredWeight) -> None:
        place = torch.device("cpu") if stored.name in part.on_host else part.device
        weight = torch.empty(stored.shape, dtype=_DTYPES[stored.dtype], device=place)
        content = (
            weight.view(-1).view(torch.uint8) if weight.numel() else weight.new_empty(0, dtype=torch.uint8)
        )
        if place.type == "cuda":
            self._to_device(stored, content)
        else:
            self._read(stored, 0, content)
        owner, name = _owner(part.module, stored.name)
        with torch.no_grad():
            _give(owner, name, weight.to(part.dtype) if weight.is_floating_point() else weight)

    def _to_device(self, stored: StoredWeight, content: Tensor) -> None:
        local = self._local
        if not hasattr(local, "staging"):
            local.staging = torch.empty(_CHUNK, dtype=torch.uint8, pin_memory=True)
            local.stream = torch.cuda.Stream()
        with torch.cuda.stream(local.stream):
            for start in range(0, content.numel(), _CHUNK):
                target = content[start : start + _CHUNK]
                staged = local.staging[: target.numel()]
                self._read(stored, start, staged)
                target.copy_(staged, non_blocking=True)
                local.stream.synchronize()  # the staging memory is written again next

    def _read(self, stored: StoredWeight, offset: int, target: Tensor) -> None:
        """Fill the bytes `target`, in host memory, from the weight's bytes at `offset`."""
        memory = memoryview(target.numpy())
        done = 0
        while done < len(memory):
            read = os.preadv(self._files[stored.path], [memory[done:]], stored.start + offset + done)
            if not read:
                raise unfit(stored.path, "became shorter while it was read")
            done += read


def _owner(module: nn.Module, path: str) -> tuple[nn.Module, str]:
    parent, _, name = path.rpartition(".")
    return module.get_submodule(parent), name


def _makes_its_own(owner: nn.Module) -> bool:
    """Whether the module makes its weights of those in the file."""
    return hasattr(owner, "take_weight")


def _give(owner: nn.Module, name: str, weight: Tensor) -> None:
    if name == "weight" and _makes_its_own(owner):
        owner.take_weight(weight)
    else:
        owner._parameters[name] = nn.Parameter(weight, requires_grad=False)  # noqa: SLF001 - from meta to a device
