"""Items claimed and completed per second by four processes."""

from __future__ import annotations

import multiprocessing
import time
from typing import TYPE_CHECKING, Any

from million.bare import bare_items, ledger_items

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.queues import Queue
    from typing import Self

    from million.bare import Recorded
    from million.filling import Filled

PROCESSES = 4
#: Items queued ahead of the processes, and seconds for which a dispatcher with nothing to do pauses.
WINDOW, PAUSE = 256, 0.02

spawn = multiprocessing.get_context("spawn")


def _work(orders: Connection, messages: Queue[str | None], addresses: dict[tuple[str, str], Any]) -> None:
    """Of each order (`how`, ledger, ids), works these ids, or without any those of the queue until None."""
    makers = {"ledger": ledger_items, "bare": bare_items}
    ways = {key: makers[key[0]](*given) for key, given in addresses.items()}
    orders.send("ready")
    while order := orders.recv():
        how, name, ids = order
        one, began, done = ways[how, name], time.monotonic(), 0
        for item_id in iter(messages.get, None) if ids is None else ids:
            one(item_id)
            done += 1
        orders.send((began, time.monotonic(), done))


class Processes:
    """Four processes that each have connections to every ledger, in both ways."""

    def __init__(self, ledgers: list[Filled], recorded: dict[str, Recorded]) -> None:
        self._messages = spawn.Queue()
        addresses: dict[tuple[str, str], Any] = {}
        for each in ledgers:
            addresses["ledger", each.url] = (each.url,)
            addresses["bare", each.url] = (each.url, recorded[each.database.engine.dialect.name])
        pipes = [spawn.Pipe() for _ in range(PROCESSES)]
        self._orders = [mine for mine, _ in pipes]
        self._processes = [
            spawn.Process(target=_work, args=(theirs, self._messages, addresses), daemon=True)
            for _, theirs in pipes
        ]

    def __enter__(self) -> Self:
        for process in self._processes:
            process.start()
        for orders in self._orders:
            orders.recv()
        return self

    def __exit__(self, *_: object) -> None:
        for orders, process in zip(self._orders, self._processes, strict=True):
            orders.send(None)
            process.join(10)
            process.kill()

    def rate(self, filled: Filled, how: str, number: int) -> float:
        """Items per second where `number` of them are queued already."""
        ids = [each.item_id for each in filled.ledger.dispatch.enqueue("classic", number, {})]
        shares = [ids[place::PROCESSES] for place in range(PROCESSES)]
        for orders, share in zip(self._orders, shares, strict=True):
            orders.send((how, filled.url, share))
        return self._answered()

    def rate_with_dispatch(self, filled: Filled, seconds: float) -> float:
        """Likewise while this process queues them, as control does."""
        for orders in self._orders:
            orders.send(("ledger", filled.url, None))
        dispatch, deadline = filled.ledger.dispatch, time.monotonic() + seconds
        while time.monotonic() < deadline:
            sent = [each.item_id for each in dispatch.enqueue("classic", WINDOW, {})]
            dispatch.published(sent)
            for item_id in sent:
                self._messages.put(item_id)
            if len(sent) < WINDOW // 8:
                time.sleep(PAUSE)
        for _ in self._orders:
            self._messages.put(None)
        return self._answered()

    def _answered(self) -> float:
        answers = [orders.recv() for orders in self._orders]
        seconds = max(ended for _, ended, _ in answers) - min(began for began, _, _ in answers)
        return sum(done for *_, done in answers) / seconds
