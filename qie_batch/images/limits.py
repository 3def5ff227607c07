"""The limits of an engine: one rule, for submit and worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.images.decoding import Limits
    from qie_batch.model import EngineLimits


#: Of an engine that paints a few sizes: at 20:1 an image fills 72 rows of 1440 x 736.
MAX_FITTED_RATIO = 20


def check_limits(
    limits: EngineLimits, sizes: Sequence[tuple[int, int]], result: tuple[int, int] | None = None
) -> None:
    """Rejected if the engine does not take images of these sizes, or paints no result of that size.

    `sizes` are width and height in pixels of the image to edit and of its references, in this order.
    """
    if not 1 <= len(sizes) <= limits.max_images:
        raise _too_many(len(sizes), limits.max_images)
    image, *references = sizes
    ratio = limits.max_ratio or (MAX_FITTED_RATIO if limits.sizes else None)
    _check_ratio(image, ratio, "picture")
    for reference in references:
        _check_ratio(reference, limits.max_reference_ratio or ratio, "reference picture")
    _check_ratio(result or image, ratio, "result")


def check_result(size: tuple[int, int], limits: Limits) -> None:
    """Rejected (result_too_large) if no image of this size could be opened again, as the report does."""
    width, height = size
    if max(size) > limits.max_side or width * height > limits.max_pixels:
        raise Rejected(
            f"the result would have {width:,} x {height:,} pixels; no side may be longer than "
            f"{limits.max_side:,} ({limits.side_setting}), and {limits.max_pixels:,} pixels are allowed "
            f"({limits.pixels_setting}): ask for a smaller size",
            code="result_too_large",
        )


def _check_ratio(size: tuple[int, int], most: float | None, name: str) -> None:
    if most is not None and max(size) > most * min(size):
        raise Rejected(
            f"the {name} of {size[0]:,} x {size[1]:,} pixels is narrower than {most:g}:1,"
            " which this engine cannot paint: crop it or pad it",
            code="image_too_narrow",
        )


def _too_many(number: int, most: int) -> Rejected:
    if most == 1:
        return Rejected(
            "this engine edits one picture and uses no reference images: empty the ref_image columns, or"
            " choose another engine",
            code="references_not_supported",
        )
    return Rejected(f"an edit takes one to {most} pictures; this one has {number}", code="image_count")
