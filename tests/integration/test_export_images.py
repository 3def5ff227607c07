"""Succeeded items leave in a channel's form, once, and a feed gets their addresses."""

from __future__ import annotations

import json
import zipfile

import pytest
from click.testing import CliRunner

from qie_batch import wiring
from qie_batch.cli import SOME_FAILED, USAGE, main
from qie_batch.errors import Conflict, NotFound, UsageError
from qie_batch.exports import read_channel
from qie_batch.steps.export import (
    ExportContext,
    ExportRequest,
    Exported,
    FeedRequest,
    FeedWritten,
    FolderDestination,
    Outcome,
    export_images,
)
from qie_batch.steps.export.record import RECORD
from tests.support import products
from tests.support.exporting import catalog, finished
from tests.support.submitting import closing_ledger, services

IDS = ("bottle", "box", "scene")
PAINTED = {
    "bottle": lambda: products.on("white"),
    "box": lambda: products.cut_out(wide=True),
    "scene": products.scene,
    "blue": lambda: products.on("#5a78c8"),
}


@pytest.fixture
def settings(stack, s3, tmp_path):
    with services(stack, s3, tmp_path) as settings:
        yield settings


@pytest.fixture
def ledger(settings):
    with closing_ledger(settings) as ledger:
        yield ledger


@pytest.fixture
def job(ledger, settings, tmp_path):
    """Of three rows; nothing can be cut out of the last."""
    return finished(catalog(tmp_path / "shop", IDS), ledger, settings, lambda name: PAINTED[name]())


@pytest.fixture
def export(job, ledger, settings, decoders, tmp_path):
    context = ExportContext(
        jobs=ledger.jobs, store=wiring.store(settings), decoders=decoders, limits=wiring.limits(settings)
    )

    def export(name="amazon", to=tmp_path / "out", **how):
        place = to if hasattr(to, "holds") else FolderDestination(to)
        request = ExportRequest(channel=read_channel(name), **how)
        return list(export_images(job, request, place, context))

    return export


def outcomes(found):
    return {each.row_id: each.outcome for each in found if isinstance(each, Exported)}


def stamps(folder):
    """What changes with each write of the folder or a file in it."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (folder, *folder.rglob("*"))}


def test_what_meets_the_rules_is_written_and_what_does_not_is_told(export, tmp_path):
    found = export()
    assert outcomes(found) == {
        "bottle": Outcome.WRITTEN,
        "box": Outcome.WRITTEN,
        "scene": Outcome.LEFT_OUT,
    }
    left = found[2]
    assert [finding.gate for finding in left.file.findings if finding.sentence.startswith("there is no")]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bottle.jpg", "box.jpg", RECORD]


def test_a_second_export_of_the_same_results_writes_nothing(export, tmp_path):
    export()
    before = stamps(tmp_path / "out")
    assert outcomes(export()) == {
        "bottle": Outcome.UNCHANGED,
        "box": Outcome.UNCHANGED,
        "scene": Outcome.LEFT_OUT,
    }
    assert stamps(tmp_path / "out") == before


def test_what_was_lost_or_damaged_is_written_again(export, tmp_path):
    export()
    (tmp_path / "out" / "bottle.jpg").unlink()
    (tmp_path / "out" / "box.jpg").write_bytes(b"x")
    assert set(outcomes(export()).values()) == {Outcome.WRITTEN, Outcome.LEFT_OUT}


def test_a_feed_gets_the_addresses_and_keeps_the_rest(export, tmp_path):
    path = tmp_path / "shop" / "products.csv"
    found = export(feed=FeedRequest(path=path), base_address="https://cdn.shop.com/i/")
    feed = found[-1]
    assert isinstance(feed, FeedWritten)
    assert (feed.cells, feed.changed) == (2, True)
    written = (tmp_path / "out" / "products.csv").read_bytes()
    old = path.read_bytes()
    assert written == old.replace(b",bottle.png", b",https://cdn.shop.com/i/bottle.jpg").replace(
        b",box.png", b",https://cdn.shop.com/i/box.jpg"
    )
    again = export(feed=FeedRequest(path=path), base_address="https://cdn.shop.com/i/")[-1]
    assert again.changed is False
    assert path.read_bytes() == old
