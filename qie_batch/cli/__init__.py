"""The `qie-batch` command. Each command's module is imported when it runs, so that --help answers at once."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qie_batch import __version__
from qie_batch.cli.advice import sentences
from qie_batch.errors import QieError, Unavailable, UsageError

if TYPE_CHECKING:
    from qie_batch.settings import Settings

#: Exit codes of the contract.
SOME_FAILED, USAGE, NOT_REACHABLE = 1, 2, 3

#: Bad rows printed before the rest is only counted.
SHOWN = 50

#: Command -> module of qie_batch.cli that has it, and the line that --help shows.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Edit a sample catalog on an embedded stack and show the result."),
    "up": ("stack", "Run the embedded stack: broker, store, ledger, worker, control, gateway, Flower."),
    "login": ("stack", "Print an address that opens the pages in a browser."),
    "template": ("template", "Write a catalog to begin with, from a shop's export or as an example."),
    "submit": ("submit", "Check a catalog, upload its pictures and enter it as a job."),
    "status": ("show", "How far jobs are, how fast, what failed and why."),
    "results": ("collect", "Download what succeeded, with results.csv and errors.csv."),
    "workers": ("workers", "Which worker processes live, and what each does."),
    "review": ("review", "Look at results: approve, reject, make again; drafts to final results."),
    "retry": ("change", "Make failed items of a job pending again."),
    "cancel": ("change", "Cancel what is not finished of a job."),
    "pause": ("change", "Start nothing new of a job."),
    "resume": ("change", "Go on with a paused job."),
    "cost": ("show", "Money spent, saved by the cache and lost to failed attempts."),
    "schedule": ("schedule", "Catalogs that are submitted by the clock."),
    "keys": ("keys", "Keys for programs: made, listed and revoked."),
    "tenants": ("tenants", "What tenants may spend in a day, and where their webhooks go."),
    "webhooks": ("webhooks", "What was told to which address, and what signs it."),
    "worker": ("processes", "Run the workers, one process for each visible GPU."),
    "control": ("processes", "Run dispatch, settle, sweep and schedules."),
    "gateway": ("processes", "Run the gateway: pages for people, an API for programs."),
    "alert-bridge": ("processes", "Hand the alerts of Prometheus to a DingTalk group."),
    "flower": ("processes", "Run the live dashboard, never without a login."),
    "export": ("export", "Write results as a shop takes them, or the model as ONNX or TensorRT."),
    "sign": ("sign", "Sign results or exports by C2PA, with your certificate."),
    "db": ("care", "The ledger's schema."),
    "doctor": ("care", "Check every dependency and say how to mend it."),
    "fsck": ("care", "Prove that ledger and store agree."),
    "prune": ("prune", "Delete jobs that were closed long ago, and what nothing else needs."),
}


@dataclass(slots=True)
class App:
    """What every command gets as its context object."""

    folder: Path | None
    debug: bool

    @property
    def settings(self) -> Settings:
        from qie_batch.settings import Settings

        return Settings(dir=self.folder) if self.folder else Settings()


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"qie_batch.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Errors become one sentence and what to do next; --debug shows where they came from."""
        try:
            return super().invoke(ctx)
        except QieError as error:
            if ctx.params.get("debug"):
                raise
            _explain(error)
            if isinstance(error, UsageError):
                sys.exit(USAGE)
            sys.exit(NOT_REACHABLE if isinstance(error, Unavailable) else SOME_FAILED)


def _explain(error: QieError) -> None:
    """What is wrong, every bad row of a manifest, and what to do next."""
    # Not at the top: the model takes half of the time of --help.
    from qie_batch.model import InvalidManifest

    problem, *advice = sentences(error)
    click.echo(f"qie-batch: {problem}", err=True)
    bad_rows = error.bad_rows if isinstance(error, InvalidManifest) else ()
    for bad in bad_rows[:SHOWN]:
        click.echo(f"  {bad}", err=True)
    if len(bad_rows) > SHOWN:
        click.echo(f"  ... and {len(bad_rows) - SHOWN} more", err=True)
    for sentence in advice:
        click.echo(sentence, err=True)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the embedded stack.  [default: QIE_DIR or .qie-batch]",
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(__version__, prog_name="qie-batch")
@click.pass_context
def main(ctx: click.Context, folder: Path | None, *, debug: bool) -> None:
    """Edit the pictures of a whole catalog: qie-batch submit catalog.csv."""
    # stamina warns of each retry, which without a handler would be printed.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    ctx.obj = App(folder=folder, debug=debug)
