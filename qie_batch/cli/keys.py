"""Keys for programs that cannot do JSON Web Tokens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, is_terminal, note
from qie_batch.model import Scope
from qie_batch.steps.tenants import NewKey, add_key, revoke_key
from qie_batch.text import moment

if TYPE_CHECKING:
    from qie_batch.cli import App


@click.group()
def keys() -> None:
    """Keys of programs: made, listed and revoked. The ledger keeps the digest of each and no key."""


@keys.command()
@click.option("--tenant", required=True, help="Whose jobs the program's are.")
@click.option("--name", required=True, help="For people, for example 'nightly import'.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may do; give as many as it needs.",
)
@click.option("--days", type=float, help="Until it expires.  [default: never]")
@click.pass_obj
def add(app: App, /, tenant: str, name: str, scopes: tuple[str, ...], days: float | None) -> None:
    """Make a key; it is the last line, and shown this once."""
    request = NewKey(tenant=tenant, name=name, scopes=frozenset(map(Scope, scopes)), days=days)
    made = add_key(request, wiring.ledger(app.settings).api_keys)
    note(f"key {made.id} of tenant {tenant}, shown this once: send it as Authorization: Bearer")
    click.echo(made.secret)


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """Every key, whose it is, what it may do and whether it still opens anything."""
    ledger = wiring.ledger(app.settings)
    found = [views.api_key_view(key) for key in ledger.api_keys.all()]
    if as_json:
        echo_json([views.dumped(key) for key in found])
        return
    now = ledger.clock.now()
    rows = [(key.id, key.tenant, key.name, " ".join(key.scopes), _state(key, now)) for key in found]
    if not rows:
        click.echo("no keys: `qie-batch keys add --tenant T --name N --scope jobs:read` makes one")
    elif is_terminal(sys.stdout):
        from qie_batch.cli.terminal import Column, console, print_table

        titles = ("key", "tenant", "name", "scopes", "valid")
        columns = [Column(title=title, may_wrap=title in ("name", "scopes")) for title in titles]
        print_table(console(sys.stdout), columns, rows)
    else:
        for row in rows:
            click.echo("\t".join(row))


@keys.command()
@click.argument("key")
@click.pass_obj
def revoke(app: App, key: str) -> None:
    """Let KEY (an id of `keys list`) open nothing more; gateways notice within two seconds."""
    revoke_key(key, wiring.ledger(app.settings).api_keys)
    click.echo(f"key {key} is revoked")


def _state(key: views.ApiKeyView, now: float) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is None:
        return "always"
    day = moment(key.expires_at)
    return f"until {day}" if key.expires_at > now else f"expired {day}"
