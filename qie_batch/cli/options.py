"""The options of a job, the same for `submit` and for `schedule add`, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from qie_batch.model import ReadingOptions
from qie_batch.steps import orders
from qie_batch.steps.orders import PRIORITIES, VALUES, OrderTexts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qie_batch.model import JobOrder

_Command = TypeVar("_Command", bound="Callable[..., Any]")


def order_options(*, priority: str) -> Callable[[_Command], _Command]:
    """The options that `job_order` reads; `priority` is the default of its own."""
    return _decorated(*_job_options(priority), *_reading_options(), *_row_options())


def reading_options() -> Callable[[_Command], _Command]:
    """The options that `reading_of` reads."""
    return _decorated(*_reading_options())


def _decorated(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    def decorated(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


def _job_options(priority: str) -> tuple[Callable[[_Command], _Command], ...]:
    return (
        click.option(
            "--engine", default="", help="classic, qwen, or a dotted module.  [default: the best there is]"
        ),
        click.option(
            "--preset", default="", metavar="NAME", help="[default: the engine's first; reference with qwen]"
        ),
        click.option("--priority", default=priority, show_default=True, type=click.Choice(PRIORITIES)),
        click.option("--budget", metavar="USD", help="Pause the job before it costs more."),
        click.option("--notify", default="", metavar="URL", help="Where webhooks about it are sent."),
    )


def _reading_options() -> tuple[Callable[[_Command], _Command], ...]:
    return (
        click.option(
            "--map",
            "mapping",
            multiple=True,
            metavar="COL=HEADER",
            help="Which header means a column; COL= for a column that none means.",
        ),
        click.option("--encoding", default="", metavar="NAME", help="Of the file's text.  [default: found]"),
        click.option("--sheet", default="", metavar="NAME", help="Of a workbook.  [default: the first]"),
        click.option(
            "--header-line",
            type=click.IntRange(min=1),
            metavar="N",
            help="The line that names the columns.  [default: found]",
        ),
    )


def _row_options() -> tuple[Callable[[_Command], _Command], ...]:
    """What a row gets that does not choose itself."""
    return (
        click.option("--instruction", default="", help="For rows that have none."),
        click.option("--negative", default="", metavar="TEXT", help="What no picture should show."),
        click.option(
            "--output",
            metavar="FORMAT",
            help="png, jpeg, webp, or same: that of the picture.  [default: same; png for transparent ones]",
        ),
        click.option("--quality", metavar="N", help="Of JPEG and WebP results, 1 to 100."),
        click.option(
            "--keep-alpha", is_flag=True, help="Put the transparency of the picture back after the edit."
        ),
        click.option(
            "--strip-metadata", is_flag=True, help="Results that say nothing of how they came to be."
        ),
        click.option("--size", metavar="WxH", help="Of the results in pixels.  [default: as the picture]"),
        click.option("--seed", metavar="N", help="[default: the same for the same row]"),
        click.option("--lora", metavar="NAME", help="A LoRA of QIE_LORAS.  [default: none]"),
        click.option("--steps", metavar="N", help="[default: as the preset says]"),
        click.option("--cfg", metavar="X", help="[default: as the preset says]"),
        click.option("--variants", metavar="N", help="Results of each row, 1 to 8.  [default: 1]"),
        *_checks_options(),
    )


def _checks_options() -> tuple[Callable[[_Command], _Command], ...]:
    """What is asked of the results."""
    return (
        click.option(
            "--lock", metavar="WHAT", help="The picture's own pixels come back: product, alpha or mask."
        ),
        click.option("--align", flag_value="yes", help="Content that the edit moved a little is moved back."),
        click.option("--gates", metavar="LIMITS", help="Such as 'drift=2 text=off', or off for all."),
        click.option(
            "--rerolls", metavar="N", help="Tries with other seeds after a failed gate, 0 to 8.  [default: 0]"
        ),
        click.option("--expect-text", metavar="A|B", help="What must be readable on the results."),
        click.option("--expect-color", metavar="COLOR", help="Of what was edited: a name or #rrggbb."),
        click.option("--export-channel", metavar="NAME", help="Whose rules the results must meet."),
        click.option(
            "--review",
            type=click.Choice(("required",)),
            help="Nothing succeeds before a person has approved it.",
        ),
        click.option(
            "--draft-first",
            is_flag=True,
            help="Quick drafts of all; what is approved of them is made at the preset: review finalise.",
        ),
    )


def job_order(options: Mapping[str, Any]) -> JobOrder:
    """What the options ask for, with `name` where the command has it."""
    texts = OrderTexts(
        name=options.get("name", ""),
        engine=options["engine"],
        preset=options["preset"],
        priority=options["priority"],
        budget=options["budget"],
        reading=reading_of(options),
        instruction=options["instruction"],
        negative=options["negative"],
        keep_alpha=options["keep_alpha"],
        strip_metadata=options["strip_metadata"],
        values={name: options[name] for name in VALUES if options[name] is not None},
        notify=options["notify"].strip(),
        review=options["review"] is not None,
        draft_first=options["draft_first"],
    )
    return orders.job_order(texts, flag)


def reading_of(options: Mapping[str, Any]) -> ReadingOptions:
    return ReadingOptions(
        mapping=orders.columns_of(options["mapping"], flag),
        encoding=options["encoding"],
        sheet=options["sheet"],
        header_line=options["header_line"],
    )


def flag(name: str) -> str:
    """How the command line calls an option."""
    return f"--{name.replace('_', '-')}"
