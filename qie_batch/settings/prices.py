"""What a device costs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class PriceSettings(BaseModel):
    market: Literal["on_demand", "spot"] = "on_demand"
    #: USD an hour by part of the device's name, searched before the built-in table.
    prices: dict[str, float] = Field(default_factory=dict)
    #: The device that qwen is expected on: for estimates without a history.
    expected_device: str = "H100"
