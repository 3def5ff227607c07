"""Rows that lock pixels: what says which must be there, of the image's size, and in the cache key."""

from __future__ import annotations

import hashlib
import json

import pytest
from PIL import Image

from qie_batch import wiring
from qie_batch.keys import input_key
from qie_batch.model import JobOrder, RowDefaults
from qie_batch.steps.submit import prepare, submit
from tests.support.submitting import request


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "p.jpg")
    Image.new("RGBA", (64, 48), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("L", (64, 48), 255).save(tmp_path / "mask.png")
    Image.new("L", (48, 64), 255).save(tmp_path / "tall.png")
    return tmp_path


def catalog(folder, *rows):
    lines = [f"{number},{row}" for number, row in enumerate(rows, start=1)]
    path = folder / "catalog.csv"
    path.write_text("\n".join(["id,image,instruction,lock,keep_mask", *lines, ""]), encoding="utf-8")
    return path


@pytest.fixture
def surveyed(folder, ledger, settings):
    """The bad rows, and the specs of the others."""

    def survey(*rows, **defaults):
        order = JobOrder(engine="classic", defaults=RowDefaults(**defaults))
        asked = request(catalog(folder, *rows), order, skip_bad_rows=True)
        with prepare(asked, wiring.submit_context(settings, ledger)) as prepared:
            specs = [json.loads(item.spec_text) for item in prepared.items if item.spec_text]
            return [(row.id, row.column, row.code, row.reason) for row in prepared.survey.bad_rows], specs

    return survey


WORDS = "make it warmer"


def test_each_missing_or_wrong_mask_is_a_sentence(surveyed):
    bad, specs = surveyed(
        f"p.jpg,{WORDS},,tall.png",
        f"p.jpg,{WORDS},mask,",
        f"p.jpg,{WORDS},alpha,",
        f"p.jpg,{WORDS},,gone.png",
    )
    assert specs == []
    assert [each[:3] for each in bad] == [
        ("1", "keep_mask", "keep_mask_size"),
        ("2", "lock", "keep_mask_missing"),
        ("3", "lock", "lock_no_alpha"),
        ("4", "keep_mask", "image_missing"),
    ]
    assert bad[0][3].startswith("The keep-mask is 48 x 64 pixels and the picture 64 x 48:")


def test_a_lock_is_in_the_cache_key_and_makes_a_png(surveyed):
    bad, (plain, product, masked, clear) = surveyed(
        f"p.jpg,{WORDS},,", f"p.jpg,{WORDS},product,", f"p.jpg,{WORDS},,mask.png", f"clear.png,{WORDS},alpha,"
    )
    assert bad == []
    assert [spec.get("lock", "") for spec in (plain, product, masked, clear)] == [
        "",
        "product",
        "mask",
        "alpha",
    ]
    assert [spec["output"] for spec in (plain, product, masked)] == ["jpeg", "png", "png"]
    assert "mask" not in plain
    assert len(masked["mask"]) == 64


def test_a_job_may_lock_all_its_rows(surveyed):
    _bad, (one, other) = surveyed(f"p.jpg,{WORDS},,", f"p.jpg,{WORDS},none,", lock="product", align=True)
    assert (one["lock"], other.get("lock", ""), one["align"]) == ("product", "", True)


def test_the_mask_is_stored_and_pruning_keeps_it(folder, ledger, settings):
    context = wiring.submit_context(settings, ledger)
    job = submit(request(catalog(folder, f"p.jpg,{WORDS},,mask.png"), JobOrder(engine="classic")), context)
    sha256 = hashlib.sha256((folder / "mask.png").read_bytes()).hexdigest()
    assert context.store.get(input_key(sha256))
    assert sha256 in set(ledger.pruning.inputs([job.job_id]))
