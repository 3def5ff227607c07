"""Catalogs with images as programs send them to the gateway."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "id,image,instruction"
WHITE = "Make the picture brighter"


def png(colour: str = "red", size: tuple[int, int] = (96, 64)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def csv(*rows: str) -> bytes:
    """With the header; a row is `id,image,instruction`."""
    return "\n".join((HEADER, *rows, "")).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()
