"""Schedules: what may be stored, when each is due, and the jobs that control submits for them."""

from __future__ import annotations

from qie_batch.steps.schedule.adding import add_schedule
from qie_batch.steps.schedule.due_times import check_cron, latest_due, next_due, problem_of, zone
from qie_batch.steps.schedule.runs import (
    RUN_LEASE_SECONDS,
    RUN_RETRY_SECONDS,
    ScheduleContext,
    run,
    run_due,
    run_job_id,
    run_now,
)

__all__ = [
    "RUN_LEASE_SECONDS",
    "RUN_RETRY_SECONDS",
    "ScheduleContext",
    "add_schedule",
    "check_cron",
    "latest_due",
    "next_due",
    "problem_of",
    "run",
    "run_due",
    "run_job_id",
    "run_now",
    "zone",
]
