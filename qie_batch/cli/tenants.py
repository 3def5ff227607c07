"""What is set for a tenant."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, is_terminal
from qie_batch.errors import UsageError
from qie_batch.pricing import parse_usd, usd
from qie_batch.steps.tenants import DEFAULT, TenantChange, set_tenant

if TYPE_CHECKING:
    from qie_batch.cli import App


@click.group()
def tenants() -> None:
    """What tenants may spend in a day, and where their webhooks go."""


@tenants.command(name="set")
@click.argument("name")
@click.option(
    "--daily-usd",
    metavar="USD",
    help="From this spending of a day (UTC) on, nothing more is accepted; 'default' takes the setting.",
)
@click.option("--notify", metavar="URL", help="Address of its webhooks; '' for none.")
@click.pass_obj
def set_(app: App, /, name: str, daily_usd: str | None, notify: str | None) -> None:
    """Set what is given for tenant NAME, and leave the rest."""
    change = TenantChange(
        name=name, daily_micros=_daily(daily_usd), notify=notify.strip() if notify else notify
    )
    check_webhook = wiring.webhook_sender(app.settings).check
    tenant = set_tenant(change, wiring.ledger(app.settings).tenants, check_webhook)
    click.echo("\t".join(_shown(views.tenant_view(tenant))))


@tenants.command(name="list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """Every tenant that something is set for."""
    found = [views.tenant_view(tenant) for tenant in wiring.ledger(app.settings).tenants.all()]
    if as_json:
        echo_json([views.dumped(tenant) for tenant in found])
    elif not found:
        click.echo("nothing is set for any tenant: `qie-batch tenants set NAME --daily-usd 20` does it")
    elif is_terminal(sys.stdout):
        from qie_batch.cli.terminal import Column, console, print_table

        columns = [Column(title="tenant"), Column(title="a day"), Column(title="webhooks", may_wrap=True)]
        print_table(console(sys.stdout), columns, map(_shown, found))
    else:
        for tenant in found:
            click.echo("\t".join(_shown(tenant)))


def _daily(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "default":
        return DEFAULT
    try:
        return parse_usd(text)
    except ValueError as error:
        raise UsageError(f"--daily-usd {error}", hint="for example --daily-usd 20") from None


def _shown(tenant: views.TenantView) -> tuple[str, str, str]:
    daily = "as set for all" if tenant.daily_micros is None else usd(tenant.daily_micros)
    return tenant.name, daily, tenant.notify or "none"
