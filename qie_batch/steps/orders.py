"""What a person or a program asks of a job, written as text, and what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qie_batch.errors import UsageError
from qie_batch.manifest.cells import ASKED, OPTIONAL, QUALITY, checks_of
from qie_batch.manifest.faults import WrongCell
from qie_batch.model import (
    BATCH_PRIORITIES,
    FIRST_PRESET,
    NO_CHECKS,
    JobOrder,
    OutputFormat,
    Priority,
    ReadingOptions,
    RowDefaults,
)
from qie_batch.pricing import parse_usd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from qie_batch.model import EngineInfo

#: Those that a job may ask for.
PRIORITIES = tuple(priority.name.lower() for priority in BATCH_PRIORITIES)

#: Options of a row's values -> the reader of the text.
VALUES: Mapping[str, Callable[[str], Any]] = {
    **{
        name: OPTIONAL[name]
        for name in ("output", "size", "lora", "seed", "steps", "cfg", "variants", "lock", "align")
    },
    **ASKED,
    "quality": QUALITY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTexts:
    """The options of a job as they were written, "" or None for those that were not."""

    name: str = ""
    engine: str = ""
    preset: str = ""
    priority: str = "normal"
    budget: str | None = None
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    instruction: str = ""
    negative: str = ""
    keep_alpha: bool = False
    strip_metadata: bool = False
    #: The texts of the options in VALUES that were given.
    values: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    notify: str = ""
    #: Whether no result succeeds before a person approved it.
    review: bool = False
    #: Whether drafts are made first; the preset is then that of the final results.
    draft_first: bool = False


#: Options whose field of EditParams has another name.
_FIELDS = {"lora": "lora_name"}


def plain(name: str) -> str:
    """How a program calls an option."""
    return name


def job_order(texts: OrderTexts, called: Callable[[str], str] = plain) -> JobOrder:
    """What the options ask for. UsageError for a wrong value, with the option's name as `called` gives it."""
    return JobOrder(
        name=texts.name,
        engine=texts.engine,
        preset="" if texts.draft_first else texts.preset,
        priority=Priority[texts.priority.upper()],
        reading=texts.reading,
        defaults=_defaults(texts, called),
        budget_micros=budget_micros(texts.budget, called),
        owner=texts.owner,
        notify=texts.notify,
        review="required" if texts.review or texts.draft_first else "",
        final_preset=(texts.preset or FIRST_PRESET) if texts.draft_first else "",
    )


def _defaults(texts: OrderTexts, called: Callable[[str], str]) -> RowDefaults:
    values = {name: _read(name, text, called) for name, text in texts.values.items()}
    if values.get("output") is OutputFormat.PNG and "quality" in values:
        raise UsageError(
            f"{called('quality')} is of JPEG and WebP, and {called('output')} is png",
            hint="leave one of them out",
        )
    if values.get("output") is OutputFormat.JPEG and texts.keep_alpha:
        raise UsageError(
            f"{called('keep-alpha')} keeps transparency, and JPEG holds none",
            hint=f"choose {called('output')} png or webp",
        )
    checks = checks_of(values, NO_CHECKS)
    return RowDefaults(
        instruction=texts.instruction,
        negative=texts.negative,
        keep_alpha=texts.keep_alpha,
        strip_metadata=texts.strip_metadata,
        checks=checks,
        **values,
    )


def _read(name: str, text: str, called: Callable[[str], str]) -> Any:
    """The value of an option, which is written as a cell of the column of the same name."""
    try:
        return VALUES[name](text.strip())
    except WrongCell as error:
        reason = error.reason.replace(f"'{name}'", called(name), 1)
        raise UsageError(reason, code=f"{name}_invalid") from None


def unused(order: JobOrder, info: EngineInfo) -> list[str]:
    """The options that were given and that the engine does not take."""
    given = {name: getattr(order.defaults, name) for name in ("negative", "lora", "steps", "cfg", "seed")}
    return [
        name
        for name, value in {**given, "preset": order.preset}.items()
        if value not in (None, "") and _FIELDS.get(name, name) not in info.honours
    ]


def columns_of(pairs: Iterable[str], called: Callable[[str], str] = plain) -> dict[str, str]:
    """Column -> header name, of pairs column=header; "" for a column that no header means."""
    found: dict[str, str] = {}
    for pair in pairs:
        column, equals, header = (part.strip() for part in pair.partition("="))
        if not equals:
            raise UsageError(
                f"{called('map')} {pair!r} is not of the form column=header",
                hint=f"for example {called('map')} id=SKU",
            )
        if found.setdefault(column, header) != header:
            raise UsageError(
                f"{called('map')} gives column {column!r} two headers: {found[column]!r} and {header!r}",
                hint="leave one of them out",
            )
    return found


def budget_micros(usd_text: str | None, called: Callable[[str], str] = plain) -> int | None:
    """Micro-dollars of an amount that a person typed; None for none."""
    if usd_text is None:
        return None
    try:
        return parse_usd(usd_text)
    except ValueError as error:
        hint = f"for example {called('budget')} 2.50"
        raise UsageError(f"{called('budget')} {error}", code="budget_invalid", hint=hint) from None
