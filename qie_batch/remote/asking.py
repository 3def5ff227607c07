"""One edit asked of one server: call, answer, download, image."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from qie_batch.remote.calls import NoAnswer, NotConnected
from qie_batch.remote.connection import POLL_SECONDS
from qie_batch.remote.images import Undecodable
from qie_batch.remote.verdicts import Busy, Denied, Doubtful, Down, Linked, Refused, Returned, Unconnected

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.model import EditRequest
    from qie_batch.remote.calls import Http
    from qie_batch.remote.images import Decoded, ImageCodec
    from qie_batch.remote.verdicts import Wire

#: Downloads of a result at most: it is made and paid for. Each may take so many seconds.
_DOWNLOADS, _DOWNLOAD_SECONDS = 5, 60.0


@dataclass(frozen=True, slots=True)
class Painted:
    """An image of the size that was asked for."""

    decoded: Decoded
    #: What the server says of it.
    said: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        kind = self.decoded.kind
        return (
            self.said
            if kind == "PNG"
            else (*self.said, f"the server sent {kind}, which may have lost detail")
        )


Found: TypeAlias = Painted | Unconnected | Busy | Denied | Refused | Doubtful | Down


class Asker(Protocol):
    """How an edit is asked of a server, whatever the wire."""

    def ask(
        self,
        url: str,
        request: EditRequest,
        check: Callable[[], None],
        seconds: float,
        on_step: Callable[[int], None] = ...,
    ) -> Found:
        """What came of the edit; raises as `check`, which is called while the server works.

        `on_step` is told the steps of a server that reports them.
        """

    def close(self) -> None: ...


class HttpAsker:
    """`pause` is the number of seconds that is added before each further download of a result."""

    def __init__(self, wire: Wire, http: Http, codec: ImageCodec, pause: float = 1.0) -> None:
        self._wire = wire
        self._http = http
        self._codec = codec
        self._pause = pause

    def close(self) -> None:
        self._http.close()
        self._codec.close()

    def ask(
        self,
        url: str,
        request: EditRequest,
        check: Callable[[], None],
        seconds: float,
        on_step: Callable[[int], None] = lambda _number: None,  # noqa: ARG002 - no server reports steps
    ) -> Found:
        try:
            answer = self._http.call(url, self._wire.call(request, self._codec), seconds, check)
        except NotConnected as error:
            return Unconnected(f"no connection ({error})")
        except NoAnswer as error:
            return Down(str(error), "engine_timeout" if error.timed_out else "engine_failed")
        verdict = self._wire.read(answer, url)
        if isinstance(verdict, Linked):
            verdict = self._download(verdict, check)
        return decoded(self._codec, verdict, request) if isinstance(verdict, Returned) else verdict

    def _download(self, link: Linked, check: Callable[[], None]) -> Returned | Down:
        reason = ""
        for number in range(_DOWNLOADS):
            _wait(self._pause * number, check)
            try:
                answer = self._http.call(link.server, link.call, _DOWNLOAD_SECONDS, check)
            except (NotConnected, NoAnswer) as error:
                reason = str(error)
                continue
            if answer.status == 200:
                return Returned(answer.body)
            reason = f"{answer.status} instead of the result"
        return Down(f"the result was made and cannot be fetched: {reason}", "result_not_fetched")


def decoded(codec: ImageCodec, verdict: Returned, request: EditRequest) -> Painted | Doubtful:
    """The image of the answer, of the size that was asked for."""
    try:
        image = codec.decode(verdict.data)
    except Undecodable as error:
        return Doubtful(f"what it answers is no image ({error})", "engine_answer")
    asked = (request.width, request.height)
    if image.image.size != asked:
        width, height = image.image.size
        return Doubtful(
            f"its image has {width} x {height} pixels where {asked[0]} x {asked[1]} were asked for",
            "result_size",
        )
    return Painted(image, verdict.notes)


def _wait(seconds: float, check: Callable[[], None]) -> None:
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        check()
        time.sleep(min(left, POLL_SECONDS))
