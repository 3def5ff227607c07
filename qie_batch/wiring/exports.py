"""What exports need: channels, the destination that a person names, and an upscaler."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured, Rejected, UsageError
from qie_batch.keys import INPUTS, JOBS, MANIFESTS, RESULTS, S3, UPLOADS, S3Address
from qie_batch.text import quoted
from qie_batch.wiring import services

if TYPE_CHECKING:
    from PIL import Image

    from qie_batch.exports.channel import Channel
    from qie_batch.exports.rendering import Upscaler
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.settings import Settings
    from qie_batch.steps.export import Destination, ExportContext

#: What the object store's own objects begin with: fsck and prune count what is there as theirs.
_OWN_PREFIXES = (INPUTS, JOBS, MANIFESTS, RESULTS, UPLOADS, "files/", "fetched/", "probe/")


def channel(settings: Settings, name: str) -> Channel:
    from qie_batch.exports.reading import read_channel

    return read_channel(name, settings.channels)


def export_context(settings: Settings, ledger: SqlLedger, decoders: DecoderPool) -> ExportContext:
    from qie_batch.steps.export import ExportContext

    return ExportContext(
        jobs=ledger.jobs,
        store=services.store(settings),
        decoders=decoders,
        limits=services.limits(settings),
        upscaler=_upscaler(settings.upscaler) if settings.upscaler else None,
    )


def destination(settings: Settings, address: str) -> Destination:
    """A prefix s3://bucket/folder, a ZIP file, or else a folder."""
    from qie_batch.steps.export import ArchiveDestination, BucketDestination, FolderDestination
    from qie_batch.stores.s3 import S3Store

    if not address.startswith(S3):
        is_archive = address.lower().endswith(".zip")
        return ArchiveDestination(Path(address)) if is_archive else FolderDestination(Path(address))
    parts = S3Address.split(address)
    prefix = f"{parts.key.strip('/')}/" if parts.key.strip("/") else ""
    if not parts.bucket:
        raise UsageError(
            f"{quoted(address)} names no bucket", code="export_address", hint="write s3://bucket/prefix"
        )
    if parts.bucket == settings.s3_bucket and (not prefix or prefix.startswith(_OWN_PREFIXES)):
        raise UsageError(
            f"{quoted(address)} is where qie-batch keeps its own objects",
            code="export_address",
            hint="name another bucket, or a prefix of your own such as"
            f" s3://{settings.s3_bucket}/exports/amazon",
        )
    return BucketDestination(S3Store(services.s3(settings), parts.bucket), prefix)


def _upscaler(module: str) -> Upscaler:
    from qie_batch.exports.rendering import Upscaler

    try:
        enlarge = import_module(module).upscale
    except (ImportError, AttributeError) as error:
        raise Misconfigured(
            f"QIE_UPSCALER names {quoted(module)}, which has no function upscale: {error}",
            hint="name a module with upscale(image, size), or leave it out: images are enlarged by Lanczos",
        ) from error
    lock = threading.Lock()

    def guarded(image: Image.Image, size: tuple[int, int]) -> Image.Image:
        """By one thread at a time, as models are; whatever it raises is about this image."""
        with lock:
            try:
                larger: Image.Image = enlarge(image, size)
            except Exception as error:
                raise Rejected(f"QIE_UPSCALER {module} failed: {error!r}", code="upscaler") from error
        return larger

    return Upscaler(name=module, enlarge=guarded)
