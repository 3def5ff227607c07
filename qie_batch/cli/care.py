from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli import NOT_REACHABLE, SOME_FAILED
from qie_batch.cli.advice import sentences
from qie_batch.cli.display import echo_json

if TYPE_CHECKING:
    from qie_batch.cli import App


@click.group()
def db() -> None:
    """The ledger's schema."""


@db.command()
@click.pass_obj
def upgrade(app: App) -> None:
    """Bring the ledger to the newest schema; harmless where it is."""
    from qie_batch.ledger import schema

    database = wiring.database(app.settings)
    schema.upgrade(database)
    click.echo(f"the ledger is at {schema.current(database)}")


@db.command()
@click.pass_obj
def current(app: App) -> None:
    """The ledger's schema and the one that this version needs."""
    from qie_batch.ledger import schema

    found = schema.current(wiring.database(app.settings))
    click.echo(f"the ledger is at {found or 'no schema yet'}, this version needs {schema.newest()}")


@db.command()
@click.argument("role")
@click.pass_obj
def reader(app: App, role: str) -> None:
    """Let ROLE of PostgreSQL read what an autoscaler needs, the table `workload`, and nothing else."""
    from qie_batch.ledger import schema

    database = wiring.database(app.settings)
    schema.check(database)
    schema.grant_reader(database, role)
    click.echo(f"{role} may read the workload of {database.address}")


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def doctor(app: App, *, as_json: bool) -> None:
    """Check ledger, broker, store, engine and disk; say for each what is wrong and how to mend it."""
    from qie_batch.processes.health import check_health

    checks = check_health(app.settings, sentences)
    if as_json:
        click.echo(json.dumps({check.name: {"ok": check.ok, "text": check.text} for check in checks}))
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'BAD '} {check.name:<7} {check.text}")
    if not all(check.ok for check in checks):
        raise click.exceptions.Exit(NOT_REACHABLE)


@click.command()
@click.option(
    "--repair", is_flag=True, help="Forget results that the store lost; delete orphans older than a day."
)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def fsck(app: App, *, repair: bool, as_json: bool) -> None:
    """Read every result back and prove that ledger and store agree; exit code 1 if they do not."""
    from qie_batch.steps.fsck import fsck as look
    from qie_batch.views import dumped

    settings = app.settings
    found = look(wiring.fsck_context(settings, wiring.ledger(settings)), repair=repair)
    if as_json:
        echo_json(dumped(found))
    else:
        for fault in found.faults:
            click.echo(f"FAULT {fault}")
        click.echo(
            f"{found.results} results ({found.size / 1e6:.1f} MB) read back, {len(found.faults)} faults"
        )
        if found.orphans:
            click.echo(f"{len(found.orphans)} objects without a ledger row, {found.removed} of them removed")
        if found.mended:
            click.echo(f"{found.mended} results forgotten that the store lost; to edit their rows again:")
        for job_id in found.to_retry:
            click.echo(f"  qie-batch retry {job_id} --code result_lost")
    if found.faults:
        raise click.exceptions.Exit(SOME_FAILED)
