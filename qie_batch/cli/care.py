from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli import NOT_REACHABLE, SOME_FAILED, App
from qie_batch.cli.display import echo_json
from qie_batch.errors import QieError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.settings import Settings

#: Less than this and uploads, SQLite and the broker's log are about to fail.
ENOUGH_DISK = 1_000_000_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    well: bool
    #: What was found, or what is wrong and how to mend it.
    text: str


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def doctor(app: App, *, as_json: bool) -> None:
    """Check ledger, broker, store, engine and disk; say for each what is wrong and how to mend it."""
    settings = app.settings
    checks = [
        _check("ledger", settings, _ledger),
        _check("broker", settings, _broker),
        _check("store", settings, _store),
        _check("engine", settings, _engine),
        _check("prices", settings, _prices),
        _check("disk", settings, _disk),
    ]
    if as_json:
        click.echo(json.dumps({check.name: {"well": check.well, "text": check.text} for check in checks}))
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.well else 'BAD '} {check.name:<7} {check.text}")
    if not all(check.well for check in checks):
        raise click.exceptions.Exit(NOT_REACHABLE)


def _check(name: str, settings: Settings, look: Callable[[Settings], str]) -> Check:
    try:
        return Check(name=name, well=True, text=look(settings))
    except QieError as error:
        return Check(name=name, well=False, text=" ".join(error.sentences))


def _ledger(settings: Settings) -> str:
    from qie_batch.ledger import schema

    database = wiring.database(settings)
    schema.check(database)
    return f"{database.address} at schema {schema.newest()}"


def _broker(settings: Settings) -> str:
    queue = wiring.queue(settings)
    queue.epoch()
    return queue.address


def _store(settings: Settings) -> str:
    from qie_batch.stores.s3 import check_bucket

    wiring.store(settings)
    check_bucket(wiring.s3(settings), settings.s3_bucket)
    return f"bucket {settings.s3_bucket} at {settings.s3_endpoint or 'AWS'}, create-only puts are honoured"


def _engine(settings: Settings) -> str:
    choice = wiring.choose_engine(settings)
    return f"{choice.name} {choice.revision}: {choice.reason}"


def _prices(settings: Settings) -> str:
    from qie_batch.pricing import usd

    prices = wiring.expected_prices(settings)
    return ", ".join(
        f"{engine} {usd(micros)} an hour ({settings.market})" for engine, micros in prices.items()
    )


def _disk(settings: Settings) -> str:
    folder = settings.dir if settings.dir.exists() else settings.dir.absolute().parent
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_DISK:
        raise QieError(f"only {free / 1e9:.1f} GB are free in {folder}", hint="make room")
    return f"{free / 1e9:.0f} GB free in {folder}"


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
    found = look(wiring.ledger(settings), wiring.store(settings), repair=repair)
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
