"""Images on the wire: PNG to the server; any format from it, decoded in a process without rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qie_batch.errors import Rejected
from qie_batch.images import Limits, encode, on_white
from qie_batch.images.kinds import recognise
from qie_batch.images.sandbox import DecoderPool
from qie_batch.images.scaling import scaled
from qie_batch.images.sizes import inside
from qie_batch.model import OutputFormat

if TYPE_CHECKING:
    from PIL.Image import Image

#: Longest side of a reference; the model looks at each at about one megapixel.
_REFERENCE_SIDE = 2048
_DECODERS = 3


class Decoded(NamedTuple):
    image: Image
    #: "JPEG", "PNG" or "WEBP".
    kind: str


class Undecodable(Exception):
    """The bytes are no image."""


class ImageCodec:
    def __init__(self, processes: int) -> None:
        self._decoders = DecoderPool(processes=min(processes, _DECODERS))
        self._limits = Limits()

    def close(self) -> None:
        self._decoders.close()

    def png(self, image: Image) -> bytes:
        return encode(image, OutputFormat.PNG)[0]

    def reference_png(self, image: Image) -> bytes:
        """Scaled down if it is larger than any model looks at."""
        if max(image.size) > _REFERENCE_SIDE:
            image = scaled(image, inside(image.size, (_REFERENCE_SIDE, _REFERENCE_SIDE)))
        return self.png(image)

    def decode(self, data: bytes) -> Decoded:
        """RGB; raises Undecodable, and Unavailable if no decoder can be started."""
        try:
            return Decoded(on_white(self._decoders.decode(data, self._limits)), recognise(data))
        except Rejected as error:
            raise Undecodable(error.message) from error
