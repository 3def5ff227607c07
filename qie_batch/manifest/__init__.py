"""CSV, TSV, XLSX or JSONL bytes -> ManifestRow | BadRow, and rows -> results.csv, errors.csv.

`open_manifest` and `Manifest.rows` refuse a file that is wrong as a whole; a row that is wrong is a BadRow.
"""

from qie_batch.manifest.aliases import COLUMNS
from qie_batch.manifest.limits import MAX_BYTES, MAX_CELL, MAX_ROWS
from qie_batch.manifest.opening import Manifest, open_manifest
from qie_batch.manifest.summary import Understanding
from qie_batch.manifest.writing import (
    ERROR_COLUMNS,
    RESULT_COLUMNS,
    CatalogWriter,
    ErrorsWriter,
    Extras,
    ResultsWriter,
    RowOutcome,
    RowWriter,
)

__all__ = [
    "COLUMNS",
    "ERROR_COLUMNS",
    "MAX_BYTES",
    "MAX_CELL",
    "MAX_ROWS",
    "RESULT_COLUMNS",
    "CatalogWriter",
    "ErrorsWriter",
    "Extras",
    "Manifest",
    "ResultsWriter",
    "RowOutcome",
    "RowWriter",
    "Understanding",
    "open_manifest",
]
