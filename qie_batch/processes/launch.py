"""Command lines and environments of third-party programs: Celery's worker and Flower."""

from __future__ import annotations

import os
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.metrics.exporter import neighbour
from qie_batch.processes.contract import HEARTBEAT_VARIABLE, child_environment
from qie_batch.queues.celery import queue_name, unused_queue_name

if TYPE_CHECKING:
    from qie_batch.model import EngineInfo
    from qie_batch.settings import Settings

#: glibc gives images of several MB back when they are freed, and threads share its heaps: the jobs of a large
#: upload took 312 MB of the gateway without these, and 220 MB with them (bench/large_upload.py).
_FREED_AT_ONCE = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000"}

_CELERY = (sys.executable, "-m", "celery", "--app", "workers.app")
#: Edits that Flower keeps: one takes 7 kB, and the memory that Compose gives it is for these.
FLOWER_TASKS = 10_000
#: Shorter ones can be guessed from one signature (RFC 7518, section 3.2).
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    argv: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """What distinguishes one worker process from the others of its supervisor."""

    name: str
    engine: EngineInfo
    #: Index of the CUDA device, "" for none.
    device: str
    heartbeat_fd: int
    #: From 0, among the worker processes of its supervisor.
    index: int = 0


def worker_name(device: str) -> str:
    """A unique name, since the ledger releases the items of an ended worker by its name."""
    return f"{os.uname().nodename}-{device or 'cpu'}-{uuid.uuid4().hex[:8]}"


def celery_worker(settings: Settings, spec: WorkerSpec) -> Launch:
    """Celery's threads pool: transfers overlap with the edit, and CUDA is never used after a fork."""
    # One edit on a local device, or as many as a remote server takes; the other items are in transfer.
    in_flight = settings.concurrency + spec.engine.concurrency - 1
    takes_bulk = settings.lanes != "interactive"
    queue = queue_name(spec.engine.name) if takes_bulk else unused_queue_name(spec.engine.name)
    argv = (
        *(*_CELERY, "worker"),
        *("--pool", "threads", "--concurrency", str(in_flight)),
        *("--queues", queue, "--hostname", spec.name),
        *("--loglevel", "INFO", "--without-gossip", "--without-mingle", "--task-events"),
    )
    environment = {
        **child_environment(settings.dir),
        "QIE_WORKER_NAME": spec.name,
        "QIE_ENGINE": spec.engine.name,
        HEARTBEAT_VARIABLE: str(spec.heartbeat_fd),
        "QIE_METRICS_ADDRESS": neighbour(settings.metrics_address, 1 + spec.index),
    }
    if spec.device:
        # Then an index is the same device for CUDA as for NVML, where there are several kinds of devices too.
        environment.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        environment["CUDA_VISIBLE_DEVICES"] = spec.device
    return Launch(argv=argv, environment=environment)


def flower(settings: Settings) -> Launch:
    """UsageError without a password: Flower does not run without a login."""
    if settings.flower_password is None:
        raise UsageError(
            "Flower does not run without a login", hint="set QIE_FLOWER_PASSWORD (and QIE_FLOWER_USER)"
        )
    # The login goes through the environment: every user of the machine can read a command line.
    login = f"{settings.flower_user}:{settings.flower_password.get_secret_value()}"
    return Launch(
        argv=(
            *(*_CELERY, "flower"),
            f"--address={settings.flower_address}",
            f"--port={settings.flower_port}",
            f"--db={settings.dir / 'flower'}",
            "--state_save_interval=5000",
            f"--max_tasks={FLOWER_TASKS}",
        ),
        environment={
            **child_environment(settings.dir),
            "FLOWER_BASIC_AUTH": login,
            "FLOWER_PERSISTENT": "True",
        },
    )


def gateway(settings: Settings) -> Launch:
    """UsageError without a secret, which signs every login."""
    secret = settings.gateway_secret
    if secret is None or len(secret.get_secret_value().encode()) < SECRET_BYTES:
        raise UsageError(
            f"the gateway does not run without a secret of at least {SECRET_BYTES} bytes",
            hint="set QIE_GATEWAY_SECRET, for example to what `openssl rand -hex 32` prints",
        )
    if settings.jwt_algorithm != "HS256" and not settings.jwt_keys:
        raise UsageError(
            f"tokens of {settings.jwt_algorithm} cannot be checked without the keys of their issuer",
            hint="set QIE_JWT_KEYS to its JWKS, a file or an https:// address",
        )
    return Launch(
        argv=(sys.executable, "-m", "qie_batch.gateway"),
        environment={**child_environment(settings.dir), **_FREED_AT_ONCE},
    )
