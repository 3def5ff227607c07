"""The images of one item: what was given and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from qie_batch.errors import NotFound
from qie_batch.images.kinds import recognise
from qie_batch.keys import input_key
from qie_batch.naming import file_name

if TYPE_CHECKING:
    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import ObjectReader
    from qie_batch.model import Item

Which = Literal["before", "after"]

#: For how long the address of an image in the store holds.
LINK_SECONDS = 3600
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    #: Of its object.
    key: str
    #: Hex; changes with the bytes.
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownImage:
    data: bytes
    content_type: str


def image_of(item: Item, which: Which) -> StoredImage:
    """NotFound for an item that has none."""
    if which == "after" and item.result:
        return StoredImage(key=item.result.object_key, sha256=item.result.sha256)
    if which == "before" and item.spec:
        sha256 = item.spec.inputs[0]
        return StoredImage(key=input_key(sha256), sha256=sha256)
    raise NotFound(
        f"item {item.id} has no {'result' if which == 'after' else 'picture'}",
        code="image_missing",
        hint="wait until it succeeded" if which == "after" else "",
        subject=item.id,
    )


def shown(image: StoredImage, store: ObjectReader) -> ShownImage:
    """As it is stored."""
    data = store.get(image.key)
    return ShownImage(data=data, content_type=f"image/{recognise(data).lower()}")


def preview(
    image: StoredImage, side: int, store: ObjectReader, decoders: DecoderPool, limits: Limits
) -> ShownImage:
    """A JPEG of at most `side` pixels, on white where the image is transparent."""
    data = store.get(image.key)
    small = decoders.thumbnail_jpeg(data, side, replace(limits, max_bytes=len(data)))
    return ShownImage(data=small, content_type="image/jpeg")


def download_name(item: Item, content_type: str) -> str:
    """A file name of the row's id."""
    return file_name(
        "{id}", row_id=item.row_id, variant=item.variant, fields={}, extension=EXTENSIONS[content_type]
    )
