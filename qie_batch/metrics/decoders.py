from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter

from qie_batch.metrics.exporter import Bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry


def count_refusals(registry: CollectorRegistry) -> Callable[[str], None]:
    """A function that counts one refusal of a decoder process, given its code."""
    refusals = Counter(
        "qie_decoder_refusals",
        "Images that were refused when they were opened, by the code",
        ("code",),
        registry=registry,
    )
    bounded = Bounded()
    return lambda code: refusals.labels(bounded(code)).inc()
