"""Keeps what was computed for one edit for the next ones with the same content."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from PIL import Image

T = TypeVar("T")


class Memo:
    """At most so many values by key; the one that was used longest ago is dropped first."""

    def __init__(self, entries: int) -> None:
        """With 0 entries every value is computed anew."""
        self._entries = entries
        self._values: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]  # type: ignore[return-value] # a key belongs to one kind of value
        value = compute()
        if self._entries:
            self._values[key] = value
            while len(self._values) > self._entries:
                self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        self._values.clear()


def content_of(image: Image.Image) -> str:
    """A name for the pixels of an RGB image: its size and the BLAKE2b hash of its bytes."""
    return f"{image.width}x{image.height} {hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest()}"
