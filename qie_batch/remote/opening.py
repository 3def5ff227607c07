from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.remote.asking import HttpAsker
from qie_batch.remote.calls import Http
from qie_batch.remote.engine import RemoteEngine, Timing
from qie_batch.remote.images import ImageCodec
from qie_batch.remote.replicas import Replicas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.model import EngineInfo
    from qie_batch.remote.verdicts import Wire


def open_engine(
    *, info: EngineInfo, wire: Wire, urls: Sequence[str], in_flight: int, seconds: float
) -> RemoteEngine:
    """The engine, once a server has made a tiny edit, where its wire allows probes.

    `seconds` are those of one edit. Misconfigured if every server denies us, Unavailable if none works.
    """
    edits = len(urls) * in_flight
    engine = RemoteEngine(
        info=info,
        wire=wire,
        replicas=Replicas(urls, in_flight),
        # A probe has a connection of its own beside the edits.
        asker=HttpAsker(wire, Http(edits + len(urls)), ImageCodec(edits)),
        timing=Timing(edit=seconds),
    )
    try:
        engine.warm_up()
    except BaseException:
        engine.close()
        raise
    return engine
