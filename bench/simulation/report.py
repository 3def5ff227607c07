"""The figures of a simulated day, as a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from simulation.cluster import Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds from the entry of an item to its first second on a device."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    scenario: str
    preset: str
    fleet: str
    spot: bool
    edits: int
    #: Entered and not edited when the day ended.
    left: int
    interactive: Waits
    bulk: Waits
    #: From the entry of the nightly job to its last result; None without one, or where it did not end.
    nightly_hours: float | None
    gpu_hours: float
    usd: float
    #: Of the hours paid for.
    useful_share: float
    most_workers: int
    workers_started: int
    reclaimed: int
    lost_leases: int
    repeated: int

    @property
    def repeated_share(self) -> float:
        return self.repeated / self.edits if self.edits else 0.0


def day_of(cluster: Cluster, preset: str) -> Day:
    setup, ledger = cluster.setup, cluster.ledger
    hours = sum(market.paid_hours for market in cluster.markets)
    nightly = [seconds / 3600.0 for seconds, _, group in ledger.bulk.ends if group == "nightly"]
    return Day(
        scenario=setup.scenario.name,
        preset=preset,
        fleet=setup.fleet.name,
        spot=setup.spot is not None,
        edits=ledger.done,
        left=cluster.entered - ledger.done,
        interactive=waits_of(ledger.interactive.waits),
        bulk=waits_of(ledger.bulk.waits),
        nightly_hours=nightly[0] if nightly else None,
        gpu_hours=hours,
        usd=sum(market.cost_usd for market in cluster.markets),
        useful_share=ledger.useful_seconds / 3600.0 / hours,
        most_workers=max(sample.workers + sample.bulk_workers for sample in cluster.samples),
        workers_started=sum(each.deployment.started for each in cluster.scaled),
        reclaimed=sum(market.reclaimed for market in cluster.markets),
        lost_leases=ledger.lost_leases,
        repeated=ledger.repeated,
    )


def waits_of(waits: Iterable[float]) -> Waits:
    ordered = sorted(waits) or [0.0]
    return Waits(**{f"p{percent}": ordered[percent * (len(ordered) - 1) // 100] for percent in (50, 95, 99)})


HEADER = (
    "scenario  preset     machines   fleet           | interactive p50    p95     p99 s |"
    "  bulk p50   p95 h | GPU hours   USD  useful | most started repeated left"
)


def line(day: Day) -> str:
    now, later = day.interactive, day.bulk
    return (
        f"{day.scenario:9} {day.preset:10} {'with spot' if day.spot else 'on demand':10} {day.fleet:15} |"
        f" {now.p50:15.1f} {now.p95:7.1f} {now.p99:7.1f} s |"
        f" {later.p50 / 3600:9.2f} {later.p95 / 3600:5.2f} h |"
        f" {day.gpu_hours:9.0f} {day.usd:6.0f}  {day.useful_share:5.0%} |"
        f" {day.most_workers:4} {day.workers_started:7} {day.repeated_share:7.2%} {day.left:5}"
    )


def as_json(days: Sequence[Day]) -> list[dict[str, object]]:
    return [asdict(day) | {"repeated_share": round(day.repeated_share, 6)} for day in days]
