"""From untrusted bytes to an upright RGB picture, to the engine's size and back, to encoded bytes."""

from qie_batch.images.encoding import encode, thumbnail_jpeg
from qie_batch.images.limits import check_limits
from qie_batch.images.opening import DEFAULT_LIMITS, Header, Limits, check_length, decode, inspect
from qie_batch.images.sizes import Fitted, fit

__all__ = [
    "DEFAULT_LIMITS",
    "Fitted",
    "Header",
    "Limits",
    "check_length",
    "check_limits",
    "decode",
    "encode",
    "fit",
    "inspect",
    "thumbnail_jpeg",
]
