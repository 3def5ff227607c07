"""What edits cost the servers, counted by the metrics of the processes of a real run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from qie_batch.processes.embedded import Embedded

#: Sums of a sample by the label that tells operations apart.
_OPERATION = {"qie_ledger_seconds": "operation", "qie_store_seconds": "operation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    edits: int
    #: Of one worker process, an edit.
    ledger: dict[str, float]
    store: dict[str, float]
    #: Milliseconds of one operation.
    ledger_ms: dict[str, float]
    store_ms: dict[str, float]
    #: Milliseconds of one round of control, by step.
    rounds_ms: dict[str, float]

    def lines(self) -> list[str]:
        return [
            f"an edit costs the ledger {_shown(self.ledger)} transactions, the store {_shown(self.store)}",
            f"one takes: ledger {_shown(self.ledger_ms)} ms, store {_shown(self.store_ms)} ms",
            f"a round of control: {_shown(self.rounds_ms)} ms",
        ]


def count(embedded: Embedded) -> Costs:
    """Of the first worker process and of control, since their start."""
    counts, seconds, edits = _read(embedded.stack.metrics["worker"] + 1)
    of_control, round_seconds, _ = _read(embedded.stack.metrics["control"])
    return Costs(
        edits=edits,
        ledger={name: of / edits for (kind, name), of in counts.items() if kind == "qie_ledger_seconds"},
        store={name: of / edits for (kind, name), of in counts.items() if kind == "qie_store_seconds"},
        ledger_ms=_mean_ms("qie_ledger_seconds", counts, seconds),
        store_ms=_mean_ms("qie_store_seconds", counts, seconds),
        rounds_ms=_mean_ms("qie_control_round_seconds", of_control, round_seconds),
    )


def _read(port: int) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], int]:
    """Counts and sums of the histograms by their label, and attempts."""
    counts: Counter[tuple[str, str]] = Counter()
    seconds: Counter[tuple[str, str]] = Counter()
    edits = 0.0
    page = httpx2.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    for family in text_string_to_metric_families(page):
        label = "step" if family.name == "qie_control_round_seconds" else _OPERATION.get(family.name)
        for sample in family.samples:
            if label and sample.name.endswith("_count"):
                counts[family.name, sample.labels[label]] += sample.value
            elif label and sample.name.endswith("_sum"):
                seconds[family.name, sample.labels[label]] += sample.value
            elif sample.name == "qie_attempts_total":
                edits += sample.value
    return counts, seconds, int(edits)


def _mean_ms(
    kind: str, counts: Counter[tuple[str, str]], seconds: Counter[tuple[str, str]]
) -> dict[str, float]:
    return {
        name: 1000.0 * seconds[of, name] / number
        for (of, name), number in counts.items()
        if of == kind and number
    }


def _shown(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in values.items() if value)
