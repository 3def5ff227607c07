"""The embedded stack: everything on this machine, from pip alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli.display import note, typed
from qie_batch.processes.embedded import embedded_stack
from qie_batch.processes.logins import login_address
from qie_batch.processes.signals import stop_event

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.processes.embedded import Embedded


@click.command()
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where it keeps its data."
)
@click.option("--engine", default="", help="classic, qwen, or a dotted module.  [default: the best there is]")
@click.pass_obj
def up(app: App, folder: Path | None, engine: str) -> None:
    """Run the embedded stack in the foreground; Ctrl-C stops all of it."""
    stop = stop_event()
    chosen = (folder or app.settings.dir).absolute()
    with embedded_stack(chosen, engine) as embedded:
        _show(embedded)
        ended = embedded.wait(stop)
        if ended:
            note(f"{ended.name} has ended; the end of {ended.log_path} says:\n{ended.tail()}")
            sys.exit(1)
        note("stopping")


def _show(embedded: Embedded) -> None:
    """Where everything is, and what to do now."""
    settings = embedded.settings
    info, reason = wiring.InstalledEngines(settings).choose()
    for name, address in embedded.stack.addresses().items():
        click.echo(f"{name:<9} {address}")
    click.echo(f"{'engine':<9} {info.name}: {reason}")
    click.echo(f"{'login':<9} {settings.flower_user}, the password is flower_password in the settings file")
    click.echo(f"ready: {typed()} --dir {settings.dir} submit catalog.csv (Ctrl-C here stops everything)")
    click.echo(f"pages: {login_address(settings)}")


@click.command()
@click.pass_obj
def login(app: App) -> None:
    """Print an address that opens the pages in a browser: once, within an hour, and with all rights."""
    click.echo(login_address(app.settings))
