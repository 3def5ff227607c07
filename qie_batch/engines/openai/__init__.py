"""Servers with OpenAI's image-edit API: vLLM-Omni, SGLang-Diffusion, OpenAI, another qie-batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qie_batch.engines.openai.options import OPTIONS, OpenAiOptions, engine_info
from qie_batch.errors import Misconfigured
from qie_batch.remote.params import check_range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.model import EditParams, EngineInfo, ImageHeader
    from qie_batch.remote.engine import RemoteEngine

__all__ = ["OPTIONS", "check", "create", "info"]


def info(options: Mapping[str, Any]) -> EngineInfo:
    return engine_info(OpenAiOptions.of(options))


def check(params: EditParams, _images: Sequence[ImageHeader]) -> None:
    """Rejected for what no server takes, and some answer with 500 or with another edit."""
    check_range(params)


def create(options: Mapping[str, Any]) -> RemoteEngine:
    """The engine, once a server has made a tiny edit.

    Misconfigured without an address, or if every server denies us; Unavailable if none works.
    """
    from qie_batch.engines.openai.wire import OpenAiWire  # noqa: PLC0415 - submit needs no HTTP
    from qie_batch.remote.opening import open_engine  # noqa: PLC0415 - likewise

    chosen = OpenAiOptions.of(options)
    if not chosen.urls:
        raise Misconfigured(
            "the openai engine has no server", hint="name one or more in QIE_OPENAI_URLS, by commas"
        )
    if chosen.dialect == "openai" and chosen.price_usd is None:
        raise Misconfigured(
            "the price of an image is not known", hint="set QIE_OPENAI_PRICE_USD to the USD of one image"
        )
    return open_engine(
        info=engine_info(chosen),
        wire=OpenAiWire(chosen),
        urls=chosen.urls,
        in_flight=chosen.in_flight,
        seconds=chosen.deadline_seconds,
    )
