"""Decoding of untrusted bytes to upright RGB or RGBA, fitting to the engine's sizes and back, encoding."""

from qie_batch.images.colour import off_white, on_white
from qie_batch.images.decoding import DEFAULT_LIMITS, Limits, check_length, decode, inspect
from qie_batch.images.difference import share_changed
from qie_batch.images.encoding import encode, thumbnail_jpeg
from qie_batch.images.limits import check_limits, check_result
from qie_batch.images.png_files import PngEffort
from qie_batch.images.sizes import MIN_SIDE, Fitted, fit, inside, letterboxed

__all__ = [
    "DEFAULT_LIMITS",
    "MIN_SIDE",
    "Fitted",
    "Limits",
    "PngEffort",
    "check_length",
    "check_limits",
    "check_result",
    "decode",
    "encode",
    "fit",
    "inside",
    "inspect",
    "letterboxed",
    "off_white",
    "on_white",
    "share_changed",
    "thumbnail_jpeg",
]
