"""Where a manifest's images come from, and which of them it may name."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch import images
from qie_batch.errors import Rejected, StoreUnavailable
from qie_batch.keys import S3, S3Address, is_web
from qie_batch.steps.submit.files import open_regular
from qie_batch.steps.submit.similar import Similar
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import ObjectReader


#: Characters of a path or an address in a sentence.
LENGTH = 200


class ImageSources:
    """`folder` is where relative paths start: a folder here, or an s3://bucket/prefix.

    A catalog in S3 may name nothing here, and a `confined` one nothing here outside its folder: who wrote it
    need not have any right on this machine. `bucket` gives the store of an s3:// address; it raises Rejected
    for a bucket that must not be read. `web` gives the bytes at an https:// address.
    """

    def __init__(
        self,
        folder: str,
        bucket: Callable[[str], ObjectReader],
        limits: images.Limits,
        web: Callable[[str], bytes],
        *,
        confined: bool = False,
    ) -> None:
        self._folder = folder
        self._bucket = bucket
        self._limits = limits
        self._web = web
        self._confined = confined
        self._similar = Similar()

    def read(self, name: str) -> bytes:
        """The bytes of one image; Rejected says why there are none."""
        if is_web(name):
            return self._web(name)
        if name.startswith(S3):
            return self._from_store(name)
        if self._folder.startswith(S3):
            if name.startswith("/"):
                raise Rejected(
                    "a catalog in S3 names pictures in S3: write a path that starts at the catalog's folder,"
                    " or s3://bucket/key",
                    code="image_address",
                )
            return self._from_store(f"{self._folder.rstrip('/')}/{name.strip().removeprefix('./')}")
        return self._from_disk(name)

    def _from_store(self, address: str) -> bytes:
        place = S3Address.split(address)
        try:
            return self._bucket(place.bucket).get(place.key, max_bytes=self._limits.max_bytes)
        except Rejected as error:
            if error.code != "object_too_large":
                raise
            raise Rejected(error.message, code="image_too_large") from error
        except StoreUnavailable as error:
            if error.code not in {"bucket_missing", "store_denied"}:
                raise
            raise Rejected(
                f"bucket {quoted(place.bucket)} is not there or must not be read", code="image_missing"
            ) from error

    def _from_disk(self, name: str) -> bytes:
        for spelled in _spellings(name):
            path = Path(self._folder) / spelled
            if self._confined:
                path = self._inside(path)
            with suppress(FileNotFoundError):
                return self._content(path)
            if same := self._similar.same(path):
                return self._content(self._inside(same) if self._confined else same)
        path = Path(self._folder) / name.strip()
        if self._confined:
            path = self._inside(path)
        raise Rejected(
            f"there is no such file (looked for {quoted(str(path.absolute()), LENGTH)});"
            f" {self._similar.advice(path, name.strip())}",
            code="image_missing",
        )

    def _content(self, path: Path) -> bytes:
        try:
            with open_regular(path) as file:
                images.check_length(os.fstat(file.fileno()).st_size, self._limits)
                data = file.read(self._limits.max_bytes + 1)
        except FileNotFoundError:
            raise
        except IsADirectoryError:
            raise Rejected("this is a folder; name a file in it", code="image_missing") from None
        except OSError as error:
            raise Rejected(f"the file cannot be read: {error.strerror}", code="image_unreadable") from error
        images.check_length(len(data), self._limits)
        return data

    def _inside(self, path: Path) -> Path:
        """Where the path leads, links followed."""
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(os.path.realpath(self._folder)):
            raise Rejected(
                "a scheduled catalog names pictures in its own folder or below: put this one there",
                code="image_address",
            )
        return real


def is_file(folder: str, name: str) -> bool:
    """Whether the name is that of one file in the folder or below it."""
    if folder.startswith(S3):
        return False
    real = os.path.realpath(Path(folder) / name)
    return Path(real).is_relative_to(os.path.realpath(folder)) and os.path.isfile(real)  # noqa: PTH113 - no error


def _spellings(name: str) -> list[str]:
    """The name, then what it means where no file has it to the letter."""
    plain = name.strip()
    slashed = plain.replace("\\", "/")
    return list(dict.fromkeys((name, plain, slashed)))
