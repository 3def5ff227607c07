"""Rows of which no edit can be made, as their images' headers and their parameters show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected
from qie_batch.images import check_limits
from qie_batch.manifest.aliases import REFERENCES
from qie_batch.model import BadRow, OutputFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from qie_batch.interfaces import AlphaForecast, EngineCheck
    from qie_batch.model import Checks, EditParams, EngineLimits, ImageHeader, ManifestRow
    from qie_batch.steps.submit.image_checks import ImageCheck

#: Columns, in the order of `ManifestRow.images`.
IMAGES = ("image", *REFERENCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChecker:
    """Refuses what the worker's engine would refuse without looking at pixels."""

    limits: EngineLimits
    check: EngineCheck
    gives_alpha: AlphaForecast
    #: Column -> header name, of the columns that the manifest has.
    columns: Mapping[str, str]
    #: Names of the LoRAs that a row may choose.
    loras: Collection[str] = ()
    #: Rejected for a gate or a channel that there is not.
    check_asked: Callable[[Checks], None] = lambda _: None

    def checked(
        self,
        row: ManifestRow,
        checks: Mapping[str, ImageCheck],
        params: EditParams,
    ) -> ManifestRow | BadRow:
        """The row, or a bad row if one of its images is, or if the worker's engine would refuse the row.

        `params` are the row's as the worker gets them.
        """
        own = [checks[name] for name in row.images]
        for column, check in zip(IMAGES, own, strict=False):
            if check.code:
                return self._bad(row, column, check.code, check.reason)
        sizes = [(check.width, check.height) for check in own]
        try:
            check_limits(self.limits, sizes, row.params.size)
        except Rejected as error:
            return self._bad(row, _column_at_fault(sizes, self.limits), error.code, error.message)
        if row.keep_mask and (mask := checks[row.keep_mask]).code:
            return self._bad(row, "keep_mask", mask.code, mask.reason)
        try:
            check_lock(params.lock, checks[row.keep_mask].header if row.keep_mask else None, own[0].header)
            check_lora(params.lora_name, self.loras)
            self.check_asked(row.checks)
            self.check(params, [check.header for check in own])
            self._check_format(params)
        except Rejected as error:
            return self._bad(row, error.subject, error.code, " ".join(error.sentences))
        return row

    def _check_format(self, params: EditParams) -> None:
        """Rejected if transparent pixels are asked for, and JPEG.

        Those that merely stay transparent are composed on white, as in any other program.
        """
        if params.output is not OutputFormat.JPEG:
            return
        if params.keep_alpha or self.gives_alpha(params):
            raise Rejected(
                "The result is transparent and JPEG holds no transparency: choose output png or webp",
                code="output_has_no_alpha",
                subject="output",
            )

    def _bad(self, row: ManifestRow, column: str, code: str, reason: str) -> BadRow:
        return BadRow(
            line=row.line,
            id=row.id,
            column=self.columns.get(column, ""),
            code=code,
            reason=reason,
            cells=row.cells,
        )


def check_lock(lock: str, mask: ImageHeader | None, image: ImageHeader) -> None:
    """Rejected where what says which pixels are kept is not there, or is of another size than the image."""
    if mask and (mask.width, mask.height) != (image.width, image.height):
        raise Rejected(
            f"The keep-mask is {mask.width:,} x {mask.height:,} pixels and the picture {image.width:,} x"
            f" {image.height:,}: give a mask of the picture's size",
            code="keep_mask_size",
            subject="keep_mask",
        )
    if lock == "mask" and not mask:
        raise Rejected(
            "lock is mask and the row names no keep_mask: name the image whose white pixels are kept",
            code="keep_mask_missing",
            subject="lock",
        )
    if lock == "alpha" and not image.alpha:
        raise Rejected(
            "lock is alpha and the picture has no transparency: write product, or name a keep_mask",
            code="lock_no_alpha",
            subject="lock",
        )


def check_lora(name: str, loras: Collection[str]) -> None:
    """Rejected for a LoRA that the engine does not have."""
    if name and name not in loras:
        known = f"choose {', '.join(loras)}" if loras else "QIE_LORAS names none"
        raise Rejected(f"There is no LoRA {name!r}: {known}", code="lora_unknown", subject="lora")


def _column_at_fault(sizes: list[tuple[int, int]], limits: EngineLimits) -> str:
    """The first image too many or of a ratio that the engine does not take, else the size of the result."""
    if len(sizes) > limits.max_images:
        return IMAGES[limits.max_images]
    for column, size in zip(IMAGES, sizes, strict=False):
        try:
            check_limits(limits, [size])
        except Rejected:
            return column
    return "size"
