"""Ledger, store, queue and decoders from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qie_batch.errors import Rejected, Unavailable
from qie_batch.wiring import gates

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from celery import Celery

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import ObjectReader
    from qie_batch.ledger.database import Database
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.metrics.decoders import DecoderMetrics
    from qie_batch.queues.celery import CeleryQueue
    from qie_batch.settings import Settings
    from qie_batch.steps.dispatch import DispatchContext
    from qie_batch.steps.fsck import FsckContext
    from qie_batch.steps.gauges import GaugesContext
    from qie_batch.steps.housekeeping import Housekeeping
    from qie_batch.steps.prune import PruneContext
    from qie_batch.steps.settle import SettleContext
    from qie_batch.steps.submit import SubmitContext
    from qie_batch.stores.s3 import S3Store
    from qie_batch.web.fetch import WebFetcher


def database(settings: Settings) -> Database:
    from qie_batch.ledger.database import Database

    return Database(needed(settings, "ledger_url"))


def ledger(settings: Settings) -> SqlLedger:
    """The ledger, at the newest schema."""
    from qie_batch.ledger import schema
    from qie_batch.ledger.sql import SqlLedger

    opened = database(settings)
    schema.check(opened)
    return SqlLedger(opened)


def s3(settings: Settings, endpoint: str | None = None) -> Any:
    """The boto3 client that every store shares; one for another endpoint signs links alone."""
    from qie_batch.stores.s3_client import s3_client

    access, secret = settings.s3_access_key, settings.s3_secret_key
    return s3_client(
        endpoint or settings.s3_endpoint,
        settings.s3_region,
        access.get_secret_value() if access else None,
        secret.get_secret_value() if secret else None,
    )


def store(settings: Settings) -> S3Store:
    from qie_batch.stores.s3 import S3Store

    needed(settings, "ledger_url")  # without any settings, fail instead of connecting to AWS
    public = settings.s3_public_endpoint
    return S3Store(s3(settings), settings.s3_bucket, s3(settings, public) if public else None)


def buckets(settings: Settings, client: Any) -> Callable[[str, Collection[str]], ObjectReader]:
    """The store of a bucket that images may come from: its own, a listed one, or one of `others`."""
    from qie_batch.stores.s3 import S3Store
    from qie_batch.text import quoted

    allowed = {settings.s3_bucket, *settings.image_buckets}

    def store_of(bucket: str, others: Collection[str] = ()) -> ObjectReader:
        if bucket not in allowed and bucket not in others:
            raise Rejected(
                f"no picture may come from bucket {quoted(bucket)}: QIE_IMAGE_BUCKETS does not list it",
                code="image_address",
            )
        return S3Store(client, bucket)

    return store_of


def web_images(settings: Settings, *, confined: bool, of: Limits | None = None) -> WebFetcher:
    """Images on the web; close it when done. A confined manifest names listed servers only."""
    from qie_batch.web.fetch import WebFetcher
    from qie_batch.web.hosts import HostPolicy, ImageHosts

    hosts = settings.image_hosts
    policy = HostPolicy(
        hosts=ImageHosts.parse(hosts),
        listed_only=confined or bool(hosts),
        plain_http=settings.image_http,
    )
    return WebFetcher(policy, of or limits(settings))


def submit_context(
    settings: Settings, ledger: SqlLedger, progress: Callable[[str, int, int | None], None] | None = None
) -> SubmitContext:
    from functools import partial

    from qie_batch.steps.submit import SubmitContext
    from qie_batch.stores.s3 import S3Store
    from qie_batch.wiring.engines import InstalledEngines
    from qie_batch.wiring.webhooks import webhook_sender

    needed(settings, "ledger_url")  # without any settings, say so rather than try AWS
    client = s3(settings)
    return SubmitContext(
        intake=ledger.intake,
        costs=ledger.costs,
        store=S3Store(client, settings.s3_bucket),
        engines=InstalledEngines(settings),
        bucket=buckets(settings, client),
        web=lambda confined: web_images(settings, confined=confined),
        decoders=partial(decoders, settings),
        limits=limits(settings),
        progress=progress or (lambda *_: None),
        check_webhook=lambda address: webhook_sender(settings).check(address),
        check_asked=gates.asked_checker(settings),
    )


def celery(settings: Settings) -> Celery:
    from qie_batch.queues.celery import celery_app

    return celery_app(needed(settings, "broker_url"))


def queue(settings: Settings) -> CeleryQueue:
    from qie_batch.queues.celery import CeleryQueue

    return CeleryQueue(celery(settings))


def limits(settings: Settings) -> Limits:
    from qie_batch.images import Limits

    return Limits(max_pixels=settings.max_pixels, max_side=settings.max_side, max_bytes=settings.max_bytes)


def decoders(settings: Settings, metrics: DecoderMetrics | None = None) -> DecoderPool:
    """Decoder processes; close the pool when done."""
    from qie_batch.images.sandbox import DecoderPool

    if metrics is None:
        return DecoderPool(processes=settings.concurrency)
    return DecoderPool(processes=settings.concurrency, on_refusal=metrics.refused, on_crash=metrics.crashed)


def dispatch_context(settings: Settings, ledger: SqlLedger) -> DispatchContext:
    from qie_batch.steps.dispatch import DispatchContext
    from qie_batch.wiring.engines import InstalledEngines

    return DispatchContext(
        dispatch=ledger.dispatch,
        jobs=ledger.jobs,
        costs=ledger.costs,
        queue=queue(settings),
        engines=InstalledEngines(settings),
        window=settings.window,
    )


def gauges_context(settings: Settings, ledger: SqlLedger) -> GaugesContext:
    import os
    import socket
    import uuid

    from qie_batch.steps.gauges import GaugesContext
    from qie_batch.wiring.engines import InstalledEngines

    return GaugesContext(
        gauges=ledger.gauges,
        costs=ledger.costs,
        schedules=ledger.schedules,
        engines=InstalledEngines(settings),
        holder=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
    )


def settle_context(settings: Settings, ledger: SqlLedger, decoders: DecoderPool) -> SettleContext:
    from qie_batch.steps.settle import SettleContext

    return SettleContext(
        settlement=ledger.settlement,
        jobs=ledger.jobs,
        costs=ledger.costs,
        store=store(settings),
        decoders=decoders,
        limits=limits(settings),
        gates=gates.gate_names(),
    )


def housekeeping(settings: Settings, ledger: SqlLedger) -> Housekeeping:
    from qie_batch.steps.housekeeping import Housekeeping

    return Housekeeping(
        store=store(settings),
        schedules=ledger.schedules,
        requests=ledger.requests,
        workers=ledger.workers,
        clock=ledger.clock,
    )


def fsck_context(settings: Settings, ledger: SqlLedger) -> FsckContext:
    from qie_batch.steps.fsck import FsckContext

    return FsckContext(audit=ledger.audit, intake=ledger.intake, clock=ledger.clock, store=store(settings))


def prune_context(settings: Settings, ledger: SqlLedger) -> PruneContext:
    from qie_batch.steps.prune import PruneContext

    return PruneContext(
        pruning=ledger.pruning,
        audit=ledger.audit,
        intake=ledger.intake,
        clock=ledger.clock,
        store=store(settings),
    )


def needed(settings: Settings, name: str) -> str:
    """The address in this setting; Unavailable where there is none."""
    value = getattr(settings, name)
    if value is None:
        raise Unavailable(
            f"no services are known: {settings.dir / 'config.toml'} is not there, nor QIE_{name.upper()}",
            code="services_unknown",
            hint="start the embedded stack, or set the QIE_* variables of your cluster",
        )
    return str(value.get_secret_value())
