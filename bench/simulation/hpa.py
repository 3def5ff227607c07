"""The HorizontalPodAutoscaler of Kubernetes 1.36 (pkg/controller/podautoscaler), as pure arithmetic.

A metric proposes a number of replicas; of several the largest counts, and one that has an error holds back
every step down. Then come stabilisation, the limits of `behavior`, and least and most replicas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Seconds between two decisions.
SYNC_SECONDS = 15.0
TOLERANCE = 0.1
#: Seconds whose largest recommendation counts on the way down, without `behavior`.
STABILIZATION_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """What the controller sees of the pods of its target."""

    #: `status.replicas`: pods that exist and do not end.
    replicas: int
    #: Running and Ready.
    ready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """External or object metric with `type: Value`; `metric` is None where it cannot be read."""

    metric: float | None
    target: float

    def propose(self, pods: Pods) -> int | None:
        if self.metric is None:
            return None
        ratio = self.metric / self.target
        return pods.replicas if _is_near(ratio) else math.ceil(ratio * pods.ready)


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageValue:
    """External metric with `type: AverageValue`."""

    metric: float | None
    target: float

    def propose(self, pods: Pods) -> int | None:
        if self.metric is None:
            return None
        if pods.replicas and _is_near(self.metric / (self.target * pods.replicas)):
            return pods.replicas
        return math.ceil(self.metric / self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodsMetric:
    """Mean over the pods, such as the use of a device: a pod that loads weights counts with its 0.

    Readiness is looked at for CPU alone, so that `samples` are those of all pods that run. Pending pods and
    pods without a sample count as 0 on the way up; on the way down, those without a sample as the target.
    """

    samples: Sequence[float]
    pending: int
    missing: int
    target: float

    def propose(self, pods: Pods) -> int | None:
        if not self.samples:
            return None
        ratio = sum(self.samples) / len(self.samples) / self.target
        if not self.missing and not (self.pending and ratio > 1.0):
            return pods.replicas if _is_near(ratio) else math.ceil(ratio * len(self.samples))
        total, count = sum(self.samples), len(self.samples) + self.missing
        if ratio < 1.0:
            total += self.missing * self.target
        elif self.pending:
            count += self.pending
        corrected = total / count / self.target
        if _is_near(corrected) or (ratio < 1.0 < corrected) or (corrected < 1.0 < ratio):
            return pods.replicas
        proposed = math.ceil(corrected * count)
        turned = proposed > pods.replicas if corrected < 1.0 else proposed < pods.replicas
        return pods.replicas if turned else proposed


Metric = Value | AverageValue | PodsMetric


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    kind: Literal["Pods", "Percent"]
    value: float
    period_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """`scaleUp` or `scaleDown` of `behavior`."""

    stabilization_seconds: float
    policies: tuple[Policy, ...]
    select: Literal["Max", "Min", "Disabled"] = "Max"


UP = Scaling(
    stabilization_seconds=0.0,
    policies=(
        Policy(kind="Pods", value=4, period_seconds=15.0),
        Policy(kind="Percent", value=100, period_seconds=15.0),
    ),
)
DOWN = Scaling(
    stabilization_seconds=300.0, policies=(Policy(kind="Percent", value=100, period_seconds=15.0),)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    up: Scaling = UP
    down: Scaling = DOWN


@dataclass(slots=True, kw_only=True)
class Autoscaler:
    least: int
    most: int
    #: None where the manifest has none, which is not the same as one with the defaults.
    behavior: Behavior | None = None
    _recommended: list[tuple[float, int]] = field(default_factory=list)
    #: Times and numbers of pods added, and removed.
    _added: list[tuple[float, int]] = field(default_factory=list)
    _removed: list[tuple[float, int]] = field(default_factory=list)

    def decide(self, now: float, current: int, pods: Pods, metrics: Iterable[Metric]) -> int:
        """The number of replicas that the target gets; `current` is what it asks for now."""
        if not self.least <= current <= self.most:
            return min(max(current, self.least), self.most)
        wanted = _largest([metric.propose(pods) for metric in metrics], current)
        if wanted is None:
            return current
        if self.behavior is None:
            desired = self._plain(now, current, wanted)
        else:
            desired = self._limited(now, current, wanted, self.behavior)
        if desired != current:
            (self._added if desired > current else self._removed).append((now, abs(desired - current)))
        return desired

    def _plain(self, now: float, current: int, wanted: int) -> int:
        self._recommended = [each for each in self._recommended if each[0] > now - STABILIZATION_SECONDS]
        stable = max([wanted, *(number for _, number in self._recommended)])
        self._recommended.append((now, wanted))
        return min(max(stable, self.least), self.most, max(2 * current, 4))

    def _limited(self, now: float, current: int, wanted: int, behavior: Behavior) -> int:
        up, down = behavior.up, behavior.down
        # "After" the cut-off, as in Go; a window of 0 s has the wanted number alone.
        rise = min([wanted, *self._since(now - up.stabilization_seconds)])
        fall = max([wanted, *self._since(now - down.stabilization_seconds)])
        longest = max(up.stabilization_seconds, down.stabilization_seconds)
        self._recommended = [each for each in self._recommended if each[0] > now - longest]
        self._recommended.append((now, wanted))
        stable = min(max(current, rise), fall)
        if stable > current:
            return min(stable, self.most, max(self._limit_up(now, current, up), current))
        if stable < current:
            return max(stable, self.least, min(self._limit_down(now, current, down), current))
        return current

    def _since(self, cutoff: float) -> list[int]:
        return [number for at, number in self._recommended if at > cutoff]

    def _limit_up(self, now: float, current: int, up: Scaling) -> int:
        def proposal(policy: Policy, before: int) -> int:
            if policy.kind == "Pods":
                return before + int(policy.value)
            return math.ceil(before * (1.0 + policy.value / 100.0))

        return self._select(now, current, up, proposal, widest=max, narrowest=min)

    def _limit_down(self, now: float, current: int, down: Scaling) -> int:
        def proposal(policy: Policy, before: int) -> int:
            if policy.kind == "Pods":
                return before - int(policy.value)
            return int(before * (1.0 - policy.value / 100.0))

        return self._select(now, current, down, proposal, widest=min, narrowest=max)

    def _select(
        self,
        now: float,
        current: int,
        scaling: Scaling,
        proposal: Callable[[Policy, int], int],
        *,
        widest: Callable[[Iterable[int]], int],
        narrowest: Callable[[Iterable[int]], int],
    ) -> int:
        if scaling.select == "Disabled":
            return current
        proposals = []
        for policy in scaling.policies:
            since = now - policy.period_seconds
            before = current - _changed(self._added, since) + _changed(self._removed, since)
            proposals.append(proposal(policy, before))
        return (narrowest if scaling.select == "Min" else widest)(proposals)


def _is_near(ratio: float) -> bool:
    return abs(1.0 - ratio) <= TOLERANCE


def _largest(proposals: Sequence[int | None], current: int) -> int | None:
    """None where nothing may change: no metric could be read, or one could not and the rest would shrink."""
    known = [each for each in proposals if each is not None]
    if not known or (len(known) < len(proposals) and max(known) < current):
        return None
    return max(known)


def _changed(events: Sequence[tuple[float, int]], since: float) -> int:
    return sum(number for at, number in events if at > since)
