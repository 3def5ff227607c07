"""What the safetensors files of a folder hold, and whether they are whole. Imports no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

#: The limit of safetensors.
_MAX_HEADER = 100_000_000
#: Bytes of a number.
_SIZES = {"BF16": 2, "F16": 2, "F32": 4, "F64": 8, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWeight:
    path: Path
    name: str
    #: As safetensors names it, such as "BF16".
    dtype: str
    shape: tuple[int, ...]
    #: Of its first byte in the file.
    start: int


def contents(folder: Path) -> list[StoredWeight]:
    """The weights in the files that the folder's index names, or in all; Misconfigured if one is damaged."""
    return [stored for path in _files(folder) for stored in _header(path)]


def _files(folder: Path) -> list[Path]:
    indices = sorted(folder.glob("*.safetensors.index.json"))
    if not indices:
        files = sorted(folder.glob("*.safetensors"))
        if not files:
            raise unfit(folder, "holds no safetensors file")
        return files
    try:
        names = set(json.loads(indices[0].read_text(encoding="utf-8"))["weight_map"].values())
        return [folder / name for name in sorted(names)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unfit(indices[0], "is no index of safetensors files") from error


def _header(path: Path) -> list[StoredWeight]:
    """Misconfigured unless the file has exactly the bytes that its header names."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= min(_MAX_HEADER, size - 8):
                raise unfit(path, f"has {size:,} bytes and is no safetensors file")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        found = [_entry(path, name, entry, 8 + length) for name, entry in header.items()]
        end = 8 + length + max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except FileNotFoundError as error:
        raise unfit(path, "is missing") from error
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise unfit(path, f"cannot be read: {error}") from error
    if size != end:
        raise unfit(path, f"has {size:,} bytes, and its header names {end:,}")
    return found


def _entry(path: Path, name: str, entry: dict[str, Any], data: int) -> StoredWeight:
    first, last = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if first < 0 or last - first != prod(shape) * _SIZES[entry["dtype"]]:
        raise ValueError(f"{name} has {last - first:,} bytes")
    return StoredWeight(path=path, name=name, dtype=entry["dtype"], shape=shape, start=data + first)


def unfit(path: Path, problem: str) -> Misconfigured:
    return Misconfigured(
        f"The weights cannot be loaded: {path} {problem}.",
        code="weights_missing",
        hint="Only safetensors are read. Fetch them again with: hf download Qwen/Qwen-Image-Edit-2509",
    )
