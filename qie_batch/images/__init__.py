"""Decoding of untrusted bytes to upright RGB or RGBA, fitting to the engine's sizes and back, encoding."""

from qie_batch.images.colour import on_white
from qie_batch.images.decoding import DEFAULT_LIMITS, Limits, check_length, decode, inspect
from qie_batch.images.difference import share_changed
from qie_batch.images.encoding import encode, thumbnail_jpeg
from qie_batch.images.limits import check_limits
from qie_batch.images.sizes import Fitted, fit

__all__ = [
    "DEFAULT_LIMITS",
    "Fitted",
    "Limits",
    "check_length",
    "check_limits",
    "decode",
    "encode",
    "fit",
    "inspect",
    "on_white",
    "share_changed",
    "thumbnail_jpeg",
]
