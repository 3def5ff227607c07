"""How many workers there are: the policies that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from simulation.hpa import (
    SYNC_SECONDS,
    Autoscaler,
    AverageValue,
    Behavior,
    PodsMetric,
    Policy,
    Scaling,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simulation.cluster import Cluster
    from simulation.hpa import Metric
    from simulation.pods import Deployment

Which = Literal["interactive", "bulk", "both"]


#: As the overlay `keda`: out at once, in slowly.
SLOW_IN = Behavior(
    down=Scaling(
        stabilization_seconds=600.0,
        policies=(
            Policy(kind="Percent", value=10, period_seconds=60.0),
            Policy(kind="Pods", value=1, period_seconds=60.0),
        ),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keda:
    """Targets of the queries on the table `workload`."""

    #: The interactive work that one worker may have ahead, in seconds and in edits: 0.7 edits keep it at
    #: 70 % of its time, "5 s and an edit" find their balance at all of it.
    wait_seconds: float = 0.0
    wait_edits: float = 0.7
    bulk_wait_seconds: float = 7200.0
    behavior: Behavior = SLOW_IN

    def wanted(self, cluster: Cluster, which: Which) -> float:
        """Workers, as the query of the trigger gives them."""
        interactive, bulk = cluster.workload
        edit = cluster.edit_seconds
        now = interactive / (self.wait_seconds + self.wait_edits * edit) if which != "bulk" else 0.0
        later = bulk / self.bulk_wait_seconds if which != "interactive" else 0.0
        return now + later


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The three triggers of the article."""

    use_percent: float = 70.0
    wait_seconds: float = 5.0
    #: Of the device's memory that resident weights take (None: no such trigger), and the target. Within the
    #: tolerance the metric proposes what there is, so that no other one can scale in.
    memory_percent: float | None = 77.0
    memory_target: float = 80.0
    behavior: Behavior | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What is compared: the way of scaling, and machines that are kept warm."""

    name: str
    scaling: Keda | Article | None
    #: Workers for interactive edits alone, and others for jobs alone (QIE_LANES); else all serve both.
    split: bool = False
    #: Share of the largest fleet that is kept as empty machines.
    warm: float = 0.0

    def autoscaler(self, most: int) -> Autoscaler | None:
        if self.scaling is None:
            return None
        return Autoscaler(least=min(2, most), most=most, behavior=self.scaling.behavior)

    def metrics(self, cluster: Cluster, deployment: Deployment, which: Which) -> Iterable[Metric]:
        match self.scaling:
            case Keda() as keda:
                return [AverageValue(metric=keda.wanted(cluster, which), target=1.0)]
            case Article() as article:
                return _article(article, cluster, deployment, which)
            case None:
                return []


def _article(article: Article, cluster: Cluster, deployment: Deployment, which: Which) -> Iterator[Metric]:
    samples, pending = deployment.use(SYNC_SECONDS)
    yield PodsMetric(samples=samples, pending=pending, missing=0, target=article.use_percent)
    yield Value(metric=cluster.oldest_wait(which), target=article.wait_seconds)
    if article.memory_percent is not None:
        resident = [article.memory_percent] * len(samples)
        yield PodsMetric(samples=resident, pending=pending, missing=0, target=article.memory_target)


#: Use and wait as the article has them, up by two pods a minute or a tenth, down slowly.
LIMITED = Behavior(
    up=Scaling(
        stabilization_seconds=60.0,
        policies=(
            Policy(kind="Pods", value=2, period_seconds=60.0),
            Policy(kind="Percent", value=10, period_seconds=60.0),
        ),
    ),
    down=Scaling(
        stabilization_seconds=300.0, policies=(Policy(kind="Percent", value=10, period_seconds=60.0),)
    ),
)

FLEETS = {
    fleet.name: fleet
    for fleet in (
        Fleet(name="fixed", scaling=None),
        Fleet(name="article", scaling=Article()),
        Fleet(name="article-limited", scaling=Article(memory_percent=None, behavior=LIMITED)),
        Fleet(name="keda-shared", scaling=Keda()),
        Fleet(name="keda", scaling=Keda(), split=True),
        Fleet(name="keda-warm", scaling=Keda(), split=True, warm=0.05),
    )
}
