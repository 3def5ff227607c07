"""The options of a job, the same for `submit` and for `schedule add`, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from qie_batch.errors import UsageError
from qie_batch.manifest.cells import OPTIONAL, QUALITY
from qie_batch.manifest.faults import WrongCell
from qie_batch.model import JobOrder, OutputFormat, Priority, ReadingOptions, RowDefaults
from qie_batch.pricing import parse_usd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from qie_batch.model import EngineInfo

_Command = TypeVar("_Command", bound="Callable[..., Any]")

PRIORITIES = [priority.name.lower() for priority in Priority]

#: Options of a row's values -> the reader of the text.
_VALUES: Mapping[str, Callable[[str], Any]] = {
    **{name: OPTIONAL[name] for name in ("output", "size", "seed", "steps", "cfg", "variants")},
    "quality": QUALITY,
}


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
        click.option("--size", metavar="WxH", help="Of the results in pixels.  [default: as the picture]"),
        click.option("--seed", metavar="N", help="[default: the same for the same row]"),
        click.option("--steps", metavar="N", help="[default: as the preset says]"),
        click.option("--cfg", metavar="X", help="[default: as the preset says]"),
        click.option("--variants", metavar="N", help="Results of each row, 1 to 8.  [default: 1]"),
    )


def job_order(options: Mapping[str, Any]) -> JobOrder:
    """What the options ask for, with `name` where the command has it."""
    return JobOrder(
        name=options.get("name", ""),
        engine=options["engine"],
        preset=options["preset"],
        priority=Priority[options["priority"].upper()],
        reading=reading_of(options),
        defaults=_defaults(options),
        budget_micros=budget_micros(options["budget"]),
        notify=options["notify"].strip(),
    )


def reading_of(options: Mapping[str, Any]) -> ReadingOptions:
    return ReadingOptions(
        mapping=columns_of(options["mapping"]),
        encoding=options["encoding"],
        sheet=options["sheet"],
        header_line=options["header_line"],
    )


def _defaults(options: Mapping[str, Any]) -> RowDefaults:
    values = {name: _read(name, text) for name in _VALUES if (text := options[name]) is not None}
    if values.get("output") is OutputFormat.PNG and "quality" in values:
        raise UsageError("--quality is of JPEG and WebP, and --output is png", hint="leave one of them out")
    if values.get("output") is OutputFormat.JPEG and options["keep_alpha"]:
        raise UsageError(
            "--keep-alpha keeps transparency, and JPEG holds none", hint="choose --output png or webp"
        )
    return RowDefaults(
        instruction=options["instruction"],
        negative=options["negative"],
        keep_alpha=options["keep_alpha"],
        **values,
    )


def _read(name: str, text: str) -> Any:
    """The value of an option, which is written as a cell of the column of the same name."""
    try:
        return _VALUES[name](text.strip())
    except WrongCell as error:
        raise UsageError(error.reason.replace(f"'{name}'", f"--{name}", 1)) from None


def unused(order: JobOrder, info: EngineInfo) -> list[str]:
    """The options that were given and that the engine does not take."""
    given = {name: getattr(order.defaults, name) for name in ("negative", "steps", "cfg", "seed")}
    return [
        f"--{name}"
        for name, value in {**given, "preset": order.preset}.items()
        if value not in (None, "") and name not in info.honours
    ]


def columns_of(pairs: Iterable[str]) -> dict[str, str]:
    """Column -> header name, from what `--map` was given; "" for a column that no header means."""
    found: dict[str, str] = {}
    for pair in pairs:
        column, equals, header = (part.strip() for part in pair.partition("="))
        if not equals:
            raise UsageError(
                f"--map {pair!r} is not of the form column=header", hint="for example --map id=SKU"
            )
        if found.setdefault(column, header) != header:
            raise UsageError(
                f"--map gives column {column!r} two headers: {found[column]!r} and {header!r}",
                hint="leave one of them out",
            )
    return found


def budget_micros(usd_text: str | None) -> int | None:
    """Micro-dollars of an amount that a person typed; None for none."""
    if usd_text is None:
        return None
    try:
        return parse_usd(usd_text)
    except ValueError as error:
        raise UsageError(f"--budget {error}", hint="for example --budget 2.50") from None
