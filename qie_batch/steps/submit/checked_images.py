"""The images that a manifest names: found, checked and hashed once each."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, Unavailable
from qie_batch.keys import is_web
from qie_batch.steps.submit.image_checks import ImageCheck, ImageChecks
from qie_batch.steps.submit.lanes import Lanes
from qie_batch.steps.submit.sources import LENGTH
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.steps.submit.sources import ImageSources

#: Images read at a time from disk and store: enough to hide them, few enough to hold in memory.
AT_A_TIME = 8
#: From the web, of one host; and from everywhere together.
OF_A_HOST, TOGETHER = 4, 16


class CheckedImages:
    """The checks are forgotten at `close`.

    `accepted` is called with the name, the bytes and the check of each image that can be edited.
    """

    def __init__(
        self,
        sources: ImageSources,
        limits: Limits,
        accepted: Callable[[str, bytes, ImageCheck], None] = lambda *_: None,
    ) -> None:
        self._sources = sources
        self._limits = limits
        self._accepted = accepted
        self._checks = ImageChecks()
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="images")

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._checks.close()

    def check(self, names: Iterable[str], decoders: DecoderPool) -> Iterator[str]:
        """Read and check each image once, several at a time; yields the new names as they are done."""
        new = (name for name in names if self._checks.expect(name))
        lanes = Lanes(self._pool, lambda name: self._checked(name, decoders), _lane_of)
        for name, check in lanes.run(new):
            self._checks.remember(name, check)
            yield name

    def __getitem__(self, name: str) -> ImageCheck:
        return self._checks[name]

    def unended(self) -> tuple[int, str]:
        """As `ImageChecks.unended`."""
        return self._checks.unended()

    def distinct(self) -> int:
        """Different images by content, those that cannot be edited left out."""
        return self._checks.distinct()

    def usable(self) -> Iterator[tuple[str, str, str]]:
        """Name, sha256 and content type of each different image, once."""
        return self._checks.usable()

    def usable_on_web(self) -> Iterator[str]:
        """Addresses of the images on the web that can be edited."""
        return self._checks.usable_on_web()

    def read(self, name: str) -> bytes:
        """The bytes; Rejected says why there are none."""
        return self._sources.read(name)

    def _checked(self, name: str, decoders: DecoderPool) -> ImageCheck:
        try:
            data = self.read(name)
            header = decoders.inspect(data, self._limits)
        except Rejected as error:
            return ImageCheck(code=error.code, reason=f"picture {quoted(name, LENGTH)}: {error.message}")
        except MemoryError as error:
            raise Unavailable(
                f"there is no memory left to read picture {quoted(name, LENGTH)}",
                code="no_memory",
                hint="end something else on this machine, then try again",
            ) from error
        check = ImageCheck(sha256=hashlib.sha256(data).hexdigest(), **header._asdict())
        self._accepted(name, data, check)
        return check


def _lane_of(name: str) -> tuple[str, int]:
    """The host of an address; how an address is refused that has none is for the fetcher to say."""
    return (name.split("/")[2].lower(), OF_A_HOST) if is_web(name) else ("", AT_A_TIME)
