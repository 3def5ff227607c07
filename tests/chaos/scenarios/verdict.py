"""The checks at the end of every scenario, and queries of the ledger and /proc during a scenario."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from qie_batch.ledger.tables import items
from qie_batch.model import ItemState, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.chaos.rig import Rig

#: What a busy machine may take to start a worker process.
START_SECONDS = 60.0
#: Seconds beyond its limit after which a hanging process must have ended.
LATE_SECONDS = 5.0


def judge(rig: Rig, job_id: str, failed: Mapping[str, str] = {}) -> dict[str, int]:
    """Every row but the `failed` ones (row id -> code) has its one result, and `fsck` agrees."""
    figures = count(rig, job_id, failed)
    agree(rig)
    return figures


def count(rig: Rig, job_id: str, failed: Mapping[str, str] = {}) -> dict[str, int]:
    """As `judge`, by the ledger alone."""
    found = rows(rig, job_id)
    others = [row for row in found if row["state"] != ItemState.SUCCEEDED]
    codes = {row["row_id"]: row["error_code"] for row in others}
    assert codes == failed, [(row["row_id"], row["state"], row["error"]) for row in others]
    attempts = rig.attempts(job_id)
    wins = Counter(attempt["item_id"] for attempt in attempts if attempt["outcome"] == Outcome.SUCCEEDED)
    succeeded = {row["id"] for row in found if row["state"] == ItemState.SUCCEEDED and not row["cached"]}
    assert wins == Counter(succeeded), wins - Counter(succeeded)
    return {"results": len(succeeded), "lost": 0, "double effects": 0, "attempts": len(attempts)}


def agree(rig: Rig) -> None:
    """Ledger and store hold the same, byte by byte."""
    findings = rig.fsck()
    assert not findings.faults, findings.faults


def rows(rig: Rig, job_id: str) -> list[dict[str, Any]]:
    """Every item of a job, as rows."""
    with rig.ledger._db.read() as connection:
        found = connection.execute(select(items).where(items.c.job_id == job_id)).mappings().all()
    return [dict(row) for row in found]


def held_by(rig: Rig, job_id: str, worker: str) -> list[dict[str, Any]]:
    """The items that a worker process has claimed and not ended."""
    found = rows(rig, job_id)
    return [row for row in found if row["state"] == ItemState.RUNNING and row["worker"] == worker]


def worker_of(pid: int) -> str:
    """What the ledger calls the process; "" once it is gone."""
    return variable(pid, "QIE_WORKER_NAME")


def variable(pid: int, name: str) -> str:
    """An environment variable of a process; "" once it is gone."""
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next(
        (pair.decode().partition("=")[2] for pair in pairs if pair.startswith(f"{name}=".encode())), ""
    )


def is_gone(pid: int) -> bool:
    """Ended; one that nobody waited for yet counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return True


def p95(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]
