"""Seconds and errors of the store and of the ledger, by operation, measured around their Protocols."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram

from qie_batch.errors import LedgerUnavailable, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import BufferedIOBase
    from typing import BinaryIO

    from prometheus_client import CollectorRegistry

    from qie_batch.interfaces import Attempts, ObjectStore, StoredObject
    from qie_batch.model import Attempt, Candidate, EditSpec, Failure, Result, Usage, Worker

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class _Times:
    def __init__(self, registry: CollectorRegistry, service: str, away: type[Exception]) -> None:
        self._away = away
        self._seconds = Histogram(
            f"qie_{service}_seconds",
            f"Seconds of one operation of the {service}",
            ("operation",),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._errors = Counter(
            f"qie_{service}_errors",
            f"Operations that the {service} did not answer",
            ("operation",),
            registry=registry,
        )

    @contextmanager
    def of(self, operation: str) -> Iterator[None]:
        errors = self._errors.labels(operation)
        began = time.perf_counter()
        try:
            yield
        except self._away:
            errors.inc()
            raise
        finally:
            self._seconds.labels(operation).observe(time.perf_counter() - began)


class TimedStore:
    """Implements `qie_batch.interfaces.ObjectStore` by another one."""

    def __init__(self, store: ObjectStore, registry: CollectorRegistry) -> None:
        self._store = store
        self._times = _Times(registry, "store", StoreUnavailable)

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        with self._times.of("get"):
            return self._store.get(key, max_bytes=max_bytes)

    def download(self, key: str, file: BinaryIO, *, max_bytes: int | None = None) -> None:
        with self._times.of("get"):
            self._store.download(key, file, max_bytes=max_bytes)

    def put_new(
        self,
        key: str,
        data: bytes | BufferedIOBase,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        with self._times.of("put"):
            return self._store.put_new(key, data, content_type, metadata)

    def put(self, key: str, data: bytes | BufferedIOBase, content_type: str) -> None:
        with self._times.of("put"):
            self._store.put(key, data, content_type)

    def stat(self, key: str) -> StoredObject | None:
        with self._times.of("stat"):
            return self._store.stat(key)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Not measured: the caller reads it at its own pace."""
        return self._store.list(prefix)

    def delete(self, key: str) -> None:
        with self._times.of("delete"):
            self._store.delete(key)

    def link(self, key: str, seconds: int, *, content_type: str, name: str) -> str:
        return self._store.link(key, seconds, content_type=content_type, name=name)

    def address(self, key: str) -> str:
        return self._store.address(key)


class TimedAttempts:
    """Implements `qie_batch.interfaces.Attempts` by another one."""

    def __init__(self, attempts: Attempts, registry: CollectorRegistry) -> None:
        self._attempts = attempts
        self._times = _Times(registry, "ledger", LedgerUnavailable)

    def claim(self, item_id: str, worker: Worker, lease_seconds: float) -> Attempt | None:
        with self._times.of("claim"):
            return self._attempts.claim(item_id, worker, lease_seconds)

    def renew(self, attempt: Attempt, lease_seconds: float, step: int, usage: Usage) -> bool:
        with self._times.of("renew"):
            return self._attempts.renew(attempt, lease_seconds, step, usage)

    def succeed(self, attempt: Attempt, result: Result, usage: Usage, best: Candidate | None = None) -> bool:
        with self._times.of("succeed"):
            return self._attempts.succeed(attempt, result, usage, best)

    def reroll(
        self, attempt: Attempt, result: Result, usage: Usage, spec: EditSpec, candidates: Sequence[Candidate]
    ) -> bool:
        with self._times.of("reroll"):
            return self._attempts.reroll(attempt, result, usage, spec, candidates)

    def fail(self, attempt: Attempt, failure: Failure, usage: Usage) -> bool:
        with self._times.of("fail"):
            return self._attempts.fail(attempt, failure, usage)

    def retry_later(
        self, attempt: Attempt, failure: Failure, usage: Usage, delay: float, *, crash: bool = False
    ) -> bool:
        with self._times.of("retry_later"):
            return self._attempts.retry_later(attempt, failure, usage, delay, crash=crash)

    def release(self, attempt: Attempt, usage: Usage) -> bool:
        with self._times.of("release"):
            return self._attempts.release(attempt, usage)

    def account(self, attempt: Attempt, usage: Usage) -> None:
        with self._times.of("account"):
            self._attempts.account(attempt, usage)
