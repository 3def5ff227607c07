"""The only place that chooses implementations: settings in, things that work out."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Rejected, Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import Engine, ObjectStore
    from qie_batch.ledger.database import Database
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.queues.celery import CeleryQueue
    from qie_batch.settings import Settings
    from qie_batch.steps.edit import EditContext
    from qie_batch.stores.s3 import S3Store


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    name: str
    revision: str
    #: Whether it knows presets, steps, CFG and seeds.
    diffusion: bool
    #: One sentence: why this one.
    reason: str


def database(settings: Settings) -> Database:
    from qie_batch.ledger.database import Database

    return Database(_needed(settings, "ledger_url"))


def ledger(settings: Settings) -> SqlLedger:
    """The ledger, at the newest schema."""
    from qie_batch.ledger import schema
    from qie_batch.ledger.sql import SqlLedger

    opened = database(settings)
    schema.check(opened)
    return SqlLedger(opened)


def s3(settings: Settings) -> Any:
    """The boto3 client that every store shares."""
    from qie_batch.stores.s3 import s3_client

    access, secret = settings.s3_access_key, settings.s3_secret_key
    return s3_client(
        settings.s3_endpoint,
        settings.s3_region,
        access.get_secret_value() if access else None,
        secret.get_secret_value() if secret else None,
    )


def store(settings: Settings) -> S3Store:
    from qie_batch.stores.s3 import S3Store

    _needed(settings, "ledger_url")  # without any settings, say so rather than try AWS
    return S3Store(s3(settings), settings.s3_bucket)


def buckets(settings: Settings, *also: str) -> Callable[[str], ObjectStore]:
    """The store of a bucket that pictures may come from: ours, a listed one, one of `also`. Or Rejected."""
    from qie_batch.stores.s3 import S3Store
    from qie_batch.text import quoted

    client = s3(settings)
    allowed = {settings.s3_bucket, *settings.image_buckets, *also}

    def store_of(bucket: str) -> ObjectStore:
        if bucket not in allowed:
            raise Rejected(
                f"no picture may come from bucket {quoted(bucket)}: QIE_IMAGE_BUCKETS does not list it",
                code="image_address",
            )
        return S3Store(client, bucket)

    return store_of


def celery(settings: Settings) -> Celery:
    from qie_batch.queues.celery import celery_app

    return celery_app(_needed(settings, "broker_url"))


def queue(settings: Settings) -> CeleryQueue:
    from qie_batch.queues.celery import CeleryQueue

    return CeleryQueue(celery(settings))


def limits(settings: Settings) -> Limits:
    from qie_batch.images import Limits

    return Limits(max_pixels=settings.max_pixels, max_side=settings.max_side, max_bytes=settings.max_bytes)


def opener(settings: Settings) -> DecoderPool:
    """Opens pictures in processes of their own; close it when done."""
    from qie_batch.images.sandbox import DecoderPool

    return DecoderPool(children=settings.concurrency)


def choose_engine(settings: Settings, asked: str = "") -> EngineChoice:
    """The engine that was asked for, else the one set, else qwen where it can run, else classic."""
    if asked:
        return _engine(settings, asked, "it was asked for")
    if settings.engine:
        return _engine(settings, settings.engine, "QIE_ENGINE says so")
    if not visible_devices():
        return _engine(settings, "classic", "there is no CUDA card here")
    from qie_batch.engines.qwen import find_weights

    try:
        find_weights(settings.model, settings.model_revision)
    except UsageError as error:
        return _engine(settings, "classic", f"there is a CUDA card, but: {error.message}")
    return _engine(settings, "qwen", "there are a CUDA card and the weights")


def _engine(settings: Settings, name: str, reason: str) -> EngineChoice:
    module = _engine_module(name)
    return EngineChoice(
        name=name,
        revision=getattr(module, "REVISION", settings.model_revision),
        diffusion=module.DIFFUSION,
        reason=reason,
    )


def _engine_module(name: str) -> Any:
    """One of ours by its bare name, anybody's by a dotted one."""
    wanted = name if "." in name else f"qie_batch.engines.{name}"
    hint = "choose classic or qwen, or give the dotted name of a module with DIFFUSION and create(options)"
    try:
        module = import_module(wanted)
    except ModuleNotFoundError as error:
        if not error.name or wanted.startswith(error.name):
            raise UsageError(f"there is no engine {name!r}", hint=hint) from None
        raise UsageError(f"the engine {name!r} needs {error.name}, which is not installed") from error
    except (Exception, SystemExit) as error:  # a module may do anything when it is imported
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UsageError(f"the engine {name!r} cannot be imported: {problem}", hint=hint) from error
    if not hasattr(module, "DIFFUSION") or not hasattr(module, "create"):
        raise UsageError(f"the module {name!r} is no engine", hint=hint)
    return module


def load_engine(settings: Settings, choice: EngineChoice) -> Engine:
    """Loaded and warm; takes as long as the weights do."""
    module = _engine_module(choice.name)
    options: Any = settings.engine_options
    if choice.name == "qwen":
        options = module.QwenOptions(
            model=settings.model,
            revision=settings.model_revision,
            lora_dir=settings.lora_dir,
            lora_sha256=settings.lora_sha256,
        )
    engine: Engine = module.create(options)
    return engine


def context(settings: Settings) -> EditContext:
    """What a worker process edits with; the engine is loaded here."""
    from qie_batch.breaker import CircuitBreaker
    from qie_batch.leases import Leases
    from qie_batch.model import Worker
    from qie_batch.pricing import hour_micros
    from qie_batch.steps.edit import EditContext
    from qie_batch.stores.s3 import check_bucket

    choice = choose_engine(settings)
    the_ledger, the_store = ledger(settings), store(settings)
    check_bucket(s3(settings), settings.s3_bucket)  # before the minutes that an engine takes
    engine = load_engine(settings, choice)
    return EditContext(
        ledger=the_ledger,
        store=the_store,
        engine=engine,
        worker=Worker(
            name=settings.worker_name or f"{socket.gethostname()}-{os.getpid()}",
            engine=choice.name,
            device=engine.device,
            hour_micros=hour_micros(engine.device, settings.market, settings.prices),
        ),
        leases=Leases(the_ledger, settings.lease_seconds),
        breaker=CircuitBreaker(the_store),
        pictures=opener(settings),
        device=threading.Lock(),
        limits=limits(settings),
    )


def expected_prices(settings: Settings) -> dict[str, int]:
    """Micro-dollars an hour of the device each engine is expected on, before there is history."""
    from qie_batch.pricing import hour_micros

    devices = {"classic": "cpu", "qwen": settings.expected_device}
    return {
        engine: hour_micros(device, settings.market, settings.prices) for engine, device in devices.items()
    }


def visible_devices() -> list[str]:
    """Indices of the CUDA cards this process may use, found without CUDA (which must not start here)."""
    cards = sorted(path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*"))
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    return cards if allowed is None else [card for card in allowed.split(",") if card.strip()]


def _needed(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if value is None:
        raise Unavailable(
            f"no services are known: {settings.dir / 'config.toml'} is not there, nor QIE_{name.upper()}",
            code="services_unknown",
            hint="start the embedded stack, or set the QIE_* variables of your cluster",
        )
    return str(value.get_secret_value())
