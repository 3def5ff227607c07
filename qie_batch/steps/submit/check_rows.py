"""Rows whose images, or their number and sizes, no edit can be made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Rejected
from qie_batch.images import check_limits
from qie_batch.model import BadRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model import EngineLimits, ManifestRow
    from qie_batch.steps.submit.image_checks import ImageCheck

COLUMNS = ("image", "ref_image_2", "ref_image_3")


def checked_row(
    row: ManifestRow | BadRow, checks: Mapping[str, ImageCheck], limits: EngineLimits
) -> ManifestRow | BadRow:
    """The row, or a bad row if one of its images is, or if the worker's engine would refuse them."""
    if isinstance(row, BadRow):
        return row
    own = [checks[name] for name in row.images]
    for column, check in zip(COLUMNS, own, strict=False):
        if check.code:
            return _bad(row, column, check.code, check.reason)
    sizes = [(check.width, check.height) for check in own]
    try:
        check_limits(limits, sizes, row.params.size)
    except Rejected as error:
        return _bad(row, _column_at_fault(sizes, limits), error.code, error.message)
    return row


def _column_at_fault(sizes: list[tuple[int, int]], limits: EngineLimits) -> str:
    """The first image too many or of a ratio that the engine does not take, else the size of the result."""
    if len(sizes) > limits.max_images:
        return COLUMNS[limits.max_images]
    for column, size in zip(COLUMNS, sizes, strict=False):
        try:
            check_limits(limits, [size])
        except Rejected:
            return column
    return "size"


def _bad(row: ManifestRow, column: str, code: str, reason: str) -> BadRow:
    return BadRow(line=row.line, id=row.id, column=column, code=code, reason=reason, cells=row.cells)
