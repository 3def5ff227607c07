"""Ledger against store: what is missing, what is other, and what nobody knows of."""

from __future__ import annotations

import pytest

from qie_batch.steps.edit import edit
from qie_batch.steps.fsck import ORPHAN_SECONDS, fsck
from tests.painters import INPUT, Painter, only, png, submit

NOBODYS = "results/" + "ab" * 32


@pytest.fixture
def key(ledger, make_bench):
    """Of the one result there is."""
    submit(ledger, "red")
    edit("job.0", make_bench(Painter()))
    return only(ledger).result.object_key


def test_what_agrees_has_no_fault(ledger, store, key):
    found = fsck(ledger, store, repair=False)
    assert (found.results, found.size, found.faults, found.orphans) == (1, len(store.get(key)), (), ())


def test_a_result_that_is_gone_is_a_fault(ledger, store, key):
    store.delete(key)
    (fault,) = fsck(ledger, store, repair=True).faults
    assert fault.endswith(f"{key} is not in the store")


def test_a_result_of_other_bytes_is_a_fault(ledger, store, key):
    store.put(key, png("blue"), "image/png")
    (fault,) = fsck(ledger, store, repair=True).faults
    assert fault.endswith("other bytes than the ledger says")


def test_a_picture_still_to_be_edited_that_is_gone_is_a_fault(ledger, store):
    submit(ledger, "red")
    store.delete(f"inputs/{INPUT}")
    (fault,) = fsck(ledger, store, repair=True).faults
    assert fault == f"item job.0: its picture inputs/{INPUT} is not in the store"


def test_an_orphan_is_removed_once_it_is_a_day_old(ledger, store, clock, key):
    store.put(NOBODYS, b"x", "image/png")
    clock.now = store.stat(NOBODYS).modified + ORPHAN_SECONDS - 60
    young = fsck(ledger, store, repair=True)
    assert (young.orphans, young.removed, young.faults) == ((NOBODYS,), 0, ())
    clock.turn(120)
    assert fsck(ledger, store, repair=False).removed == 0
    assert fsck(ledger, store, repair=True).removed == 1
    assert [found.key for found in store.list("results/")] == [key]


def test_an_orphan_that_an_item_is_about_to_adopt_stays(ledger, store, clock, make_bench):
    submit(ledger, "red")
    store.put(key := f"results/{only(ledger).spec.cache_key}", png("red"), "image/png")
    clock.now = store.stat(key).modified + 2 * ORPHAN_SECONDS
    found = fsck(ledger, store, repair=True)
    assert (found.orphans, found.removed) == ((key,), 0)
    edit("job.0", make_bench(engine := Painter()))
    assert engine.edits == 0
    assert fsck(ledger, store, repair=True).orphans == ()
