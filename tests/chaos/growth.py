"""What processes and servers hold, read again and again, and whether it grows."""

from __future__ import annotations

import re
import statistics
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.chaos.rig import Rig

#: What a series may grow by, from the first third of its readings to the last: the larger of an amount and a
#: share of what it was.
MEMORY_MB, MEMORY_SHARE = 8.0, 0.05
#: Fewer than the jobs of a run, of which each would leave one behind; more than a pool opens late.
COUNT = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The readings of one quantity, in the order in which they were taken."""

    name: str
    unit: str
    values: Sequence[float]

    @property
    def first(self) -> float:
        return statistics.median(self.values[: self._third])

    @property
    def last(self) -> float:
        return statistics.median(self.values[-self._third :])

    @property
    def _third(self) -> int:
        return max(1, len(self.values) // 3)

    @property
    def growth(self) -> float:
        return self.last - self.first

    @property
    def limit(self) -> float:
        return max(MEMORY_MB, MEMORY_SHARE * self.first) if self.unit == "MB" else COUNT

    @property
    def grows(self) -> bool:
        return self.growth > self.limit


def take(rig: Rig) -> dict[tuple[str, str], float]:
    """One reading, by name and unit: of processes, and of what the servers hold for them."""
    reading = {
        (name, unit): value
        for name, pids in groups(rig)
        for unit, value in zip(("MB", "descriptors", "threads"), _mean(pids), strict=True)
    }
    redis = rig.redis()
    clients, memory = redis.info("clients"), redis.info("memory")
    reading["broker", "connections"] = clients["connected_clients"]
    reading["broker", "keys"] = redis.dbsize()
    reading["broker", "unacked"] = redis.hlen("unacked")
    reading["broker", "MB"] = memory["used_memory"] / 1e6
    redis.close()
    if rig.postgres:
        with rig.ledger._db.read() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            reading["ledger", "connections"] = connection.execute(text(query)).scalar_one()
    return reading


def groups(rig: Rig) -> Iterator[tuple[str, list[int]]]:
    """The processes of the rig by name: a parent, its worker process, the decoder processes of either."""
    for name, child in rig.processes.items():
        yield name, [child.pid]
        below = _children([child.pid])
        if name.startswith("worker"):
            yield f"{name} process", below
            below = _children(below)
        yield f"a decoder of {name}", below


def series(readings: Sequence[Mapping[tuple[str, str], float]]) -> Iterator[Series]:
    """Of all that was there at any time."""
    for name, unit in readings[0]:
        # Without a process there is nothing: a decoder starts when one is asked.
        if values := [value for reading in readings if (value := reading[name, unit])]:
            yield Series(name=name, unit=unit, values=values)


def table(found: Iterable[Series]) -> str:
    lines = [f"{'':24} {'':12} {'first':>8} {'last':>8} {'growth':>8} {'limit':>7}"]
    return "\n".join((*lines, *map(_line, found)))


def _line(of: Series) -> str:
    figures = f"{of.first:8.1f} {of.last:8.1f} {of.growth:+8.1f} {of.limit:7.1f}"
    return f"{of.name:24} {of.unit:12} {figures}{'  GROWS' if of.grows else ''}"


def _children(pids: Iterable[int]) -> list[int]:
    """Whichever thread started them."""
    files = [file for pid in pids for file in Path(f"/proc/{pid}/task").glob("*/children")]
    found = []
    for file in files:
        with suppress(OSError):
            found += [int(pid) for pid in file.read_text().split()]
    return found


def _mean(pids: Iterable[int]) -> tuple[float, ...]:
    """Of a process: megabytes that are no file's, descriptors, threads; as many decoders run as are asked."""
    held = [each for pid in pids if (each := _held(pid))]
    return tuple(map(statistics.fmean, zip(*held, strict=True))) if held else (0.0, 0.0, 0.0)


def _held(pid: int) -> tuple[float, float, float] | None:
    folder = Path(f"/proc/{pid}")
    try:
        status = dict(re.findall(r"^(\w+):\s+(\d+)", (folder / "status").read_text(), re.MULTILINE))
        descriptors = len(list((folder / "fd").iterdir()))
    except OSError:
        return None
    kilobytes = int(status.get("RssAnon", 0)) + int(status.get("RssShmem", 0))
    return kilobytes / 1000, float(descriptors), float(status.get("Threads", 0))
