"""What the jobs of a tenant work with: the tenant's own uploads, listed buckets and listed web servers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.wiring import services

if TYPE_CHECKING:
    from collections.abc import Collection

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import ObjectReader
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.settings import Settings
    from qie_batch.steps.openai.batches import BatchContext
    from qie_batch.steps.submit import SubmitContext
    from qie_batch.steps.uploads import TakeContext, Uploads
    from qie_batch.steps.uploads.submitting import SubmissionContext


def submission_context(settings: Settings, ledger: SqlLedger, owner: str) -> SubmissionContext:
    """`ledger` is the tenant's."""
    from qie_batch.steps.uploads.submitting import SubmissionContext

    uploads = _uploads(settings, owner)
    return SubmissionContext(
        submit=_submit_context(settings, ledger, uploads),
        by_name=uploads.by_name,
        taking=take_context(settings, ledger),
        requests=ledger.requests,
    )


def tenant_submit_context(settings: Settings, ledger: SqlLedger, owner: str) -> SubmitContext:
    """The tenant's uploads for the bucket of the stack; others where QIE_IMAGE_BUCKETS lists them."""
    return _submit_context(settings, ledger, _uploads(settings, owner))


def _uploads(settings: Settings, owner: str) -> Uploads:
    from qie_batch.steps.uploads import Uploads
    from qie_batch.stores.s3 import S3Store

    return Uploads(S3Store(services.s3(settings), settings.s3_bucket), owner)


def _submit_context(settings: Settings, ledger: SqlLedger, uploads: Uploads) -> SubmitContext:
    client, limits = services.s3(settings), gateway_limits(settings)
    listed = services.buckets(settings, client)

    def bucket(name: str, _: Collection[str]) -> ObjectReader:
        return uploads if name == settings.s3_bucket else listed(name, ())

    return replace(
        services.submit_context(settings, ledger),
        bucket=bucket,
        exists=uploads.has,
        web=lambda _: services.web_images(settings, confined=True, of=limits),
        limits=limits,
    )


def take_context(settings: Settings, ledger: SqlLedger) -> TakeContext:
    from qie_batch.steps.uploads import TakeContext, UploadLimits

    return TakeContext(
        store=services.store(settings),
        limits=UploadLimits(
            max_files=settings.gateway_max_files,
            max_bytes=settings.gateway_max_upload_bytes,
            max_image_bytes=settings.gateway_max_image_bytes,
        ),
        now=ledger.clock.now(),
    )


def gateway_limits(settings: Settings) -> Limits:
    """Of images that come through the gateway."""
    from qie_batch.images import Limits

    side = min(settings.gateway_max_side, settings.max_side)
    return Limits(
        max_pixels=min(side * side, settings.max_pixels),
        max_side=side,
        max_bytes=min(settings.gateway_max_image_bytes, settings.max_bytes),
        of_gateway=True,
    )


def batch_context(settings: Settings, ledger: SqlLedger, decoders: DecoderPool) -> BatchContext:
    from contextlib import nullcontext

    from qie_batch.steps.openai.batches import BatchContext

    context = services.submit_context(settings, ledger)
    limits = gateway_limits(settings)
    return BatchContext(
        batches=ledger.batches,
        jobs=ledger.jobs,
        files=lambda owner: ledger.owned_by(owner).files,
        store=context.store,
        submitting=replace(context, decoders=lambda: nullcontext(decoders), limits=limits),
    )
