"""Results for a shop, and the parts of the model in other formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qie_batch.cli.display import note
from qie_batch.cli.export_images import images
from qie_batch.engines.qwen.export import PARTS, ExportRequest, export_onnx

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.engines.qwen import QwenOptions

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def export() -> None:
    """Write results as a shop takes them, or the parts of the model of `qwen` (QIE_MODEL)."""


export.add_command(images)


@export.command()
@_FOLDER
@click.option(
    "--part", "parts", type=click.Choice(PARTS), multiple=True, help="Only this one; again for more."
)
@click.option("--dtype", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True)
@click.option("--check/--no-check", default=True, help="Compare with torch, and make a whole edit.")
@click.pass_obj
def onnx(app: App, folder: Path, *, parts: tuple[str, ...], dtype: str, check: bool) -> None:
    """Write an ONNX file for each part, and export.json, which says how far it is from torch."""
    request = ExportRequest(
        options=_options(app),
        folder=folder,
        parts=tuple(part for part in PARTS if part in parts) or PARTS,
        dtype="bfloat16" if dtype == "bfloat16" else "float32",
        check=check,
        progress=note,
    )
    export_onnx(request)
    if check and dtype == "bfloat16":
        note("not compared: onnxruntime's CPU has no bfloat16")
    click.echo(folder / "export.json")


@export.command()
@_FOLDER
@click.pass_obj
def tensorrt(app: App, folder: Path) -> None:
    """Write the commands that build TensorRT engines of an ONNX export; run trtexec if it is installed."""
    from qie_batch.engines.qwen.export.tensorrt import export_tensorrt

    report = export_tensorrt(folder, _options(app).model)
    if report.built:
        note(f"built: {', '.join(report.built)}")
    else:
        note("nothing was built: trtexec is not installed here; run the script where the GPU is")
    click.echo(report.script)


def _options(app: App) -> QwenOptions:
    from qie_batch import wiring
    from qie_batch.engines.qwen import QwenOptions

    return QwenOptions.of(wiring.InstalledEngines(app.settings).options("qwen"))
