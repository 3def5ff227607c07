"""Webhooks: what was told to which address, again if need be, and what signs it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, is_terminal
from qie_batch.errors import Misconfigured, NotFound, UsageError
from qie_batch.model import WebhookState
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.cli import App

LATEST = 20


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True)
@click.option("--limit", default=LATEST, show_default=True, type=click.IntRange(min=1))
@click.pass_context
def webhooks(context: click.Context, *, as_json: bool, limit: int) -> None:
    """The latest webhooks: when, what, where to, and what became of them."""
    if context.invoked_subcommand:
        return
    ledger = wiring.ledger(context.obj.settings)
    found = [views.delivery_view(webhook) for webhook in ledger.outbox.latest(limit)]
    if as_json:
        echo_json([views.dumped(each) for each in found])
    elif not found:
        click.echo("no webhooks: `qie-batch submit catalog.csv --notify https://...` asks for some")
    elif is_terminal(sys.stdout):
        from qie_batch.cli.terminal import Column, console, print_table

        columns = [Column(title=title) for title in ("webhook", "at", "event", "state")]
        columns.append(Column(title="address and error", may_wrap=True))
        print_table(console(sys.stdout), columns, map(_cells, found))
    else:
        for each in found:
            click.echo("  ".join(_cells(each)))


@webhooks.command()
@click.argument("webhook")
@click.pass_obj
def retry(app: App, webhook: str) -> None:
    """Send WEBHOOK again, whatever became of it, with the same id."""
    if not wiring.ledger(app.settings).outbox.resend(webhook):
        raise NotFound(f"there is no webhook {quoted(webhook)}", code="webhook_unknown")
    click.echo(f"webhook {webhook} is sent again")


@webhooks.command()
@click.argument("tenant", default="")
@click.option("--rotate", is_flag=True, help="Make a new one; the present one signs beside it.")
@click.option("--retire", is_flag=True, help="Sign with the newest alone from now on.")
@click.pass_obj
def secret(app: App, tenant: str, *, rotate: bool, retire: bool) -> None:
    """What signs the webhooks of TENANT, newest first; without TENANT, those of the command line's jobs."""
    if rotate and retire:
        raise UsageError("--rotate and --retire exclude each other", hint="retire once all receivers know")
    if tenant:
        stored = wiring.ledger(app.settings).webhook_secrets
        change = stored.rotate if rotate else stored.retire if retire else stored.of
        secrets: Sequence[str] = change(tenant)
    elif rotate or retire:
        raise UsageError(
            "the secrets of the command line's jobs are a setting",
            hint="write them into QIE_NOTIFY_SECRET, with a comma between them",
        )
    else:
        secrets = app.settings.notify_secrets
        if not secrets:
            raise Misconfigured("nothing signs these webhooks", hint="set QIE_NOTIFY_SECRET")
    for each in secrets:
        click.echo(each)


def _cells(shown: views.DeliveryView) -> tuple[str, ...]:
    at = f"{datetime.fromtimestamp(shown.created_at, UTC):%Y-%m-%d %H:%M:%S}"
    where = printable(shown.address, 100)
    what = f"{where}: {shown.error}" if shown.error else where
    if shown.state is WebhookState.WAITING and shown.tries and shown.next_at is not None:
        what += f"; again at {datetime.fromtimestamp(shown.next_at, UTC):%H:%M:%S}"
    return shown.id, at, shown.event, shown.state, what
