"""Ledger against store: missing objects, wrong objects and orphans."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qie_batch.ledger.sql import SqlClock
from qie_batch.steps.edit import edit
from qie_batch.steps.fsck import ORPHAN_SECONDS, fsck
from qie_batch.stores.s3 import S3Store
from tests.support.ledgers import checking, new_items, new_job, told
from tests.support.painters import INPUT, Painter, again, only, png, submit

NOBODYS = "results/" + "ab" * 32


@pytest.fixture
def key(ledger, make_context):
    """Of the one result there is."""
    submit(ledger, "red")
    edit("job.0", make_context(Painter()))
    return only(ledger).result.object_key


def test_what_agrees_has_no_fault(ledger, store, key):
    found = fsck(checking(ledger, store), repair=False)
    assert (found.results, found.size, found.faults, found.orphans) == (1, len(store.get(key)), (), ())


BLUE = png("blue")
HARM = {
    "is not in the store": lambda store, key: store.delete(key),
    "has other bytes than the ledger says": lambda store, key: store.put(key, BLUE, "image/png"),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_result_without_its_bytes_is_a_fault_and_is_not_touched(ledger, store, key, harm):
    HARM[harm](store, key)
    found = fsck(checking(ledger, store), repair=False)
    (fault,) = found.faults
    assert fault.endswith(f"{key} {harm}")
    assert (found.mended, found.to_retry, told(ledger)) == (0, (), "S")
    assert fsck(checking(ledger, store), repair=False) == found


@pytest.mark.parametrize("harm", HARM)
def test_a_result_without_its_bytes_is_mended_and_made_again_on_retry(
    ledger, store, clock, key, make_context, harm
):
    good = store.get(key)
    assert ledger.settlement.close("job", clock.now + 1)
    HARM[harm](store, key)
    found = fsck(checking(ledger, store), repair=True)
    assert (len(found.faults), found.mended, found.to_retry) == (1, 1, ("job",))
    assert only(ledger).failure.code == "result_lost"
    assert list(store.list("results/")) == []
    clean = fsck(checking(ledger, store), repair=True)
    assert (clean.results, clean.faults, clean.mended) == (0, (), 0)
    assert ledger.jobs.retry("job") == 1
    again(ledger, clock)
    edit("job.0", make_context(engine := Painter()))
    assert (told(ledger), engine.edits, store.get(key)) == ("S", 1, good)
    assert fsck(checking(ledger, store), repair=False).faults == ()


def test_a_lost_result_is_not_handed_out_once_it_is_mended(ledger, store, key):
    store.delete(key)
    fsck(checking(ledger, store), repair=True)
    ledger.intake.add_job(new_job("later"), new_items(only(ledger).spec))
    assert told(ledger, "later") == "p"


def test_a_result_that_was_made_again_meanwhile_is_left_alone(ledger, store, key):
    """Another `fsck --repair` was quicker, and so was the retry after it."""
    good = store.get(key)

    class Mended(S3Store):
        def list(self, prefix):
            self.put_new(key, good, "image/png")
            return super().list(prefix)

    store.delete(key)
    found = fsck(checking(ledger, Mended(store._client, store._bucket)), repair=True)
    assert (len(found.faults), found.mended, told(ledger)) == (1, 0, "S")
    assert store.get(key) == good


def test_a_picture_still_to_be_edited_that_is_gone_is_a_fault(ledger, store):
    submit(ledger, "red")
    store.delete(f"inputs/{INPUT}")
    (fault,) = fsck(checking(ledger, store), repair=True).faults
    assert fault == f"item job.0: its picture inputs/{INPUT} is not in the store"


def test_an_orphan_is_removed_once_it_is_a_day_old(ledger, store, clock, key):
    store.put(NOBODYS, b"x", "image/png")
    clock.now = store.stat(NOBODYS).modified + ORPHAN_SECONDS - 60
    young = fsck(checking(ledger, store), repair=True)
    assert (young.orphans, young.removed, young.faults) == ((NOBODYS,), 0, ())
    clock.turn(120)
    assert fsck(checking(ledger, store), repair=False).removed == 0
    assert fsck(checking(ledger, store), repair=True).removed == 1
    assert [found.key for found in store.list("results/")] == [key]


def test_an_orphan_that_an_item_is_about_to_adopt_stays(ledger, store, clock, make_context):
    submit(ledger, "red")
    store.put(key := f"results/{only(ledger).spec.cache_key}", png("red"), "image/png")
    clock.now = store.stat(key).modified + 2 * ORPHAN_SECONDS
    found = fsck(checking(ledger, store), repair=True)
    assert (found.orphans, found.removed) == ((key,), 0)
    edit("job.0", make_context(engine := Painter()))
    assert engine.edits == 0
    assert fsck(checking(ledger, store), repair=True).orphans == ()


@pytest.mark.parametrize("outcome", ["adopted", "still adopting"])
def test_an_object_that_finds_its_item_while_fsck_reads_is_no_orphan(
    ledger, store, clock, make_context, outcome
):
    submit(ledger, "red")
    store.put(key := f"results/{only(ledger).spec.cache_key}", png("red"), "image/png")
    clock.now = store.stat(key).modified + 2 * ORPHAN_SECONDS
    context = make_context(Painter())

    class Slow(S3Store):
        def list(self, prefix):
            yield from super().list(prefix)
            if outcome == "adopted":
                edit("job.0", context)

    class Late(SqlClock):
        def now(self):
            edit("job.0", context)
            return super().now()

    looked = checking(ledger, Slow(store._client, store._bucket))
    found = fsck(looked if outcome == "adopted" else replace(looked, clock=Late(ledger._db)), repair=True)
    assert (told(ledger), found.removed) == ("S", 0)
    assert found.orphans == (() if outcome == "adopted" else (key,))
    assert fsck(checking(ledger, store), repair=False).faults == ()
