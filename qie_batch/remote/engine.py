"""An engine whose edits are made by servers.

No row fails for good, and no server is called broken, on one doubtful answer: a control edit, of grey images
of the same sizes, says which of the two is at fault.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured, Rejected, Unavailable
from qie_batch.model import EditResult
from qie_batch.remote.asking import Painted
from qie_batch.remote.control import control_request, probe_sizes, sizes_of
from qie_batch.remote.progress import Pace, Progress
from qie_batch.remote.verdicts import Busy, Denied, Doubtful, Down, Refused, Unconnected

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.model import EditRequest, EngineInfo
    from qie_batch.remote.asking import Asker, Found
    from qie_batch.remote.replicas import Replica, Replicas, Sizes
    from qie_batch.remote.verdicts import Served

#: Doubtful answers to one request, each followed by a control edit that succeeds, before its row fails.
_DOUBTS = 2
#: Seconds after a success in which a server is trusted to refuse a request.
_TRUSTED_SECONDS = 60.0
_ACTION = "correct address, key or model (QIE_OPENAI_URLS, QIE_OPENAI_KEY, QIE_OPENAI_MODEL; QIE_DASHSCOPE_*)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds."""

    #: For the answer to one edit; and for the wait until a server is free.
    edit: float
    #: For a probe of 128 x 128 pixels.
    probe: float = 60.0


class _Leaving(Exception):
    """The process exits while a probe runs."""


class RemoteEngine:
    """Implements `qie_batch.interfaces.Engine` and `ServedEngine`."""

    def __init__(
        self,
        *,
        info: EngineInfo,
        wire: Served,
        replicas: Replicas,
        asker: Asker,
        timing: Timing,
    ) -> None:
        self.info = info
        self.device = info.device
        self._wire = wire
        self._replicas = replicas
        self._asker = asker
        self._timing = timing
        self._paces: dict[str, Pace] = {}

    def close(self) -> None:
        self._asker.close()

    def warm_up(self) -> None:
        """Probe every server; Misconfigured if all deny us, Unavailable if none works."""
        if not self._wire.probes:
            return
        with ThreadPoolExecutor(len(self._replicas.all)) as pool:
            verdicts = list(pool.map(lambda each: self._probe(each, lambda: None), self._replicas.all))
        if any(isinstance(verdict, Painted | Busy) for verdict in verdicts):
            return
        reasons = "; ".join(f"{each.shown}: {each.broken or 'busy'}" for each in self._replicas.all)
        sentence = f"no {self._wire.name} server makes an edit ({reasons})"
        if all(isinstance(verdict, Denied | Refused) for verdict in verdicts):
            raise Misconfigured(sentence, hint=_ACTION)
        raise Unavailable(sentence, code="engine_down")

    def ready(self, leaving: Callable[[], bool]) -> bool:
        """Whether any server takes edits; probes one whose back-off is over."""

        def check() -> None:
            if leaving():
                raise _Leaving

        with self._replicas.to_probe() as replica:
            if replica:
                try:
                    self._probe(replica, check)
                except _Leaving:
                    return False
        return self._replicas.any_open_for_edits

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        """As `interfaces.Engine.edit`; the steps are estimates where the server reports none."""
        self._wire.check(request.params)
        progress = Progress(request.params.steps or 1, self._pace(request), on_step)
        patience = time.monotonic() + self._timing.edit
        doubts = 0
        while True:
            with self._replicas.use(progress.check, patience) as replica:
                progress.restart()
                verdict = self._asker.ask(
                    replica.url, request, progress.check, self._timing.edit, progress.reached
                )
                if isinstance(verdict, Painted):
                    self._replicas.succeeded(replica)
                    progress.finish()
                    return EditResult(image=verdict.decoded.image, notes=verdict.notes)
                self._act(replica, request, verdict, progress.check)
            doubts += isinstance(verdict, Doubtful)
            if doubts == _DOUBTS and isinstance(verdict, Doubtful):
                raise Rejected(
                    f"the server makes other edits and not this one: {verdict.reason}", code=verdict.code
                )

    def _act(self, replica: Replica, request: EditRequest, verdict: Found, check: Callable[[], None]) -> None:
        """Return if the edit may be asked for again at once, else raise what it ends with."""
        match verdict:
            case Busy(seconds):
                self._replicas.pause(replica, seconds)
            case Unconnected(reason):
                self._replicas.break_(replica, reason)
            case Refused(reason, code):
                if time.monotonic() - replica.succeeded_at > _TRUSTED_SECONDS:
                    self._prove(replica, probe_sizes(), verdict, check)
                raise Rejected(f"the server refused the edit: {reason}", code=code)
            case Doubtful():
                self._prove(replica, sizes_of(request), verdict, check)
            case Denied(reason):
                self._replicas.break_(replica, reason)
                raise Unavailable(
                    f"the server takes no edits from here: {reason}", code="engine_denied", hint=_ACTION
                )
            case Down(reason, code):
                self._replicas.break_(replica, reason, sizes_of(request))
                raise Unavailable(f"the server failed: {reason}", code=code)
            case _:
                raise AssertionError(f"{verdict} is no failure")

    def _prove(
        self, replica: Replica, sizes: Sizes, verdict: Refused | Doubtful, check: Callable[[], None]
    ) -> None:
        """Unavailable, and its circuit breaker open, unless the server makes a control edit."""
        if not self._wire.probes:
            return
        found = self._asker.ask(replica.url, control_request(sizes), check, self._timing.edit)
        if isinstance(found, Painted):
            self._replicas.succeeded(replica)
            return
        reason = f"{verdict.reason}; a control edit of the same size fails, too"
        self._replicas.break_(replica, reason, sizes)
        raise Unavailable(f"the server failed: {reason}", code=verdict.code)

    def _probe(self, replica: Replica, check: Callable[[], None]) -> Found | None:
        """Make an edit of the size that failed, or a tiny one; open or close the circuit breaker by it.

        Where no edit may be made for that, the breaker closes, and the next row's edit opens it again.
        """
        if not self._wire.probes:
            self._replicas.succeeded(replica)
            return None
        sizes = replica.broken_by or probe_sizes()
        seconds = self._timing.edit if replica.broken_by else self._timing.probe
        verdict = self._asker.ask(replica.url, control_request(sizes), check, seconds)
        match verdict:
            case Painted():
                self._replicas.succeeded(replica)
            case Busy(pause):
                self._replicas.succeeded(replica)
                self._replicas.pause(replica, pause)
            case _:
                self._replicas.break_(replica, verdict.reason)
        return verdict

    def _pace(self, request: EditRequest) -> Pace:
        preset, steps = request.params.preset, request.params.steps or 1
        expected = self.info.presets.get(preset)
        usual = expected.seconds / expected.steps if expected else self.info.seconds / steps
        return self._paces.setdefault(preset, Pace(usual))
