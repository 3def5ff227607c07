"""Our own engine behind NVIDIA's Triton Inference Server, with the model repository of deploy/triton."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qie_batch.engines.triton.options import OPTIONS, TritonOptions, engine_info
from qie_batch.errors import Misconfigured
from qie_batch.remote.params import check_range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.model import EditParams, EngineInfo, ImageHeader
    from qie_batch.remote.engine import RemoteEngine

__all__ = ["OPTIONS", "check", "create", "info"]


def info(options: Mapping[str, Any]) -> EngineInfo:
    return engine_info(TritonOptions.of(options))


def check(params: EditParams, _images: Sequence[ImageHeader]) -> None:
    """Rejected for what no engine of the model takes."""
    check_range(params)


def create(options: Mapping[str, Any]) -> RemoteEngine:
    """The engine, once a server has made a tiny edit.

    Misconfigured without an address or the client's package; Unavailable if no server works.
    """
    chosen = TritonOptions.of(options)
    if not chosen.urls:
        raise Misconfigured(
            "the triton engine has no server",
            hint="name one or more in QIE_TRITON_URLS, as grpc://host:8001, by commas",
        )
    if find_spec("tritonclient") is None:
        raise Misconfigured(
            "the triton engine needs tritonclient, which is not installed",
            hint="pip install 'qie-batch[triton]'",
        )
    from qie_batch.engines.triton.asking import open_triton  # noqa: PLC0415 - submit needs no gRPC

    return open_triton(engine_info(chosen), chosen)
