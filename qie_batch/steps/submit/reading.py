"""The single pass over a manifest, some rows at a time."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Self

from qie_batch.manifest.stored import row_line
from qie_batch.model import BadRow
from qie_batch.steps.submit.files import Spool
from qie_batch.steps.submit.items import ItemSpool
from qie_batch.steps.submit.request import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qie_batch.manifest import Manifest
    from qie_batch.manifest.stored import StoredHeader
    from qie_batch.model import ManifestRow, NewItem
    from qie_batch.steps.submit.check_rows import RowChecker
    from qie_batch.steps.submit.checked_images import CheckedImages
    from qie_batch.steps.submit.image_checks import ImageCheck
    from qie_batch.steps.submit.plan import Planner
    from qie_batch.steps.submit.request import SubmitContext

#: Rows, and characters of their cells, in memory at a time.
ROWS, CHARACTERS = 500, 4_000_000
#: Bad rows kept to be shown; beyond them only their number.
SHOWN = 1000
CHECKING = "checking pictures"


class Reading:
    """Rows and items of one job on disk, and what was counted of them."""

    def __init__(
        self, planner: Planner, checker: RowChecker, images: CheckedImages, header: StoredHeader
    ) -> None:
        self._planner = planner
        self._checker = checker
        self._images = images
        self._header = header
        self._counts: Counter[str] = Counter()
        self._edits: Counter[str] = Counter()
        self._bad_rows: list[BadRow] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.rows = stack.enter_context(closing(Spool()))
            self.items = stack.enter_context(closing(ItemSpool()))
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read(self, manifest: Manifest, context: SubmitContext) -> Survey:
        self.rows.write(self._header.line())
        done = 0
        with context.decoders() as decoders:
            for some in _some(manifest.rows()):
                for _ in self._images.check(_image_names(some), decoders):
                    done += 1
                    context.progress(CHECKING, done, None)
                self._add(some, context)
        context.progress(CHECKING, done, done)
        return Survey(
            understood=manifest.understanding,
            rows=self._counts["rows"],
            items=self._counts["items"],
            images=self._images.distinct(),
            cached=self._counts["cached"],
            bad=self._counts["bad"],
            bad_rows=tuple(self._bad_rows),
            edits=self._edits,
        )

    def _add(self, some: list[ManifestRow | BadRow], context: SubmitContext) -> None:
        checks = {name: self._images[name] for name in dict.fromkeys(_image_names(some))}
        rows: list[ManifestRow | BadRow] = []
        planned: list[tuple[NewItem, str]] = []
        for row in some:
            checked, items = self._planned(row, checks)
            rows.append(checked)
            planned += items
        self.rows.write(b"".join(map(row_line, rows)))
        self.items.add(item for item, _ in planned)
        bad = [row for row in rows if isinstance(row, BadRow)]
        self._bad_rows += bad[: SHOWN - len(self._bad_rows)]
        keys = [(item.cache_key, preset) for item, preset in planned if item.cache_key]
        known = context.intake.known_results(dict.fromkeys(key for key, _ in keys))
        self._edits.update(preset for key, preset in keys if key not in known)
        cached = sum(key in known for key, _ in keys)
        self._counts.update(rows=len(rows), items=len(planned), bad=len(bad), cached=cached)

    def _planned(
        self, row: ManifestRow | BadRow, checks: Mapping[str, ImageCheck]
    ) -> tuple[ManifestRow | BadRow, Iterable[tuple[NewItem, str]]]:
        """The row as checked, and its items with their presets; a bad row has one failed item."""
        if not isinstance(row, BadRow):
            params = self._planner.params(row, checks)
            row = self._checker.checked(row, checks, params)
            if not isinstance(row, BadRow):
                return row, self._planner.items(row, params, checks)
        return row, [(self._planner.failed(row), "")]


def _some(rows: Iterable[ManifestRow | BadRow]) -> Iterator[list[ManifestRow | BadRow]]:
    some: list[ManifestRow | BadRow] = []
    characters = 0
    for row in rows:
        some.append(row)
        characters += sum(map(len, row.cells.values()))
        if len(some) >= ROWS or characters >= CHARACTERS:
            yield some
            some, characters = [], 0
    if some:
        yield some


def _image_names(rows: Iterable[ManifestRow | BadRow]) -> Iterator[str]:
    for row in rows:
        if not isinstance(row, BadRow):
            yield from row.images
            if row.keep_mask:
                yield row.keep_mask
