"""Hostile files through the whole system: `submit`, the store, the workers, the report."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from PIL import Image

from qie_batch.model import ItemState
from tests.chaos.rig import wait_until
from tests.chaos.scenarios.verdict import START_SECONDS, agree, rows
from tests.support.hostile import hostile_manifests, hostile_pictures

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.chaos.rig import Rig

    Figures = dict[str, float | int]

#: What the tests can make is read whole by `make chaos`, and one file of so many in short.
SHORT = 12
HANG_SECONDS = 20.0
DECODER_MEGABYTES = 1500
#: Entered, or refused as a whole.
EXIT_CODES = frozenset({0, 2})


def meet_pictures(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """hostile pictures of every kind that the tests can make, in one job with good ones"""
    with make_rig(seconds=0.0) as rig, DecoderMemory(rig) as decoders:
        rig.start_all(workers=2)
        wait_until(lambda: len(rig.worker_pids()) == 2, START_SECONDS)
        pids = rig.worker_pids()
        catalog, good = mixed_catalog(rig, hostile_pictures(rig.seed), 1 if full else SHORT)
        job = rig.submit(catalog, "--skip-bad-rows")
        rig.wait_closed(job, 600)
        assert rig.worker_pids() == pids
        found = {row["row_id"]: row for row in rows(rig, job)}
        assert all(found[row_id]["state"] == ItemState.SUCCEEDED for row_id in good)
        refused = [row for row in found.values() if row["state"] != ItemState.SUCCEEDED]
        for row in refused:
            assert row["state"] == ItemState.FAILED
            assert re.fullmatch(r"image_[a-z_]+", row["error_code"]), row
            assert len(row["error"]) > 20, row
        attempts = rig.attempts(job)
        longest = max(attempt["ended_at"] - attempt["started_at"] for attempt in attempts)
        assert longest < HANG_SECONDS
        assert max(Counter(attempt["item_id"] for attempt in attempts).values()) == 1
        assert decoders.peak < DECODER_MEGABYTES
        agree(rig)
    return {
        "hostile": len(found) - len(good),
        "refused with a reason": len(refused),
        "reasons": len({row["error_code"] for row in refused}),
        "good": len(good),
        "good edited": len(good),
        "process crashes": 0,
        "most seconds for one": longest,
        "most MB of an opener": decoders.peak,
    }


def mixed_catalog(rig: Rig, pictures: Iterator[tuple[str, bytes]], every: int) -> tuple[Path, list[str]]:
    """A row for one in `every` of them, and after each ten a good one; the ids of the good rows."""
    folder = rig.folder / "hostile"
    folder.mkdir()
    lines, good = ["id,image,instruction"], []
    for number, (name, data) in enumerate(pictures):
        if number % every:
            continue
        file = f"{number}{Path(name).suffix}"
        (folder / file).write_bytes(data)
        lines.append(f"row-{number},{file},stand in {number}")
        if len(lines) % 10 == 0:
            good.append(f"good-{number}")
            Image.new("RGB", (64, 48), (number % 256, 80, 120)).save(folder / f"good-{number}.png")
            lines.append(f"good-{number},good-{number}.png,stand by")
    path = folder / "catalog.csv"
    path.write_text("\n".join([*lines, ""]))
    return path, good


class DecoderMemory:
    """Polls the memory of the decoder processes during the context."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        #: Megabytes of the largest one.
        self.peak = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            control = [child.pid for name, child in self._rig.processes.items() if name.startswith("control")]
            for pid in [*self._rig.worker_pids(), *control]:
                self.peak = max([self.peak, *map(most_memory, children_of_threads(pid))])


def children_of_threads(pid: int) -> list[int]:
    """Of every thread of the process, since decoder processes are not started by the main thread."""
    with suppress(OSError):
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
        return [int(child) for child in " ".join(lists).split()]
    return []


def most_memory(pid: int) -> int:
    """MB that the process ever had at once; 0 once it is gone."""
    with suppress(OSError):
        told = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
        return int(told[1]) // 1024 if told else 0
    return 0


def meet_manifests(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """hostile manifests of every kind that the tests can make, each submitted"""
    with make_rig(seconds=0.0) as rig:
        rig.start_all(workers=1)
        folder = rig.folder / "manifests"
        folder.mkdir()
        for name in ("1.jpg", "x.jpg"):
            Image.new("RGB", (64, 48), "white").save(folder / name)
        files = [
            each for number, each in enumerate(hostile_manifests(rig.seed)) if full or not number % SHORT
        ]
        with ThreadPoolExecutor(2) as pool:
            ends = list(pool.map(lambda each: submitted(rig, folder, *each), enumerate(files)))
        for done, _ in ends:
            assert done.returncode in EXIT_CODES, (done.args[-2:], done.returncode, done.stderr)
            assert "Traceback" not in done.stderr, done.stderr
            assert done.stderr.strip(), done.args
        longest = max(seconds for _, seconds in ends)
        assert longest < HANG_SECONDS
        jobs = [done.stdout.split()[-1] for done, _ in ends if not done.returncode]
        for job in jobs:
            rig.wait_closed(job, 600)
            for row in rows(rig, job):
                assert row["state"] == ItemState.SUCCEEDED or row["error_code"], row
        agree(rig)
    return {
        "manifests": len(files),
        "refused with a sentence": len(files) - len(jobs),
        "jobs closed": len(jobs),
        "process crashes": 0,
        "most seconds for one": longest,
    }


def submitted(
    rig: Rig, folder: Path, number: int, file: tuple[str, bytes]
) -> tuple[subprocess.CompletedProcess[str], float]:
    """What came of one of them, and after how many seconds."""
    name, data = file
    path = folder / f"{number}{Path(name).suffix}"
    path.write_bytes(data)
    began = time.monotonic()
    done = rig.command("submit", str(path), "--skip-bad-rows")
    path.unlink()
    return done, time.monotonic() - began


SCENARIOS = (meet_pictures, meet_manifests)
