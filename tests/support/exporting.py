"""Jobs whose items have images as results, ready to be exported."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from qie_batch import wiring
from qie_batch.keys import result_key
from qie_batch.model import JobOrder
from tests.support.ledgers import WORKER, result_of, used
from tests.support.submitting import submitted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.model import Job
    from qie_batch.settings import Settings

ROW = "id,image,instruction,colour"


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def catalog(folder: Path, ids: Sequence[str], encoding: str = "utf-8") -> Path:
    """With an image for each id."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, row_id in enumerate(ids):
        Image.new("RGB", (64, 64), (number * 40 % 256, 90, 120)).save(folder / f"{row_id}.png")
    rows = [f"{row_id},{row_id}.png,make it brighter,red\r\n" for row_id in ids]
    path = folder / "products.csv"
    path.write_bytes("".join((ROW + "\r\n", *rows)).encode(encoding))
    return path


def finished(
    path: Path, ledger: SqlLedger, settings: Settings, painted: Callable[[str], Image.Image | None]
) -> Job:
    """A job of the catalog; each row's result is what `painted` makes of its id, None fails it."""
    store = wiring.store(settings)
    job_id = submitted(path, ledger, settings, JobOrder(engine="classic"))
    rows = {item.id: item.row_id for item in ledger.jobs.items(job_id)}
    for message in ledger.dispatch.enqueue("classic", 1000, {}):
        attempt = ledger.attempts.claim(message.item_id, WORKER, 60.0)
        assert attempt is not None
        image = painted(rows[message.item_id])
        if image is None:
            continue
        data = png(image)
        key = result_key(attempt.spec.cache_key)
        store.put_new(key, data, "image/png")
        digest = hashlib.sha256(data).hexdigest()
        result = replace(result_of(attempt), object_key=key, size=len(data), sha256=digest)
        assert ledger.attempts.succeed(attempt, result, used(1))
    return ledger.jobs.get(job_id)
