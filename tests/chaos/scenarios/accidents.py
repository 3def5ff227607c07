"""Faults inside a worker: engines out of memory, lost, hung or crashed; images that crash decoders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qie_batch.model import RETRY_POLICY, ItemState, Outcome
from tests.chaos.rig import REPOSITORY, wait_until
from tests.chaos.scenarios.verdict import LATE_SECONDS, START_SECONDS, judge, rows, worker_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.chaos.rig import Rig

    Figures = dict[str, float | int]


def run_out_of_memory(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """engine out of memory: one retry with the smaller plan"""
    size, drills = (100, 10) if full else (8, 2)
    with make_rig() as rig:
        rig.start_all(workers=1)
        catalog = rig.catalog(size, pictures=size, instructions=dict.fromkeys(range(drills), "out of memory"))
        job = rig.submit(catalog)
        rig.wait_closed(job, 120)
        figures = judge(rig, job)
        pids = rig.worker_pids()
        assert {attempt["worker"] for attempt in rig.attempts(job)} == set(map(worker_of, pids))
        for row in rows(rig, job):
            tries = history(rig, job, row)
            if row["ordinal"] < drills:
                assert [each["outcome"] for each in tries] == [Outcome.RETRIED, Outcome.SUCCEEDED]
                assert tries[0]["error_code"] == "device_out_of_memory"
            else:
                assert len(tries) == 1
    return {"out of memory": drills, "retries": figures["attempts"] - size, "processes lost": 0, **figures}


def lose_cards(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """CUDA error: the process is replaced, the item retried, poison after 3"""
    return crash(make_rig, "card error", "engine_lost", full=full)


def hang(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """engine hangs: the process leaves within its limit + 5 s"""
    return crash(make_rig, "hang", "hung", full=full, limit=3.0 if full else 1.0)


def die(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """engine crashes (segmentation fault): the parent replaces the process"""
    return crash(make_rig, "die", "", full=full)


def crash(make_rig: Callable[..., Rig], drill: str, code: str, *, full: bool, limit: float = 0.0) -> Figures:
    """Rows whose edit takes the process with it, in the middle of others, which all succeed."""
    size, drills = (60, 3) if full else (12, 1)
    culprits = {size * (number + 1) // (drills + 1): drill for number in range(drills)}
    with make_rig(seconds=0.1, environment={"QIE_HANG_SECONDS": str(limit or 60.0)}) as rig:
        rig.start_all(workers=2)
        job = rig.submit(rig.catalog(size, pictures=size, instructions=culprits))
        rig.wait_closed(job, 180)
        found = {row["row_id"]: row for row in rows(rig, job)}
        figures = judge(rig, job, failed={f"row-{row}": "poison" for row in culprits})
        ends = []
        for number in culprits:
            tries = history(rig, job, found.pop(f"row-{number}"))
            charged = [each for each in tries if each["outcome"] != Outcome.PREEMPTED]
            assert len(charged) == RETRY_POLICY.max_crashes
            ends += charged
        assert {each["error_code"] for each in ends if each["outcome"] == Outcome.RETRIED} <= {code}
        neighbours = sum(row["crashes"] for row in found.values())
        on_device = max(each["seconds"] for each in ends)
        assert on_device < limit + LATE_SECONDS
        replaced = max(replacements(rig, job, ends))
    assert all(row["state"] == ItemState.SUCCEEDED for row in found.values())
    return {
        "accidents": len(ends),
        "most seconds on the device": on_device,
        "most seconds until its replacement claimed": replaced,
        "crashes charged to neighbours": neighbours,
        **figures,
    }


def replacements(rig: Rig, job: str, ends: list[dict[str, Any]]) -> Iterator[float]:
    """Seconds from each end until a process that was not there before claimed; not once the job ran dry."""
    first: dict[str, float] = {}
    for attempt in rig.attempts(job):
        first[attempt["worker"]] = min(attempt["started_at"], first.get(attempt["worker"], float("inf")))
    starts = sorted(first.values())
    for end in sorted(each["ended_at"] for each in ends):
        new = next((start for start in starts if start > end), None)
        if new is not None:
            starts.remove(new)
            yield new - end


#: The last bytes of an image -> the fault of the decoder process, and the error of the row.
TRICKS = {
    "segfault": "image_crashes_decoder",
    "abort": "image_crashes_decoder",
    "loop": "image_hangs_decoder",
    "greedy": "image_needs_too_much_memory",
}


def break_decoders(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """5 poison images: segfault, abort, endless loop, 3 GB, broken"""
    size = 1000 if full else 60
    with make_rig(environment={"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'bench'}"}) as rig:
        rig.start("control")
        for number in range(2):
            nowhere = str(rig.folder / "failpoint")
            rig.start("worker", f"worker-{number}", module="tests.chaos.failpoints", QIE_FAILPOINT=nowhere)
        catalog = rig.catalog(size, pictures=size)
        poisoned = rig.random.sample(range(size), len(TRICKS) + 1)
        for row, trick in zip(poisoned, TRICKS, strict=False):
            with (catalog.parent / f"{row}.png").open("ab") as picture:
                picture.write(trick.encode())
        broken = catalog.parent / f"{poisoned[-1]}.png"
        broken.write_bytes(broken.read_bytes()[:1000])
        wait_until(lambda: len(rig.worker_pids()) == 2, START_SECONDS)
        pids = rig.worker_pids()
        job = rig.submit(catalog, "--skip-bad-rows")
        rig.wait_closed(job, 300)
        assert rig.worker_pids() == pids
        reasons = [*TRICKS.values(), "image_truncated"]
        codes = {f"row-{row}": reason for row, reason in zip(poisoned, reasons, strict=True)}
        figures = judge(rig, job, failed=codes)
        assert all(row["crashes"] == 0 for row in rows(rig, job))
    return {"poison": len(codes), "failed with a reason": len(codes), "engine reloads": 0, **figures}


def history(rig: Rig, job: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The attempts of an item, the first one first."""
    found = [attempt for attempt in rig.attempts(job) if attempt["item_id"] == row["id"]]
    return sorted(found, key=lambda attempt: attempt["number"])


SCENARIOS = (run_out_of_memory, lose_cards, hang, die, break_decoders)
