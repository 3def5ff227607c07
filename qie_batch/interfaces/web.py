"""Images at web addresses that a manifest names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing import BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a server said of an image, by which it tells later whether the image has changed."""

    #: sha256 of the address that sent the image: after redirects, and without showing a signature in it.
    sender: str
    #: Values of the headers of these names, "" without one.
    etag: str = ""
    last_modified: str = ""


class WebImages(Protocol):
    """Images at https:// addresses of servers that may be asked. Used by several threads at a time."""

    def fetch(self, address: str, file: BinaryIO, known: Version | None = None) -> Version | None:
        """Write the image to the empty file; None if it is still the known version, with nothing written.

        Rejected says why there is no image; OSError is the file's.
        """

    def close(self) -> None:
        """End the connections; a `fetch` that waits raises Rejected."""
