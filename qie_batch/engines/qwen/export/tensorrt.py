"""From ONNX files to TensorRT, on a machine with the GPU that the engine is for.

An engine can be built on the architecture alone that it runs on. Two ways, both NVIDIA's own programs:

* `trtexec` builds the VAE's files, where the gain is: encoding 66 -> 33 ms and decoding 104 -> 50 ms on an
  H100 (LightX2V, pull request 909). TensorRT 11 is strongly typed only: the ONNX file decides the precision,
  and `--fp16` would be ignored.
* `trtmc` (TensorRT Model Connect) builds the whole pipeline from its weights. Its recipe is declared for
  Edit-2511, of the same pipeline class. The transformer gains 16 % (QwenLM/Qwen-Image issue 273).
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "build_tensorrt.sh"
#: Pixels: the smallest, a usual and the largest size of one engine with a dynamic shape.
_SIDES = (512, 1024, 1664)


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRtReport:
    script: Path
    #: Engines that were built here; empty where trtexec is not installed.
    built: tuple[str, ...] = ()


def export_tensorrt(folder: Path, model: str) -> TensorRtReport:
    """Write the commands for what `export onnx` wrote to the folder, and run those of trtexec if it is here.

    NotFound without the VAE's files, Unavailable if trtexec fails.
    """
    commands = [vae_command(folder, name) for name in ("vae_encoder", "vae_decoder")]
    for name in ("vae_encoder", "vae_decoder"):
        if not (folder / f"{name}.onnx").is_file():
            raise NotFound(
                f"{folder} has no {name}.onnx", hint="run `qie-batch export onnx` with this folder first"
            )
    script = folder / SCRIPT
    script.write_text(_text([*commands, ["trtmc", "build", model, "-o", "qwen-image-edit.bundle"]]))
    script.chmod(0o755)
    if not shutil.which("trtexec"):
        return TensorRtReport(script=script)
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            raise Unavailable(
                f"trtexec ended with code {done.returncode}: {(done.stdout + done.stderr)[-500:]}",
                code="tensorrt_failed",
            )
    return TensorRtReport(script=script, built=("vae_encoder.plan", "vae_decoder.plan"))


def vae_command(folder: Path, name: str) -> list[str]:
    """One engine for all sizes; latents have an eighth of the pixels' sides and 16 channels."""
    dynamic = "image" if name == "vae_encoder" else "latent"

    def shape(side: int) -> str:
        return f"{dynamic}:1x3x1x{side}x{side}" if dynamic == "image" else _latent(dynamic, side)

    least, usual, most = map(shape, _SIDES)
    return [
        "trtexec",
        f"--onnx={folder / name}.onnx",
        "--stronglyTyped",
        f"--minShapes={least}",
        f"--optShapes={usual}",
        f"--maxShapes={most}",
        f"--saveEngine={folder / name}.plan",
    ]


def _latent(name: str, side: int) -> str:
    return f"{name}:1x16x1x{side // 8}x{side // 8}"


def _text(commands: list[list[str]]) -> str:
    lines = "\n".join(shlex.join(command) for command in commands)
    return f"#!/bin/sh\n# On a machine with the GPU that the engines are for.\nset -eu\n{lines}\n"
