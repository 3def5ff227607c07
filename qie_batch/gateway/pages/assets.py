"""Styles and scripts under names with their hash, which browsers keep for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import Response

from qie_batch import report
from qie_batch.errors import NotFound
from qie_batch.report import viewer

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(include_in_schema=False)

PREFIX = "/static/"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    #: With the hash inside.
    name: str
    data: bytes
    media_type: str


@router.get(PREFIX + "{name}")
def static(name: str) -> Response:
    asset = next((asset for asset in assets().values() if asset.name == name), None)
    if asset is None:
        raise NotFound(f"there is no file {name!r}", subject=name)
    return Response(asset.data, media_type=asset.media_type, headers={"Cache-Control": _FOREVER})


def address(name: str) -> str:
    """Where a browser gets the file of this plain name."""
    return PREFIX + assets()[name].name


@cache
def assets() -> Mapping[str, Asset]:
    """By plain name; the look is that of the report, with more on top."""
    files = {
        "report.css": resources.files(report).joinpath("style.css").read_bytes(),
        "viewer.css": viewer.style().encode(),
        "viewer.js": viewer.script().encode(),
    }
    for path in resources.files(__package__).joinpath("static").iterdir():
        files[path.name] = path.read_bytes()
    return {name: _asset(name, data) for name, data in files.items()}


def _asset(name: str, data: bytes) -> Asset:
    stem, _, suffix = name.rpartition(".")
    return Asset(f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{suffix}", data, _TYPES[suffix])
