from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Literal

import click

from qie_batch import wiring
from qie_batch.cli.display import LOOK_SECONDS, progress_json, remaining_seconds, sentence
from qie_batch.model import JobState
from qie_batch.pricing import decimal_usd, usd
from qie_batch.text import duration

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.model import CostLine, Progress


@click.command()
@click.argument("job", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object (a list without JOB).")
@click.option("--watch", is_flag=True, help="Again and again until the job is closed.")
@click.pass_obj
def status(app: App, job: str | None, *, as_json: bool, watch: bool) -> None:
    """How far JOB is, how fast, and what failed why; without JOB the latest jobs."""
    ledger = wiring.ledger(app.settings)
    if job is None:
        progresses = [ledger.costs.progress(found.id) for found in ledger.jobs.latest()]
        if as_json:
            click.echo(json.dumps([progress_json(progress) for progress in progresses], ensure_ascii=False))
        elif not progresses:
            click.echo("no jobs yet: `qie-batch submit catalog.csv` makes one")
        for progress in progresses if not as_json else ():
            click.echo(
                f"{progress.job.id}  {progress.job.state:<7} {progress.job.order.name}: {sentence(progress)}"
            )
        return
    ledger.jobs.get(job)
    while True:
        progress = ledger.costs.progress(job)
        if watch and not as_json:
            click.clear()
        click.echo(json.dumps(progress_json(progress), ensure_ascii=False) if as_json else _page(progress))
        if not watch or progress.job.state is JobState.CLOSED:
            return
        time.sleep(LOOK_SECONDS * 3)


def _page(progress: Progress) -> str:
    job = progress.job
    state = f"{job.state} ({job.pause_reason})" if job.pause_reason else str(job.state)
    lines = [
        f"{job.order.name}  {job.id}  {state}",
        f"engine    {job.order.engine} {job.order.preset}".rstrip() + f" ({job.engine_reason})",
        "items     " + ", ".join(f"{number} {state}" for state, number in progress.counts.items() if number),
        f"cached    {progress.cached}",
        f"attempts  {progress.attempts}, {progress.seconds:.1f} device seconds",
        (
            f"cost      {usd(progress.spent_micros)} spent, {usd(progress.saved_micros)} saved by the cache, "
            f"{usd(progress.lost_micros)} lost to failed attempts"
        ),
    ]
    if job.order.budget_micros is not None:
        lines.append(f"budget    {usd(job.order.budget_micros)}")
    remaining = remaining_seconds(progress)
    if job.state is JobState.OPEN:
        lines.append(f"rate      {progress.last_minute} edits in the last minute")
        lines.append(
            f"left      {duration(remaining)}" if remaining is not None else "left      not known yet"
        )
    lines += [f"failed    {number} x {code}" for code, number in sorted(progress.failures.items())]
    return "\n".join(lines)


@click.command()
@click.argument("job", required=False)
@click.option("--by", type=click.Choice(["day", "sku", "engine"]), default="engine", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="A list of JSON objects, exact amounts in USD.")
@click.pass_obj
def cost(app: App, job: str | None, by: Literal["day", "sku", "engine"], *, as_json: bool) -> None:
    """Money spent, saved by the cache and lost to failed attempts, of JOB or of all jobs."""
    ledger = wiring.ledger(app.settings)
    if job:
        ledger.jobs.get(job)
    lines = ledger.costs.lines(job, by)
    if as_json:
        click.echo(json.dumps([_line_json(line, by) for line in lines], ensure_ascii=False))
        return
    width = max([len(by), 5, *(len(line.key) for line in lines)])
    click.echo(f"{by:<{width}}  {'items':>6}  {'seconds':>9}  {'spent':>12}  {'saved':>12}  {'lost':>12}")
    for line in lines:
        click.echo(
            _columns(
                line.key,
                width,
                line.items,
                line.seconds,
                line.spent_micros,
                line.saved_micros,
                line.lost_micros,
            )
        )
    click.echo(
        _columns(
            "total",
            width,
            sum(line.items for line in lines),
            sum(line.seconds for line in lines),
            sum(line.spent_micros for line in lines),
            sum(line.saved_micros for line in lines),
            sum(line.lost_micros for line in lines),
        )
    )


def _columns(key: str, width: int, items: int, seconds: float, *micros: int) -> str:
    return f"{key:<{width}}  {items:>6}  {seconds:>9.1f}" + "".join(
        f"  {usd(amount):>12}" for amount in micros
    )


def _line_json(line: CostLine, by: str) -> dict[str, object]:
    return {
        by: line.key,
        "items": line.items,
        "device_seconds": round(line.seconds, 3),
        "spent_usd": decimal_usd(line.spent_micros),
        "saved_usd": decimal_usd(line.saved_micros),
        "lost_usd": decimal_usd(line.lost_micros),
    }
