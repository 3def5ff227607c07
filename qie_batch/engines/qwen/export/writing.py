"""Writes the ONNX files and what is known of them."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import logging
import warnings
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import torch

from qie_batch.engines.qwen.export.comparison import largest_difference, whole_edit
from qie_batch.engines.qwen.export.parts import BUILDERS
from qie_batch.engines.qwen.export.request import ExportReport, PartReport
from qie_batch.engines.qwen.export.ropes import real_ropes
from qie_batch.engines.qwen.weights import find_weights
from qie_batch.errors import Conflict, no_room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qie_batch.engines.qwen.export.exportable import Exportable
    from qie_batch.engines.qwen.export.request import ExportRequest

#: The first opset of ONNX with all operators that torch 2.13 writes for these parts.
OPSET = 20
REPORT = "export.json"
_PACKAGES = ("torch", "diffusers", "transformers", "onnx", "onnxscript", "onnxruntime")
_EDITS = {"transformer", "vae_encoder", "vae_decoder"}


def write(request: ExportRequest) -> ExportReport:
    weights = find_weights(request.options.model, request.options.revision)
    folder = request.folder
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty", hint="name a folder that is not there, or an empty one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        report = _write_parts(request, weights)
        (folder / REPORT).write_text(json.dumps(_described(request, report), indent=2) + "\n")
    except OSError as error:
        raise no_room(error) from error
    return report


def _write_parts(request: ExportRequest, weights: Path) -> ExportReport:
    parts = tuple(_write_part(name, request, weights) for name in request.parts)
    difference = None
    if request.check and request.dtype == "float32" and set(request.parts) >= _EDITS:
        difference = whole_edit(weights, request.folder)
        request.progress(f"a whole edit in onnxruntime differs from torch by at most {difference} of 255")
    return ExportReport(parts=parts, whole_edit=difference, versions=dict(_versions()))


def _write_part(name: str, request: ExportRequest, weights: Path) -> PartReport:
    part = BUILDERS[name](weights, torch.bfloat16 if request.dtype == "bfloat16" else torch.float32)
    path = request.folder / f"{name}.onnx"
    nodes = _export(part, path)
    difference = magnitude = None
    if request.check and request.dtype == "float32":
        difference, magnitude = largest_difference(path, part)
    data = path.with_suffix(".onnx.data")
    files = [path, *([data] if data.exists() else [])]
    report = PartReport(
        name=name,
        file=path.name,
        nodes=nodes,
        size=sum(file.stat().st_size for file in files),
        sha256=_sha256(path),
        inputs={each: _shape(part, each) for each in part.dynamic},
        max_abs=difference,
        magnitude=magnitude,
    )
    del part
    gc.collect()  # the next part needs the memory
    request.progress(_sentence(report))
    return report


def _export(part: Exportable, path: Path) -> int:
    """The number of nodes."""
    first = part.samples[0]
    with _quiet(), real_ropes():
        program = torch.onnx.export(
            part.module,
            tuple(first.values()),
            dynamo=True,
            input_names=list(first),
            output_names=["out"],
            dynamic_shapes=dict(part.dynamic),
            opset_version=OPSET,
            verbose=False,
        )
        program.save(path, external_data=True)
    return len(list(program.model.graph))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's notes on each operator."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _shape(part: Exportable, name: str) -> str:
    sizes = part.samples[0][name].shape
    symbols = part.dynamic[name]
    return ", ".join(str(getattr(symbols.get(axis), "__name__", size)) for axis, size in enumerate(sizes))


def _sentence(report: PartReport) -> str:
    size = f"{report.size / 1e6:.1f} MB, {report.nodes} nodes"
    if report.max_abs is None:
        return f"{report.file}: {size}; not compared"
    difference = f"at most {report.max_abs:.1e} (of {report.magnitude:.3g})"
    return f"{report.file}: {size}; differs from torch by {difference}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            yield package, version(package)


def _described(request: ExportRequest, report: ExportReport) -> dict[str, Any]:
    return {
        "model": request.options.model,
        "revision": request.options.revision,
        "dtype": request.dtype,
        "opset": OPSET,
        "compared": request.check and request.dtype == "float32",
        **asdict(report),
    }
