"""A Deployment of workers: pods are created and ended as a ReplicaSet does, each with a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.hpa import Pods
from simulation.workers import Worker

if TYPE_CHECKING:
    import random

    from simulation.broker import Broker
    from simulation.machines import Machine, Market
    from simulation.workers import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    rules: Rules
    lanes: str = "all"
    #: Logarithm of the median and deviation of the seconds in which weights are loaded, and the seconds of
    #: the warm-up after that.
    load: tuple[float, float] = (3.122, 0.42)
    warm_up_seconds: float = 10.0
    #: Share of the pods that may be unavailable by evictions, of the PodDisruptionBudget.
    may_be_unavailable: float = 1.0


class Pod:
    """Pending until it has a machine, then loading, ready, leaving, gone."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.created_at = deployment.loop.now
        self.ready_at: float | None = None
        self.machine: Machine | None = None
        self.worker: Worker | None = None
        self.is_leaving = False
        #: Of its device, at the last sample.
        self.sampled_busy = 0.0
        deployment.market.ask(self._place)

    @property
    def is_ready(self) -> bool:
        return self.ready_at is not None

    def _place(self, machine: Machine) -> None:
        self.machine = machine
        machine.on_notice, machine.on_end = self._on_notice, self._on_machine_end
        template = self.deployment.template
        seconds = self.deployment.chance.lognormvariate(*template.load) + template.warm_up_seconds
        self.deployment.loop.after(seconds, self._loaded)

    def _loaded(self) -> None:
        if self.is_leaving or self.machine is None:
            return
        self.ready_at = self.deployment.loop.now
        template = self.deployment.template
        self.worker = Worker(self.deployment.broker, template.rules, template.lanes, self._gone)
        self.worker.begin()
        self.deployment.became_ready()

    def end(self) -> None:
        """The pod is deleted or evicted: SIGTERM."""
        if self.is_leaving:
            return
        self.is_leaving = True
        if self.machine is None:
            self.deployment.market.withdraw(self._place)
        elif self.worker is None:
            self._gone()
        else:
            self.worker.leave()

    def _gone(self) -> None:
        machine, self.machine = self.machine, None
        if machine:
            machine.market.give_back(machine)

    def _on_notice(self) -> None:
        self.deployment.evict(self)

    def _on_machine_end(self) -> None:
        """The machine is gone, whether or not the pod has left."""
        was_there = not self.is_leaving
        self.is_leaving = True
        self.machine = None
        if self.worker:
            self.worker.vanish()
        if was_there:
            self.deployment.lost(self)


class Deployment:
    def __init__(
        self, broker: Broker, market: Market, template: Template, replicas: int, chance: random.Random
    ) -> None:
        self.broker, self.market, self.template, self.chance = broker, market, template, chance
        self.loop = broker.ledger.loop
        self.replicas = 0
        self.started = 0
        #: Those that do not leave.
        self.pods: dict[Pod, None] = {}
        self._evictions: list[Pod] = []
        self.scale(replicas)

    def seen(self) -> Pods:
        return Pods(replicas=len(self.pods), ready=sum(pod.is_ready for pod in self.pods))

    def scale(self, replicas: int) -> None:
        self.replicas = replicas
        while len(self.pods) < replicas:
            self.started += 1
            self.pods[Pod(self)] = None
        if len(self.pods) > replicas:
            for pod in sorted(self.pods, key=_deletion_order)[: len(self.pods) - replicas]:
                self._remove(pod)

    def use(self, seconds: float) -> tuple[list[float], int]:
        """Busy percent of the device of each pod that runs since the call before; how many are pending."""
        samples, pending = [], 0
        for pod in self.pods:
            if pod.machine is None:
                pending += 1
                continue
            busy = pod.worker.busy_seconds if pod.worker else 0.0
            samples.append(100.0 * (busy - pod.sampled_busy) / seconds)
            pod.sampled_busy = busy
        return samples, pending

    def _remove(self, pod: Pod) -> None:
        del self.pods[pod]
        pod.end()

    def evict(self, pod: Pod) -> None:
        """Through the Eviction API, which waits for the PodDisruptionBudget."""
        self._evictions.append(pod)
        self._evict_allowed()

    def became_ready(self) -> None:
        if self._evictions:
            self._evict_allowed()

    def _evict_allowed(self) -> None:
        allowed = -(-self.template.may_be_unavailable * self.replicas // 1)
        self._evictions = [pod for pod in self._evictions if pod in self.pods]
        while self._evictions and self.replicas - sum(pod.is_ready for pod in self.pods) < allowed:
            self._remove(self._evictions.pop(0))
            self.scale(self.replicas)

    def lost(self, pod: Pod) -> None:
        self.pods.pop(pod, None)
        self.scale(self.replicas)


def _deletion_order(pod: Pod) -> tuple[bool, bool, bool, float]:
    """As a ReplicaSet: pending pods, those that are not ready, idle ones (deletion cost); newest first."""
    return (
        pod.machine is not None,
        pod.is_ready,
        pod.worker is not None and pod.worker.is_busy,
        -(pod.ready_at if pod.ready_at is not None else pod.created_at),
    )
