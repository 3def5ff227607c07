"""Compiled kernels that workers of several hosts share."""

from __future__ import annotations

import logging
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.errors import QieError
from qie_batch.keys import S3
from qie_batch.wiring import services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import ObjectStore
    from qie_batch.settings import Settings

_log = logging.getLogger(__name__)


@contextmanager
def local_compile_cache(settings: Settings) -> Iterator[str]:
    """The folder that QIE_COMPILE_CACHE names; of an address below s3://, a copy whose new files go there.

    Without the store, or with objects that cannot be read, an engine compiles anew: that is only logged.
    """
    address = settings.compile_cache
    if not address.startswith(S3):
        yield address
        return
    from qie_batch.stores.s3 import S3Store

    bucket, _, prefix = address.removeprefix(S3).partition("/")
    prefix = prefix.rstrip("/") + "/" if prefix else ""
    store = S3Store(services.s3(settings), bucket)
    with tempfile.TemporaryDirectory(prefix="qie-compiled-") as name:
        folder = Path(name)
        found = _fetch(store, prefix, folder)
        yield name
        _put(store, prefix, [path for path in folder.iterdir() if path.name not in found])


def _fetch(store: ObjectStore, prefix: str, folder: Path) -> set[str]:
    try:
        for stored in store.list(prefix):
            name = stored.key.removeprefix(prefix)
            if name and "/" not in name:
                (folder / name).write_bytes(store.get(stored.key))
    except QieError as error:
        _log.warning("Compiled kernels cannot be fetched: %s", error.message)
    return {path.name for path in folder.iterdir()}


def _put(store: ObjectStore, prefix: str, files: list[Path]) -> None:
    try:
        for path in files:
            store.put(prefix + path.name, path.read_bytes(), "application/octet-stream")
    except QieError as error:
        _log.warning("Compiled kernels cannot be put into the store: %s", error.message)
