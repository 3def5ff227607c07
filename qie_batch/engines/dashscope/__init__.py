"""Alibaba Cloud's hosted qwen-image-edit (Model Studio, DashScope's API), by its documented shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qie_batch.engines.dashscope.options import OPTIONS, DashScopeOptions, check_params, engine_info
from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.model import EditParams, EngineInfo, ImageHeader
    from qie_batch.remote.engine import RemoteEngine

__all__ = ["OPTIONS", "check", "create", "info"]


def info(options: Mapping[str, Any]) -> EngineInfo:
    return engine_info(DashScopeOptions.of(options))


def check(params: EditParams, _images: Sequence[ImageHeader]) -> None:
    """Rejected for a seed or a text out of the range that the service documents."""
    check_params(params)


def create(options: Mapping[str, Any]) -> RemoteEngine:
    """No edit is made for a test, as each is paid for. Misconfigured without a key or a known model."""
    from qie_batch.engines.dashscope.wire import DashScopeWire  # noqa: PLC0415 - submit needs no HTTP
    from qie_batch.remote.opening import open_engine  # noqa: PLC0415 - likewise

    chosen = DashScopeOptions.of(options)
    if not chosen.key:
        raise Misconfigured("the dashscope engine has no key", hint="set QIE_DASHSCOPE_KEY")
    chosen.check_model()
    return open_engine(
        info=engine_info(chosen),
        wire=DashScopeWire(chosen),
        urls=(chosen.url,),
        in_flight=chosen.in_flight,
        seconds=chosen.deadline_seconds,
    )
