"""The model's parts as ONNX files, compared with what torch computes, and the way from there to TensorRT.

Needs the extras [gpu] and [export]. Measured with torch 2.13, diffusers 0.42.1, transformers 5.23 and
onnxruntime 1.32: complex rotary embeddings, and windows that depend on data, cannot be exported: both are
inputs here.
"""

from importlib.util import find_spec

from qie_batch.engines.qwen.export.request import PARTS, ExportReport, ExportRequest, PartReport
from qie_batch.errors import Misconfigured

__all__ = ["PARTS", "ExportReport", "ExportRequest", "PartReport", "export_onnx"]

_NEEDS = ("torch", "diffusers", "transformers", "onnx", "onnxruntime", "onnxscript")


def export_onnx(request: ExportRequest) -> ExportReport:
    """Write one ONNX file for each part, and export.json beside them.

    Misconfigured if weights or packages are missing, Conflict if the folder is in use, Unavailable (no_room)
    if it cannot be written.
    """
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise Misconfigured(
            f"an export needs {', '.join(missing)}",
            hint="install the extras: pip install 'qie-batch[gpu,export]'",
        )
    from qie_batch.engines.qwen.export.writing import write  # noqa: PLC0415 - loads torch

    return write(request)
