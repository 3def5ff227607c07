"""Uploads that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.keys import UPLOADS, S3Address
from qie_batch.steps.uploads.upload import KEPT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.interfaces import ObjectStore


def remove_old(store: ObjectStore, catalogs: Iterable[str], now: float) -> int:
    """Delete every object of an upload that is a day old; says how many.

    Uploads stay whose files are among `catalogs`, the addresses that schedules submit.
    """
    needed = {_upload_of(S3Address.split(catalog).key) for catalog in catalogs}
    old = [
        stored.key
        for stored in store.list(UPLOADS)
        if stored.modified < now - KEPT_SECONDS and _upload_of(stored.key) not in needed
    ]
    for key in old:
        store.delete(key)
    return len(old)


def _upload_of(key: str) -> str:
    """The first three parts of the key: uploads, owner, id."""
    return "/".join(key.split("/", 3)[:3])
