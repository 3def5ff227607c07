from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter

from qie_batch.metrics.exporter import Bounded

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class DecoderMetrics:
    """What the decoder processes of one process meet."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._refusals = Counter(
            "qie_decoder_refusals",
            "Images that were refused when they were opened, by the code",
            ("code",),
            registry=registry,
        )
        self._crashes = Counter(
            "qie_decoder_crashes", "Decoder processes that an image crashed or hung", registry=registry
        )
        self._bounded = Bounded()

    def refused(self, code: str) -> None:
        self._refusals.labels(self._bounded(code)).inc()

    def crashed(self) -> None:
        self._crashes.inc()
