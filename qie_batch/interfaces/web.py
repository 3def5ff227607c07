"""What is asked of addresses that users write: images that a manifest names, webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from qie_batch.model import Webhook, WebhookAnswer


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


class WebhookSender(Protocol):
    """Used by several threads at a time."""

    def send(self, webhook: Webhook, secrets: Sequence[str], now: float) -> WebhookAnswer:
        """One attempt, signed with each of the secrets, at `now` (seconds since 1970).

        Rejected for an address that webhooks may not be sent to, Unavailable without an answer.
        """
