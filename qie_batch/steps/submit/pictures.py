"""The pictures that a manifest names: found, checked and hashed once each."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, Unavailable
from qie_batch.model import BadRow
from qie_batch.steps.submit.sources import LENGTH
from qie_batch.steps.submit.verdicts import Checked, Verdicts
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.model import ManifestRow
    from qie_batch.steps.submit.sources import Sources

#: Pictures read at a time: enough to hide the disk or the network, few enough to hold in memory.
AT_A_TIME = 8


def picture_names(rows: Iterable[ManifestRow | BadRow]) -> Iterator[str]:
    """Every picture that the rows name, in their order."""
    for row in rows:
        if not isinstance(row, BadRow):
            yield from row.images


class Pictures:
    def __init__(self, sources: Sources, limits: Limits) -> None:
        self._sources = sources
        self._limits = limits
        self._verdicts = Verdicts()

    def check(self, names: Iterable[str], decoders: DecoderPool) -> Iterator[str]:
        """Read and check each picture once, several at a time; yields the names as they are done."""
        new = (name for name in names if self._verdicts.expect(name))
        with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="pictures") as pool:
            while some := list(islice(new, AT_A_TIME * 4)):
                verdicts = pool.map(lambda name: self._checked(name, decoders), some)
                for name, checked in zip(some, verdicts, strict=True):
                    self._verdicts.remember(name, checked)
                    yield name

    def __getitem__(self, name: str) -> Checked:
        return self._verdicts[name]

    def distinct(self) -> int:
        """Different pictures by content, those that cannot be edited left out."""
        return self._verdicts.distinct()

    def usable(self) -> Iterator[tuple[str, str, str]]:
        """Name, sha256 and content type of each different picture, once."""
        return self._verdicts.usable()

    def read(self, name: str) -> bytes:
        """The bytes; Rejected says why there are none."""
        return self._sources.read(name)

    def _checked(self, name: str, decoders: DecoderPool) -> Checked:
        try:
            data = self.read(name)
            kind, _, _ = decoders.inspect(data, self._limits)
        except Rejected as error:
            return Checked(code=error.code, reason=f"picture {quoted(name, LENGTH)}: {error.message}")
        except MemoryError as error:
            raise Unavailable(
                f"there is no memory left to read picture {quoted(name, LENGTH)}",
                code="no_memory",
                hint="end something else on this machine, then try again",
            ) from error
        return Checked(sha256=hashlib.sha256(data).hexdigest(), content_type=f"image/{kind.lower()}")
