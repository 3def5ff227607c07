"""Regional compilation: one block of the transformer, compiled once for all sixty and for every shape.

A block sees its edit as numbers of tokens, which the compiler keeps symbolic: no shape is padded, and a
catalog of mixed sizes, references and texts takes one graph for each set of LoRAs that is enabled. What was
compiled is kept for the next process and for other hosts with the same versions and device.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
from typing import TYPE_CHECKING, Any

import torch

from qie_batch.engines.qwen.record import versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger(__name__)

_SUFFIX = ".compiled"
#: Graphs of a block's code, of which torch allows 8 unless told: each combination of LoRAs has its own.
_MOST_GRAPHS = 64


class CompiledBlocks:
    """The blocks of one transformer, each compiled when it is first called.

    Hooks of a block, which bring its weights to the device, stay outside of what is compiled. Where the
    compiler fails, the blocks run as they are from then on.
    """

    def __init__(self, transformer: Any) -> None:
        #: Whether the compiler has not failed.
        self.active = True
        torch._dynamo.config.recompile_limit = _MOST_GRAPHS  # noqa: SLF001 - its public place
        for block in transformer.transformer_blocks:
            block.forward = self._guarded(block.forward)

    def _guarded(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        compiled = torch.compile(forward, fullgraph=True, dynamic=True)

        def run(*arguments: Any, **named: Any) -> Any:
            if self.active:
                try:
                    return compiled(*arguments, **named)
                except Exception as error:
                    if not _is_of_the_compiler(error):
                        raise
                    self._give_up(error)
            return forward(*arguments, **named)

        return run

    def _give_up(self, error: Exception) -> None:
        self.active = False
        sentence = str(error).strip().partition("\n")[0]
        _log.warning("The transformer runs uncompiled, since torch cannot compile it: %s", sentence)


def _is_of_the_compiler(error: Exception) -> bool:
    """Whether the compiler failed, and not what it compiled."""
    return type(error).__module__.startswith(("torch._dynamo", "torch._inductor"))


class CompileCache:
    """One file of compiled kernels in a folder, for one set of versions, device and speed-ups.

    Loading runs code that the file brings: the folder must be writable by workers alone.
    """

    def __init__(self, folder: Path, speedups: dict[str, Any]) -> None:
        on_cuda = torch.cuda.is_available()
        made_for = {
            "python": platform.python_version(),
            **versions("torch", "triton", "diffusers", "peft"),
            "device": torch.cuda.get_device_name() if on_cuda else platform.machine(),
            **speedups,
        }
        digest = hashlib.sha256(json.dumps(made_for, sort_keys=True).encode()).hexdigest()
        self._made_for = ", ".join(f"{name} {value}" for name, value in made_for.items())
        self.path = folder / f"{digest[:32]}{_SUFFIX}"
        self.loaded = False

    def load(self) -> None:
        """Make the kernels of an earlier process known; without them, they are compiled anew."""
        if not self.path.is_file():
            others = len(list(self.path.parent.glob(f"*{_SUFFIX}")))
            _log.info(
                "The compile cache %s has no file for %s (%d for others): kernels are compiled anew",
                *(self.path.parent, self._made_for, others),
            )
            return
        try:
            self.loaded = torch.compiler.load_cache_artifacts(self.path.read_bytes()) is not None
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes it raise
            _log.warning(
                "The compile cache %s cannot be read (%s): kernels are compiled anew", self.path, error
            )
            return
        if not self.loaded:
            _log.warning("The compile cache %s is damaged: kernels are compiled anew", self.path)

    def save(self) -> None:
        """Keep what this process has compiled, unless it found all of it; an error is only logged."""
        if self.loaded:
            return
        artifacts = torch.compiler.save_cache_artifacts()
        if artifacts is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_suffix(f".{os.getpid()}")
            part.write_bytes(artifacts[0])
            part.replace(self.path)
        except OSError as error:
            _log.warning("The compile cache %s cannot be written: %s", self.path, error)
            return
        _log.info("The compile cache %s has %.1f MB of kernels now", self.path, len(artifacts[0]) / 1e6)
