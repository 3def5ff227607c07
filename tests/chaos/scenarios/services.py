"""Outages of store, database and disk, one at a time, while items are edited."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from typing import TYPE_CHECKING

from qie_batch.model import Outcome
from tests.chaos.proxy import BadRoad
from tests.chaos.rig import wait_until
from tests.chaos.rigs import Impossible, outcomes
from tests.chaos.scenarios.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.chaos.rig import Rig
    from tests.chaos.rigs import Rigs

Figures = dict[str, float | int]


def store_killed(make_rig: Rigs, *, full: bool) -> Figures:
    """store killed and started again"""
    rows, kills = (600, 4) if full else (60, 1)
    with make_rig() as rig:
        job_id = rig.submit(rig.catalog(rows))
        rig.start_all(3 if full else 2)
        for kill in range(kills):
            wait_until(lambda part=kill + 1: rig.succeeded(job_id) > part * rows // (kills + 2), 120)
            rig.kill_store()
            time.sleep(rig.random.uniform(1, 5) if full else 1.0)  # the harm itself
            rig.start_store()
        rig.wait_closed(job_id, 240)
        return {"kills": kills, **_retries(rig, job_id, rows), **judge(rig, job_id)}


def store_unreliable(make_rig: Rigs, *, full: bool) -> Figures:
    """store behind a proxy: 20 % errors, 10 % stalls of 5 s, 5 % resets after the put"""
    rows, stall = (1000, 5.0) if full else (60, 0.5)
    with make_rig() as rig, BadRoad(rig.stack.config["s3_endpoint"], rig.seed, stall) as road:
        job_id = rig.submit(rig.catalog(rows))
        rig.environment["QIE_S3_ENDPOINT"] = road.url
        rig.start_all()
        wait_until(lambda: rig.progress(job_id).done == rows, 600, lambda: rig.story(job_id))
        road.mend()  # the report alone reads 120 pictures, one after the other
        rig.wait_closed(job_id, 120)
        assert min(road.met[fate] for fate in ("error", "stall", "reset")) > 0, road.met
        findings = rig.fsck()
        wrong = sum("other bytes" in fault for fault in findings.faults)
        return {
            "errors": road.met["error"],
            "stalls": road.met["stall"],
            "resets": road.met["reset"],
            "wrong sha": wrong,
            **_retries(rig, job_id, rows),
            **judge(rig, job_id),
        }


def _retries(rig: Rig, job_id: str, items: int) -> Figures:
    retries = len(rig.attempts(job_id)) / items - 1
    assert retries <= 2
    return {"mean retries": round(retries, 3)}


def database_locked(make_rig: Rigs, *, full: bool) -> Figures:
    """database locked"""
    rows, seconds = (300, 20.0) if full else (40, 5.0)
    with make_rig(seconds=0.1) as rig:
        log = _edit_log(rig, 0.1)
        job_id = rig.submit(rig.catalog(rows))
        rig.start_all(2)
        wait_until(lambda: rig.succeeded(job_id) > 5, 60, lambda: rig.story(job_id))
        with rig.locked():
            time.sleep(seconds)  # the harm itself
        rig.wait_closed(job_id, 180)
        return {"locked s": seconds, **_repeats(rig, log, job_id, rows, outages=1, workers=2)}


def database_killed(make_rig: Rigs, *, full: bool) -> Figures:
    """PostgreSQL killed and started again"""
    rows, kills = (300, 5) if full else (60, 1)
    if make_rig.database != "postgresql":
        raise Impossible("SQLite has no server to kill")
    with make_rig(seconds=0.1) as rig:
        log = _edit_log(rig, 0.1)
        job_id = rig.submit(rig.catalog(rows))
        rig.start_all(2)
        for kill in range(kills):
            wait_until(lambda part=kill + 1: rig.succeeded(job_id) > part * rows // (kills + 2), 120)
            rig.postgres.kill()
            # Longer than a lease: a lease that expires meanwhile is not taken from a running worker.
            time.sleep(rig.random.uniform(1, 6) if full else 1.0)  # the harm itself
            rig.postgres.start()
        rig.wait_closed(job_id, 240)
        return {"kills": kills, **_repeats(rig, log, job_id, rows, outages=kills, workers=2)}


def _edit_log(rig: Rig, seconds: float) -> Path:
    """The engine writes a line for each edit it has finished."""
    log = rig.folder / "edits.jsonl"
    rig.environment["QIE_ENGINE_OPTIONS"] = json.dumps({"seconds": seconds, "steps": 4, "log": str(log)})
    return log


def _repeats(rig: Rig, log: Path, job_id: str, items: int, *, outages: int, workers: int) -> Figures:
    """Edits made more than once: at most what was in flight at each outage."""
    edits = len(log.read_text().splitlines())
    in_flight = outages * workers * rig.settings.concurrency
    assert edits <= items + in_flight, f"{edits} edits of {items} items"
    figures = judge(rig, job_id)
    return {"edits repeated": edits - items, "attempts lost": outcomes(rig, job_id)[Outcome.LOST], **figures}


def disk_full(make_rig: Rigs, *, full: bool) -> Figures:
    """disk full"""
    rows = 300 if full else 40
    with _small_disk(make_rig.folder(), 256) as disk, make_rig(folder=disk, seconds=0.05) as rig:
        catalog = rig.catalog(rows)
        late = rig.catalog(rows)
        job_id = rig.submit(catalog)
        rig.start_all(2)
        wait_until(lambda: rig.succeeded(job_id) > 5, 60, lambda: rig.story(job_id))
        filler = _fill(disk)
        refused = rig.command("submit", str(late))
        assert refused.returncode == 3, (refused.returncode, refused.stderr)
        assert "Traceback" not in refused.stderr
        assert refused.stderr.strip()
        time.sleep(10 if full else 3)  # the harm itself
        false = len(rig.fsck().faults)
        assert not false
        filler.unlink()
        restarts = _closed_with_a_restart(rig, job_id, 120 if full else 30)
        again = wait_until(lambda: rig.command("submit", str(late)).returncode == 0, 120)
        second = next(job.id for job in rig.ledger.jobs.latest() if job.id != job_id)
        rig.wait_closed(second, 240)
        judge(rig, second)
        return {
            "false successes": false,
            "restarts of the store": restarts,
            "accepted again after s": _s(again),
            **judge(rig, job_id),
        }


def _closed_with_a_restart(rig: Rig, job_id: str, seconds: float) -> int:
    """Restarts of the store that the job took: SeaweedFS's filer keeps a failed write of its log for ever."""
    try:
        rig.wait_closed(job_id, seconds)
    except AssertionError:
        rig.kill_store()
        rig.start_store()
        rig.wait_closed(job_id, 240)
        return 1
    return 0


@contextlib.contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own below the folder: needs the right to mount."""
    disk = folder / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", disk],
        capture_output=True,
        text=True,
        check=False,
    )
    if mount.returncode:
        raise Impossible(f"no right to mount a small disk: {mount.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def _fill(disk: Path) -> Path:
    """Until not a byte is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size) == size:
                    pass
    return filler


def _s(seconds: float) -> float:
    return round(seconds, 1)


SCENARIOS = (store_killed, store_unreliable, database_locked, database_killed, disk_full)
