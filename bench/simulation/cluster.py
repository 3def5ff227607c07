"""A day of a cluster: what enters, who edits it, and how many workers that takes."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qie_batch.model import Priority
from qie_batch.pricing import hour_micros
from qie_batch.processes.control import GAUGES_SECONDS
from qie_batch.settings.workers import ControlSettings
from simulation.arrivals import BEGINS, DAY, entries
from simulation.broker import Broker
from simulation.events import Loop
from simulation.hpa import SYNC_SECONDS
from simulation.ledger import Job, Ledger
from simulation.machines import Market, Terms
from simulation.pods import Deployment, Template
from simulation.workers import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.arrivals import Entry, Scenario
    from simulation.hpa import Autoscaler
    from simulation.policies import Fleet, Which

ON_DEMAND = Terms(hour_usd=hour_micros("H100", "on_demand", {}) / 1e6)
#: Each machine is reclaimed once in 20 hours, far more often than markets that can be bought from.
SPOT = Terms(hour_usd=hour_micros("H100", "spot", {}) / 1e6, reclaims_an_hour=0.05)
#: Seconds between two samples for the drawing.
SAMPLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One day that is simulated."""

    scenario: Scenario
    fleet: Fleet
    #: Of one edit on the device.
    edit_seconds: float
    steps: int
    #: The most workers of one deployment.
    most: int
    on_demand: Terms = ON_DEMAND
    #: Of the machines of workers for items of jobs alone, beside those on demand, which serve both lanes.
    spot: Terms | None = None
    interactive_threads: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    at: float
    #: Ready workers, and those of them that serve jobs alone apart.
    workers: int
    bulk_workers: int
    interactive: int
    bulk: int
    #: Interactive items that had begun.
    begun: int


@dataclass(slots=True)
class _Scaled:
    deployment: Deployment
    autoscaler: Autoscaler | None
    which: Which


class Cluster:
    def __init__(self, setup: Setup) -> None:
        self.setup, self.loop = setup, Loop()
        #: Device seconds ahead of interactive items and of others, as control wrote them last.
        self.workload = (0.0, 0.0)
        self.samples: list[Sample] = []
        self.entered = 0
        chance = random.Random(setup.seed)
        window = max(ControlSettings().window, 3 * setup.most)
        self.ledger = Ledger(self.loop, window)
        self.broker = Broker(self.ledger, random.Random(chance.random()))
        warm = int(setup.fleet.warm * setup.most)
        terms = replace(setup.on_demand, warm=warm)
        self.on_demand = Market(self.loop, terms, random.Random(chance.random()))
        self.markets = [self.on_demand]
        if setup.spot:
            self.markets.append(Market(self.loop, setup.spot, random.Random(chance.random())))
        if setup.spot or setup.fleet.split:
            lanes = "interactive" if setup.fleet.split else "all"
            self.scaled = [
                self._deploy(self.on_demand, lanes, "interactive", chance),
                self._deploy(self.markets[-1], "bulk", "bulk", chance),
            ]
        else:
            self.scaled = [self._deploy(self.on_demand, "all", "both", chance)]

    @property
    def spot(self) -> Market:
        return self.markets[1]

    @property
    def edit_seconds(self) -> float:
        return self.setup.edit_seconds

    def _deploy(self, market: Market, lanes: str, which: Which, chance: random.Random) -> _Scaled:
        setup = self.setup
        rules = Rules(
            steps=setup.steps,
            interactive_threads=setup.interactive_threads,
            grace_seconds=max(30.0, 2.0 * setup.edit_seconds),
        )
        template = Template(rules=rules, lanes=lanes)
        autoscaler = setup.fleet.autoscaler(setup.most)
        replicas = autoscaler.least if autoscaler else setup.most
        deployment = Deployment(self.broker, market, template, replicas, random.Random(chance.random()))
        return _Scaled(deployment, autoscaler, which)

    def run(self, seconds: float = DAY) -> None:
        self._enter(iter(entries(self.setup.scenario, self.setup.seed)), None)
        self.loop.every(ControlSettings().tick_seconds, self.broker.dispatch)
        self.loop.every(GAUGES_SECONDS, self._read_gauges)
        self.loop.every(SYNC_SECONDS, self._sync, phase=SYNC_SECONDS)
        self.loop.every(SAMPLE_SECONDS, self._sample)
        if self.setup.scenario.reclaim and self.setup.spot:
            at, share, sold_again_after = self.setup.scenario.reclaim
            self.loop.at((at - BEGINS) % DAY, self.spot.reclaim_share, share, sold_again_after)
        self.loop.run(seconds)

    def _enter(self, rest: Iterator[Entry], entry: Entry | None) -> None:
        if entry:
            job = Job(self.loop.now, entry.priority, entry.items, self.edit_seconds, entry.group)
            self.entered += entry.items
            self.ledger.add_job(job)
            if entry.priority == Priority.INTERACTIVE:
                self.broker.dispatch_interactive()
        following = next(rest, None)
        if following:
            self.loop.at(following.at, self._enter, rest, following)

    def _read_gauges(self) -> None:
        self.workload = (self.ledger.interactive.seconds, self.ledger.bulk.seconds)

    def oldest_wait(self, which: Which) -> float:
        """Seconds for which the oldest item waits that is pending."""
        lanes = {
            "interactive": (self.ledger.interactive,),
            "bulk": (self.ledger.bulk,),
            "both": self.ledger.lanes,
        }[which]
        oldest = [lane.oldest() for lane in lanes]
        return max((self.loop.now - at for at in oldest if at is not None), default=0.0)

    def _sync(self) -> None:
        for each in self.scaled:
            if each.autoscaler:
                metrics = self.setup.fleet.metrics(self, each.deployment, each.which)
                deployment = each.deployment
                wanted = each.autoscaler.decide(
                    self.loop.now, deployment.replicas, deployment.seen(), metrics
                )
                if wanted != deployment.replicas:
                    deployment.scale(wanted)

    def _sample(self) -> None:
        ready = [each.deployment.seen().ready for each in self.scaled]
        self.samples.append(
            Sample(
                at=self.loop.now,
                workers=ready[0],
                bulk_workers=ready[1] if len(ready) > 1 else 0,
                interactive=self.ledger.interactive.items,
                bulk=self.ledger.bulk.items,
                begun=len(self.ledger.interactive.waits),
            )
        )
