"""Remote engines on servers of the test, with a deadline that a hanging server costs little of."""

from __future__ import annotations

from typing import Any

from qie_batch.engines import dashscope, openai

#: Seconds.
DEADLINE = 3.0
IMAGE_MICROS = 30_000
KEY = "sk-a-secret-of-the-test"


def openai_options(*urls: str, **changes: Any) -> dict[str, Any]:
    options = {"urls": urls, "key": KEY, "deadline_seconds": DEADLINE, "price_usd": IMAGE_MICROS / 1e6}
    return {f"openai_{name}": value for name, value in {**options, **changes}.items()}


def openai_engine(*urls: str, **changes: Any) -> Any:
    return openai.create(openai_options(*urls, **changes))


def dashscope_options(url: str, **changes: Any) -> dict[str, Any]:
    options = {"url": url, "key": KEY, "deadline_seconds": DEADLINE, "in_flight": 1}
    return {f"dashscope_{name}": value for name, value in {**options, **changes}.items()}


def dashscope_engine(url: str, **changes: Any) -> Any:
    return dashscope.create(dashscope_options(url, **changes))
