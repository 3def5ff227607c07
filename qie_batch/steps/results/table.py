"""results.csv and errors.csv of a job as they are at the moment, in parts."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

from qie_batch.steps.settle import Tables
from qie_batch.steps.stored_rows import rows_with_items, stored_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qie_batch.interfaces import Jobs, ObjectStore
    from qie_batch.model import Item, Job

#: Rows in memory at a time.
ROWS = 200


def result_table(
    job: Job,
    kind: Literal["results", "errors"],
    output: Callable[[Item], str],
    *,
    jobs: Jobs,
    store: ObjectStore,
    gates: Sequence[str] = (),
) -> Iterator[bytes]:
    """`output` tells where the result of an item is found."""
    wanted, other = io.StringIO(newline=""), io.StringIO(newline="")
    with stored_rows(job, store) as rows:
        tables = Tables(rows, *((wanted, other) if kind == "results" else (other, wanted)), gates=gates)
        for number, (row, items) in enumerate(rows_with_items(rows, jobs.items(job.id)), start=1):
            tables.write(row, items, output)
            if number % ROWS == 0:
                yield _taken(wanted)
                _taken(other)
        yield _taken(wanted)


def _taken(text: io.StringIO) -> bytes:
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data
