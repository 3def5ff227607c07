"""A row of a manifest, understood or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.model.checks import NO_CHECKS, Checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.model.edits import EditParams
    from qie_batch.model.states import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One row of a manifest, understood. A priority of None is the job's."""

    #: 1-based line (CSV, TSV: the header is line 1; XLSX: the row of the sheet) at which the row starts.
    line: int
    id: str
    #: One to three images as the row names them: a path relative to the manifest, or s3://bucket/key.
    images: tuple[str, ...]
    params: EditParams
    variants: int = 1
    priority: Priority | None = None
    checks: Checks = NO_CHECKS
    #: The image that says which pixels are kept, named as in `images`; "" for none.
    keep_mask: str = ""
    #: The row as it was read: header name -> cell, in the file's order.
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """One row of a manifest, not understood; data, not an exception."""

    line: int
    #: The row's id, "" where it has none.
    id: str
    #: Header name of the wrong cell, "" where the whole row is wrong.
    column: str
    code: str
    #: One sentence: what is wrong and what to do.
    reason: str
    cells: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        where = f"line {self.line}"
        if self.column:
            where += f", column {self.column!r}"
        if self.id:
            where += f", id {self.id!r}"
        return f"{where}: {self.reason}"


class InvalidManifest(UsageError):
    """The manifest is not accepted; `bad_rows` has every row that is wrong, not only the first.

    `headers` are those of the file, where they were found, and `missing` the columns that none of them means.
    """

    code = "invalid_manifest"

    def __init__(
        self,
        message: str,
        *,
        bad_rows: Sequence[BadRow] = (),
        missing: Sequence[str] = (),
        code: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.bad_rows = tuple(bad_rows)
        self.missing = tuple(missing)
        self.headers: tuple[str, ...] = ()
