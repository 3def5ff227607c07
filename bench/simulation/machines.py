"""Machines of one market: bought, kept warm, given back, and reclaimed by the cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from simulation.events import Loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a market gives."""

    #: USD an hour of a machine with one device.
    hour_usd: float
    #: From the order to a node that takes pods, with the image of the workers.
    provision_seconds: tuple[float, float] = (120.0, 240.0)
    #: An empty machine is kept so long, for the next pod.
    idle_seconds: float = 60.0
    #: Reclaims of one machine in an hour.
    reclaims_an_hour: float = 0.0
    notice_seconds: float = 120.0
    #: Machines that are kept empty, ready for a pod.
    warm: int = 0


class Machine:
    """One node with one device."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.ordered_at = market.loop.now
        self.is_ready = self.is_gone = False
        self.is_reclaimed = False
        #: Of the pod that runs here: told that the machine goes, and that it is gone.
        self.on_notice: Callable[[], None] | None = None
        self.on_end: Callable[[], None] | None = None


class Market:
    def __init__(self, loop: Loop, terms: Terms, chance: random.Random) -> None:
        self.loop, self.terms, self._chance = loop, terms, chance
        #: In the order in which they were ordered.
        self.machines: dict[Machine, None] = {}
        self._free: dict[Machine, None] = {}
        self._asking: list[Callable[[Machine], None]] = []
        self._coming = 0
        self._paid_seconds = 0.0
        #: No machine is sold before.
        self._sold_from = 0.0
        self.reclaimed = 0
        self._keep_warm()

    @property
    def paid_hours(self) -> float:
        """From order to end, so far."""
        running = sum(self.loop.now - machine.ordered_at for machine in self.machines)
        return (self._paid_seconds + running) / 3600.0

    @property
    def cost_usd(self) -> float:
        return self.paid_hours * self.terms.hour_usd

    def ask(self, place: Callable[[Machine], None]) -> None:
        """`place` gets a machine once there is one."""
        if self._free:
            machine = next(iter(self._free))
            del self._free[machine]
            place(machine)
        else:
            self._asking.append(place)
        self._keep_warm()

    def withdraw(self, place: Callable[[Machine], None]) -> None:
        self._asking.remove(place)

    def give_back(self, machine: Machine) -> None:
        """The pod of the machine has ended."""
        machine.on_notice = machine.on_end = None
        if not machine.is_gone and not machine.is_reclaimed:
            self._offer(machine)

    def _keep_warm(self) -> None:
        missing = len(self._asking) + self.terms.warm - len(self._free) - self._coming
        for _ in range(missing):
            self._order()

    def _order(self) -> None:
        self._coming += 1
        wait = max(self._sold_from - self.loop.now, 0.0)
        self.loop.after(wait, self._bought)

    def _bought(self) -> None:
        machine = Machine(self)
        self.machines[machine] = None
        self.loop.after(self._chance.uniform(*self.terms.provision_seconds), self._provisioned, machine)
        if self.terms.reclaims_an_hour:
            self.loop.after(
                self._chance.expovariate(self.terms.reclaims_an_hour / 3600.0), self.reclaim, machine
            )

    def _provisioned(self, machine: Machine) -> None:
        self._coming -= 1
        machine.is_ready = True
        if not machine.is_gone and not machine.is_reclaimed:
            self._offer(machine)
        self._keep_warm()

    def _offer(self, machine: Machine) -> None:
        if self._asking:
            self._asking.pop(0)(machine)
        else:
            self._free[machine] = None
            self.loop.after(self.terms.idle_seconds, self._drop, machine)

    def _drop(self, machine: Machine) -> None:
        """It goes if it is empty and not one of those that are kept."""
        if machine in self._free and len(self._free) + self._coming > self.terms.warm:
            self._end(machine)
        elif machine in self._free:
            self.loop.after(self.terms.idle_seconds, self._drop, machine)

    def reclaim(self, machine: Machine) -> None:
        """The cloud takes it back after the notice."""
        if machine.is_gone or machine.is_reclaimed:
            return
        machine.is_reclaimed = True
        self.reclaimed += 1
        self._free.pop(machine, None)
        if machine.on_notice:
            machine.on_notice()
        self.loop.after(self.terms.notice_seconds, self._end, machine)
        self._keep_warm()

    def reclaim_share(self, share: float, sold_again_after: float) -> None:
        """As when others pay more: no machine is sold for some time."""
        self._sold_from = self.loop.now + sold_again_after
        machines = list(self.machines)
        for machine in self._chance.sample(machines, int(share * len(machines))):
            self.reclaim(machine)

    def _end(self, machine: Machine) -> None:
        if machine.is_gone:
            return
        machine.is_gone = True
        del self.machines[machine]
        self._free.pop(machine, None)
        self._paid_seconds += self.loop.now - machine.ordered_at
        if machine.on_end:
            machine.on_end()
