"""Catalogs and images that were sent to the gateway, kept in the store until a job is made of them.

`take` stores what was sent, `find` reads it again in any gateway process; `Uploads` gives the files to submit
by their s3:// addresses. `submitting` makes a job of an upload, or of files or rows, which become one first;
`wrong_rows` gives the rows to mend. An upload is a draft of its owner: control deletes uploads after a day.
"""

from __future__ import annotations

from qie_batch.steps.uploads.matching import candidates, catalog_of
from qie_batch.steps.uploads.reader import Uploads, address_of, is_upload
from qie_batch.steps.uploads.rows import with_rows
from qie_batch.steps.uploads.sweeping import remove_old
from qie_batch.steps.uploads.taking import TakeContext, UploadLimits, take
from qie_batch.steps.uploads.upload import KEPT_SECONDS, SentFile, Upload, find, new_upload_id, remove

__all__ = [
    "KEPT_SECONDS",
    "SentFile",
    "TakeContext",
    "Upload",
    "UploadLimits",
    "Uploads",
    "address_of",
    "candidates",
    "catalog_of",
    "find",
    "is_upload",
    "new_upload_id",
    "remove",
    "remove_old",
    "take",
    "with_rows",
]
