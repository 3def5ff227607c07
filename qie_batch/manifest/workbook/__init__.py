"""Excel workbooks (.xlsx) -> records.

Read with expat and zipfile, a piece at a time (docs/decisions/0015-workbooks.md).
"""

from qie_batch.manifest.workbook.contents import is_archive, refuse_old_office
from qie_batch.manifest.workbook.source import Workbook

__all__ = ["Workbook", "is_archive", "refuse_old_office"]
