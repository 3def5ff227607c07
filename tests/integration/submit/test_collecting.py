"""A job's results come into a folder: each once, in the format that its row or its image says."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from dataclasses import replace

import pytest
from PIL import Image

from qie_batch import wiring
from qie_batch.keys import result_key
from qie_batch.model import JobOrder, OutputFormat, RowDefaults
from qie_batch.steps.collect import collect
from tests.support.ledgers import WORKER, result_of, used
from tests.support.submitting import submitted

CATALOG = """\
sku,Image Src,prompt,output
photo,pics/photo.jpg,make it cooler,
cutout,pics/cutout.png,make it cooler,
cut,pics/cut.webp,make it cooler,
flat,pics/flat.webp,make it cooler,
same,pics/cut.webp,make it cooler,same
asked,pics/photo.jpg,make it cooler,png
"""
#: By id, of a job without options.
OWN = {"photo": "jpg", "cutout": "png", "cut": "png", "flat": "webp", "same": "webp", "asked": "png"}


@pytest.fixture
def catalog(tmp_path):
    pictures = tmp_path / "shop" / "pics"
    pictures.mkdir(parents=True)
    Image.new("RGB", (64, 64), "red").save(pictures / "photo.jpg")
    Image.new("RGB", (64, 64), "red").save(pictures / "flat.webp")
    for name in ("cutout.png", "cut.webp"):
        Image.new("RGBA", (64, 64), (255, 0, 0, 99)).save(pictures / name)
    path = tmp_path / "shop" / "catalog.csv"
    path.write_text(CATALOG)
    return path


@pytest.fixture
def collected(catalog, ledger, settings, tmp_path):
    """Submits the catalog and finishes its items; gives a function that collects them."""
    store = wiring.store(settings)

    def collected(defaults=None):
        order = JobOrder(engine="classic", defaults=defaults or RowDefaults())
        job_id = submitted(catalog, ledger, settings, order)
        for message in ledger.dispatch.enqueue("classic", 100, {}):
            attempt = ledger.attempts.claim(message.item_id, WORKER, 60.0)
            data = f"the result of {attempt.spec.cache_key}".encode()
            store.put_new(result_key(attempt.spec.cache_key), data, "image/png")
            size, digest = len(data), hashlib.sha256(data).hexdigest()
            result = replace(
                result_of(attempt), object_key=result_key(attempt.spec.cache_key), size=size, sha256=digest
            )
            assert ledger.attempts.succeed(attempt, result, used(1))
        out = tmp_path / "out"
        return lambda template="{id}": {
            str(found.path.relative_to(out)): found.is_new
            for found in collect(ledger.jobs.get(job_id), out, template, jobs=ledger.jobs, store=store)
        }

    return collected


def test_a_result_has_the_format_of_its_image_but_for_what_is_transparent(collected):
    again = collected()
    assert set(again()) == {f"{name}.{end}" for name, end in OWN.items()}
    kept = again("{folder}/{stem}")
    assert {"pics/photo.jpg", "pics/photo.png", "pics/cutout.png", "pics/flat.webp"} < set(kept)


def test_the_job_says_the_format_where_no_row_does(collected):
    named = dict.fromkeys(OWN, "jpg") | {"same": "webp", "asked": "png"}
    expected = {f"{name}.{end}" for name, end in named.items()}
    assert set(collected(defaults=RowDefaults(output=OutputFormat.JPEG))()) == expected


def test_what_is_there_is_not_downloaded_again_and_what_was_changed_is(collected, tmp_path):
    again, out = collected(), tmp_path / "out"
    assert set(again().values()) == {True}
    before = (out / "results.csv").stat().st_ino
    assert set(again().values()) == {False}
    assert (out / "results.csv").stat().st_ino != before
    (out / "photo.jpg").unlink()
    whole = (out / "flat.webp").read_bytes()
    (out / "flat.webp").write_bytes(whole[:-1])  # a copy that was cut off
    (out / "cut.png").write_bytes(b"X" * len((out / "cut.png").read_bytes()))
    os.truncate(out / "same.webp", 0)
    new = {name for name, is_new in again().items() if is_new}
    assert new == {"photo.jpg", "flat.webp", "cut.png", "same.webp"}
    assert (out / "flat.webp").read_bytes() == whole
    rows = csv.DictReader(io.StringIO((out / "results.csv").read_text(encoding="utf-8-sig")))
    assert {row["qie_output"] for row in rows} == {f"{name}.{end}" for name, end in OWN.items()}
