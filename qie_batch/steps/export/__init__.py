"""Results in the form that a shop or marketplace takes, and its feed with their addresses."""

from qie_batch.steps.export.destinations import (
    ArchiveDestination,
    BucketDestination,
    Destination,
    FolderDestination,
)
from qie_batch.steps.export.feed import FeedRequest, FeedWritten
from qie_batch.steps.export.images import ExportContext, Exported, ExportRequest, Outcome, export_images

__all__ = [
    "ArchiveDestination",
    "BucketDestination",
    "Destination",
    "ExportContext",
    "ExportRequest",
    "Exported",
    "FeedRequest",
    "FeedWritten",
    "FolderDestination",
    "Outcome",
    "export_images",
]
