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
from qie_batch.steps.schedule.summaries import SummaryContext, last_summary, tell_runs

__all__ = [
    "RUN_LEASE_SECONDS",
    "RUN_RETRY_SECONDS",
    "ScheduleContext",
    "SummaryContext",
    "add_schedule",
    "check_cron",
    "last_summary",
    "latest_due",
    "next_due",
    "problem_of",
    "run",
    "run_due",
    "run_job_id",
    "run_now",
    "tell_runs",
    "zone",
]
