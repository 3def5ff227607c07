"""Servers that edit for us: any with OpenAI's image-edit API, and Alibaba Cloud's."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import NoDecode


class RemoteEngineSettings(BaseModel):
    #: Addresses of the servers, separated by commas; all run the same model.
    openai_urls: Annotated[tuple[str, ...], NoDecode] = ()
    openai_key: SecretStr | None = None
    #: Sent with each edit; empty sends none.
    openai_model: str = ""
    openai_dialect: Literal["vllm-omni", "sglang", "openai", "qie-batch"] = "vllm-omni"
    #: Part of the cache key: change it when the servers' weights change.
    openai_revision: str = "1"
    #: Edits at a time on one server.
    openai_in_flight: int = Field(default=1, ge=1, le=64)
    #: Of one edit, from the request to the last byte of its answer.
    openai_deadline_seconds: float = Field(default=300.0, gt=0)
    #: USD for each image; without it an edit costs its seconds on `openai_price_device`.
    openai_price_usd: float | None = Field(default=None, ge=0)
    #: Empty takes `expected_device`.
    openai_price_device: str = ""
    #: Where SGLang draws its noise: "cpu" on a server without CUDA. Empty leaves it to the server.
    openai_generator_device: str = ""

    #: grpc://host:port of the servers, or grpcs:// with TLS, separated by commas; all serve the same engine.
    triton_urls: Annotated[tuple[str, ...], NoDecode] = ()
    #: The engine that they serve.
    triton_serves: Literal["qwen", "classic"] = "qwen"
    #: Part of the cache key: change it when the servers' weights change.
    triton_revision: str = "1"
    triton_in_flight: int = Field(default=1, ge=1, le=64)
    triton_deadline_seconds: float = Field(default=300.0, gt=0)
    #: Empty takes `expected_device`.
    triton_price_device: str = ""

    dashscope_key: SecretStr | None = None
    #: Of Singapore; Beijing's is https://dashscope.aliyuncs.com, and each has keys of its own.
    dashscope_url: str = "https://dashscope-intl.aliyuncs.com"
    dashscope_model: str = "qwen-image-edit-plus"
    dashscope_in_flight: int = Field(default=2, ge=1, le=64)
    dashscope_deadline_seconds: float = Field(default=300.0, gt=0)
    #: USD for each image, in place of the list's.
    dashscope_price_usd: float | None = Field(default=None, ge=0)

    @field_validator("openai_urls", "triton_urls", mode="before")
    @classmethod
    def _split_urls(cls, value: object) -> object:
        return re.findall(r"[^,\s]+", value) if isinstance(value, str) else value

    @field_validator("triton_urls")
    @classmethod
    def _check_triton(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not re.fullmatch(r"grpcs?://[^/@?#\s]+:[0-9]{1,5}", url):
                raise ValueError("write grpc:// or grpcs://, the host and the port: grpc://gpu-1:8001")
        return value

    @field_validator("openai_urls", "dashscope_url")
    @classmethod
    def _check_urls(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        """Without the end that a person copies along with an address."""
        if isinstance(value, tuple):
            return tuple(_server(url) for url in value)
        return _server(value)


def _server(url: str) -> str:
    if not re.fullmatch(r"https?://[^/@?#\s]+(?:/[^?#@\s]*)?", url):
        raise ValueError("write http:// or https://, the host and the port, without a login")
    return re.sub(r"/(?:v1/?)?$", "", url)
