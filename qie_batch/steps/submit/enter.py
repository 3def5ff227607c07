"""What was planned enters the store and the ledger."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import stamina

from qie_batch.errors import LedgerUnavailable, Rejected, UsageError
from qie_batch.keys import input_key, manifest_key
from qie_batch.steps.submit.pictures import AT_A_TIME, Pictures
from qie_batch.steps.submit.plan import Order, planned
from qie_batch.steps.submit.sources import LENGTH
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import Intake, ObjectStore
    from qie_batch.manifest import Manifest


def upload(pictures: Pictures, store: ObjectStore) -> Iterator[bool]:
    """Put every picture under its hash, several at a time; yields whether each was new to the store.

    Interrupted and started again, it goes on where it was: what is there is not sent twice.
    """

    def send(name: str, sha256: str, content_type: str) -> bool:
        key = input_key(sha256)
        if store.stat(key):
            return False
        try:
            data = pictures.read(name)
        except Rejected:
            data = b""  # before, there were some
        if hashlib.sha256(data).hexdigest() != sha256:
            raise UsageError(
                f"the picture {quoted(name, LENGTH)} changed while it was being submitted",
                hint="submit again",
            )
        return store.put_new(key, data, content_type)

    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="upload") as pool:
        sending: deque[Future[bool]] = deque()
        for name, sha256, content_type in pictures.usable():
            sending.append(pool.submit(send, name, sha256, content_type))
            if len(sending) >= AT_A_TIME * 2:
                yield sending.popleft().result()
        while sending:
            yield sending.popleft().result()


def enter(
    order: Order, manifest: Manifest, pictures: Pictures, *, store: ObjectStore, intake: Intake
) -> bool:
    """Store the manifest and write job and items in one transaction; False if the job is there already."""
    data = order.catalog.read_bytes()
    # The suffix tells CSV from JSONL when the manifest is read again.
    key = manifest_key(hashlib.sha256(data).hexdigest(), manifest.format)
    store.put_new(key, data, "text/csv")
    job = replace(order.job, manifest_key=key)
    # If only the answer was lost, the job is there and is not added again; that of a new submit would be.
    for attempt in stamina.retry_context(on=LedgerUnavailable, attempts=2):
        with attempt:
            return intake.add_job(job, planned(manifest.rows(), order, pictures))
    raise AssertionError("the last attempt returns or raises")
