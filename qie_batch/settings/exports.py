"""Channels of one's own, and what enlarges images for them."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the annotation

from pydantic import BaseModel


class ExportSettings(BaseModel):
    #: A channel's TOML file, or a folder of them; they precede those that ship.
    channels: Path | None = None
    #: A dotted module with a function `upscale(image, size)`; "" enlarges by Lanczos.
    upscaler: str = ""
