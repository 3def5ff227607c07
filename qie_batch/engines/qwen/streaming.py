"""Safetensors files -> the weights of modules, read by several threads straight to where they belong."""

from __future__ import annotations

import json
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    #: Where a weight belongs, by its name.
    Place = Callable[[str], torch.device]

#: Threads that read. A file system gives one reader a part of its speed.
THREADS = 8
#: Bytes that go to the device at once.
_CHUNK = 1 << 25
#: The limit of safetensors.
_MAX_HEADER = 100_000_000
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
class _Stored:
    """One weight in a file."""

    path: Path
    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    #: Of its first byte in the file.
    start: int

    @property
    def size(self) -> int:
        return torch.Size(self.shape).numel() * self.dtype.itemsize


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A module with weights on the meta device, the folder of its files, and where each weight belongs."""

    module: nn.Module
    folder: Path
    place: Place
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


def _of_part(part: Part) -> Iterator[_Stored]:
    """What the part needs of its files, by its names; Misconfigured if one is missing or of another shape."""
    wanted = {
        name: parameter.shape
        for name, parameter in part.module.named_parameters()
        if parameter.is_meta and not (name.endswith(".scale") and _takes(*_owner(part.module, name)))
    }
    for stored in _contents(part.folder):
        shape = wanted.pop(stored.name, None)
        if shape is None:
            continue
        if tuple(shape) != stored.shape:
            raise _unfit(stored.path, f"holds {stored.name} as {list(stored.shape)}, not as {list(shape)}")
        yield stored
    if missing := sorted(wanted):
        more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise _unfit(part.folder, f"lacks the weight {missing[0]}{more}")


def _contents(folder: Path) -> Iterator[_Stored]:
    for path in _files(folder):
        yield from _header(path)


def _files(folder: Path) -> list[Path]:
    indices = sorted(folder.glob("*.safetensors.index.json"))
    if not indices:
        files = sorted(folder.glob("*.safetensors"))
        if not files:
            raise _unfit(folder, "holds no safetensors file")
        return files
    try:
        names = set(json.loads(indices[0].read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unfit(indices[0], "is no index of safetensors files") from error
    return [folder / name for name in sorted(names)]


def _header(path: Path) -> list[_Stored]:
    """Raises Misconfigured unless the file has exactly the bytes that its header names."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= min(_MAX_HEADER, size - 8):
                raise _unfit(path, "is no safetensors file")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        found = [_entry(path, name, entry, 8 + length) for name, entry in header.items()]
        end = 8 + length + max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except FileNotFoundError as error:
        raise _unfit(path, "is missing") from error
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise _unfit(path, f"cannot be read: {error}") from error
    if size != end:
        raise _unfit(path, f"has {size:,} bytes, and its header names {end:,}")
    return found


def _entry(path: Path, name: str, entry: dict[str, Any], data: int) -> _Stored:
    for pattern, replacement in _RENAMED if path.parent.name == "text_encoder" else ():
        name = pattern.sub(replacement, name)
    first, last = entry["data_offsets"]
    stored = _Stored(
        path=path,
        name=name,
        dtype=_DTYPES[entry["dtype"]],
        shape=tuple(entry["shape"]),
        start=data + first,
    )
    if stored.size != last - first:
        raise ValueError(f"{name} has {last - first:,} bytes")
    return stored


class _Reading:
    """Open files, and for each thread the memory through which its bytes go to a device."""

    def __init__(self, files: dict[Path, int]) -> None:
        self._files = files
        self._local = threading.local()

    def load(self, part: Part, stored: _Stored) -> None:
        place = part.place(stored.name)
        weight = torch.empty(stored.shape, dtype=stored.dtype, device=place)
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

    def _to_device(self, stored: _Stored, content: Tensor) -> None:
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

    def _read(self, stored: _Stored, offset: int, target: Tensor) -> None:
        """Fill the bytes `target`, in host memory, from the weight's bytes at `offset`."""
        memory = memoryview(target.numpy())
        done = 0
        while done < len(memory):
            read = os.preadv(self._files[stored.path], [memory[done:]], stored.start + offset + done)
            if not read:
                raise _unfit(stored.path, "became shorter while it was read")
            done += read


def _owner(module: nn.Module, path: str) -> tuple[nn.Module, str]:
    parent, _, name = path.rpartition(".")
    return module.get_submodule(parent), name


def _takes(owner: nn.Module, _name: str) -> bool:
    """Whether the module makes its weights of what the file has."""
    return hasattr(owner, "take_weight")


def _give(owner: nn.Module, name: str, weight: Tensor) -> None:
    if name == "weight" and _takes(owner, name):
        owner.take_weight(weight)  # type: ignore[operator] # a method, as `_takes` saw
    else:
        owner._parameters[name] = nn.Parameter(weight, requires_grad=False)  # noqa: SLF001 - from meta to a device


def _unfit(path: Path, problem: str) -> Misconfigured:
    return Misconfigured(
        f"The weights cannot be loaded: {path} {problem}.",
        code="weights_missing",
        hint="Only safetensors are read. Fetch them again with: hf download Qwen/Qwen-Image-Edit-2509",
    )
