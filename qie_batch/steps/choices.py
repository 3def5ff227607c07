"""Results of which a person chooses one each: the variants of a row, or rows that belong together."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qie_batch.errors import Conflict, Rejected, UsageError
from qie_batch.keys import input_key
from qie_batch.model import ItemState, ManifestRow, Verdict
from qie_batch.report.choices import Group, Option, choices_page
from qie_batch.steps.stored_rows import rows_with_items, stored_rows
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import Jobs, ObjectStore
    from qie_batch.model import Item, Job

#: States whose results can still be chosen.
_OPEN = (ItemState.SUCCEEDED, ItemState.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesContext:
    jobs: Jobs
    store: ObjectStore
    decoders: DecoderPool
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesRequest:
    job_id: str
    #: The column whose equal cells make a group; "" for the variants of each row.
    by: str = ""
    #: Groups at most.
    most: int = 200
    #: Pixels of the longer side of each image at most.
    side: int = 720


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    groups: int
    #: The page in parts; images are read as the parts are.
    parts: Iterator[bytes]


def make_choices(request: ChoicesRequest, context: ChoicesContext) -> Choices:
    """The page. NotFound without such a job, UsageError without such a column; Conflict without a choice."""
    job = context.jobs.get(request.job_id)
    found = _grouped(job, request, context)
    if not found:
        raise Conflict(
            f"job {job.id} has no results to choose between",
            code="nothing_to_choose",
            hint="give rows variants, or name the column whose rows belong together with --by",
            subject=job.id,
        )
    groups = (_group(name, items, request.side, context) for name, items in found)
    return Choices(groups=len(found), parts=choices_page(job.id, job.order.name, groups))


def _grouped(job: Job, request: ChoicesRequest, context: ChoicesContext) -> list[tuple[str, list[Item]]]:
    """Groups with two results or more, by name, in the order of the manifest."""
    groups: dict[tuple[int, str], list[Item]] = {}
    with stored_rows(job, context.store) as rows:
        _check_column(request.by, rows.header.header)
        for row, items in rows_with_items(rows, context.jobs.items(job.id)):
            if not isinstance(row, ManifestRow):
                continue
            # Without a column each row is a group of its own, though two may have the same id.
            key = (0, row.cells.get(request.by, "")) if request.by else (row.line, row.id)
            open_items = [item for item in items if item.result and item.state in _OPEN]
            if key[1] and (key in groups or len(open_items) > 1 or request.by):
                groups.setdefault(key, []).extend(open_items)
    several = [(name, items) for (_, name), items in groups.items() if len(items) > 1]
    return several[: request.most]


def _check_column(by: str, names: Iterable[str]) -> None:
    if by and by not in names:
        raise UsageError(
            f"the catalog has no column {quoted(by)}",
            hint=f"it has: {', '.join(name for name in names if name)}",
        )


def _group(name: str, items: list[Item], side: int, context: ChoicesContext) -> Group:
    spec = items[0].spec
    return Group(
        name=name,
        before=_address(input_key(spec.inputs[0]), side, context) if spec else "",
        options=tuple(_option(item, side, context) for item in items),
    )


def _option(item: Item, side: int, context: ChoicesContext) -> Option:
    findings = item.result.findings if item.result else ()
    return Option(
        item_id=item.id,
        version=item.version,
        label=f"{item.row_id}, variant {item.variant + 1}" if item.variant else item.row_id,
        instruction=item.spec.params.instruction if item.spec else "",
        after=_address(item.result.object_key, side, context) if item.result else "",
        warnings=tuple(finding.sentence for finding in findings if finding.verdict is Verdict.FAILED),
    )


def _address(key: str, side: int, context: ChoicesContext) -> str:
    """A data: URL; "" for an image that is gone or cannot be decoded."""
    try:
        data = context.store.get(key)
        small = context.decoders.thumbnail_jpeg(data, side, replace(context.limits, max_bytes=len(data)))
    except Rejected:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"
