"""How large an input image may be."""

from __future__ import annotations

from pydantic import BaseModel


class LimitSettings(BaseModel):
    max_pixels: int = 64_000_000
    max_side: int = 12_000
    max_bytes: int = 50_000_000
