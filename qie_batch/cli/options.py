"""The options of a job, the same for `submit` and for `schedule add`, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from qie_batch.errors import UsageError
from qie_batch.model import JobOrder, Priority, ReadingOptions, RowDefaults
from qie_batch.pricing import parse_usd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_Command = TypeVar("_Command", bound="Callable[..., Any]")

PRIORITIES = [priority.name.lower() for priority in Priority]


def order_options(*, priority: str) -> Callable[[_Command], _Command]:
    """The options that `job_order` reads; `priority` is the default of its own."""
    options = (
        click.option(
            "--engine", default="", help="classic, qwen, or a dotted module.  [default: the best there is]"
        ),
        click.option(
            "--preset", default="", metavar="NAME", help="[default: the engine's first; reference with qwen]"
        ),
        click.option("--priority", default=priority, show_default=True, type=click.Choice(PRIORITIES)),
        click.option(
            "--map", "mapping", multiple=True, metavar="COL=HEADER", help="Which header means a column."
        ),
        click.option("--instruction", default="", help="For rows that have none."),
        click.option("--budget", metavar="USD", help="Pause the job before it costs more."),
    )

    def decorated(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


def job_order(options: Mapping[str, Any]) -> JobOrder:
    """What the options ask for, with `name` where the command has it."""
    return JobOrder(
        name=options.get("name", ""),
        engine=options["engine"],
        preset=options["preset"],
        priority=Priority[options["priority"].upper()],
        reading=ReadingOptions(mapping=columns_of(options["mapping"])),
        defaults=RowDefaults(instruction=options["instruction"]),
        budget_micros=budget_micros(options["budget"]),
    )


def columns_of(pairs: Iterable[str]) -> dict[str, str]:
    """Column -> header name, from what `--map` was given."""
    for pair in pairs:
        if "=" not in pair:
            raise UsageError(
                f"--map {pair!r} is not of the form column=header", hint="for example --map id=SKU"
            )
    return dict(pair.split("=", 1) for pair in pairs)


def budget_micros(usd_text: str | None) -> int | None:
    """Micro-dollars of an amount that a person typed; None for none."""
    if usd_text is None:
        return None
    try:
        return parse_usd(usd_text)
    except ValueError as error:
        raise UsageError(f"--budget {error}", hint="for example --budget 2.50") from None
