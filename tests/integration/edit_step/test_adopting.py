"""A result that is in the store is adopted without another edit."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from PIL import ImageOps

from qie_batch.errors import LedgerUnavailable
from qie_batch.ledger.attempts import SqlAttempts
from qie_batch.model import RETRY_POLICY, EditResult
from qie_batch.steps.edit import edit
from qie_batch.stores.s3 import S3Store
from tests.support.ledgers import enqueue, told
from tests.support.painters import Painter, again, leaving, only, png, submit


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


class Deaf(SqlAttempts):
    """A ledger part that fails after the first successes, with the given errors."""

    def __init__(self, database, *errors):
        super().__init__(database, RETRY_POLICY)
        self.errors = list(errors)

    def succeed(self, attempt, result, usage, best=None):
        if self.errors:
            raise self.errors.pop(0)
        return super().succeed(attempt, result, usage, best)


def test_a_finished_edit_of_a_killed_process_is_adopted_without_the_engine(ledger, clock, make_context):
    submit(ledger, "red")
    with pytest.raises(Killed):
        edit("job.0", make_context(Painter(), attempts=Deaf(ledger._db, Killed())))
    clock.turn(61)
    assert ledger.recovery.expire_leases() == 1
    enqueue(ledger)
    edit("job.0", make_context(engine := Painter()))
    assert (told(ledger), engine.edits, only(ledger).attempt) == ("S", 0, 2)
    assert list(ledger.audit.contradictions()) == []


def test_an_adopted_result_keeps_what_is_known_of_its_edit(ledger, clock, make_context):
    class Inverter(Painter):
        def edit(self, request, on_step):
            image = super().edit(request, on_step).image
            return EditResult(image=ImageOps.invert(image), notes=("one", "two", "one"))

    submit(ledger, "red")
    with pytest.raises(Killed):
        edit("job.0", make_context(Inverter(), attempts=Deaf(ledger._db, Killed())))
    clock.turn(61)
    assert ledger.recovery.expire_leases() == 1
    enqueue(ledger)
    edit("job.0", make_context(engine := Inverter()))
    (item,) = ledger.jobs.items("job")
    assert (engine.edits, item.result.changed, item.result.note) == (0, 1.0, "one; two")


def test_an_edit_that_changes_no_pixel_says_so(ledger, make_context):
    submit(ledger, "red")
    edit("job.0", make_context(Painter()))
    (item,) = ledger.jobs.items("job")
    assert (item.result.changed, item.result.note) == (0.0, "nothing changed")


def test_a_finished_edit_waits_for_a_ledger_that_is_away(ledger, make_context):
    submit(ledger, "red")
    away = LedgerUnavailable("the ledger is away")
    edit("job.0", make_context(engine := Painter(), attempts=Deaf(ledger._db, away)))
    assert (told(ledger), engine.edits, only(ledger).attempt) == ("S", 1, 1)


def test_a_finished_edit_is_adopted_when_its_process_had_to_leave(ledger, clock, make_context):
    submit(ledger, "red", steps=10)
    engine = leaving(make_context, told_at=10, grace=60.0)
    deaf = Deaf(ledger._db, LedgerUnavailable("the ledger is away"))
    edit("job.0", replace(engine.context, attempts=deaf))
    assert (told(ledger), engine.edits) == ("p", 1)
    again(ledger, clock)
    edit("job.0", make_context(later := Painter()))
    assert (told(ledger), later.edits) == ("S", 0)


def test_a_result_that_is_there_is_adopted(ledger, store, make_context):
    submit(ledger, "red")
    data = png("red")
    store.put_new(f"results/{only(ledger).spec.cache_key}", data, "image/png")
    edit("job.0", make_context(engine := Painter()))
    assert (told(ledger), engine.edits) == ("S", 0)
    assert only(ledger).result.sha256 == hashlib.sha256(data).hexdigest()


def test_a_result_that_another_put_meanwhile_is_the_result(ledger, store, make_context):
    submit(ledger, "red")
    data, key = png("red"), f"results/{only(ledger).spec.cache_key}"

    class Overtaken(Painter):
        def paint(self, on_step):
            on_step(1)
            store.put_new(key, data, "image/png")

    edit("job.0", make_context(Overtaken()))
    assert told(ledger) == "S"
    assert (store.get(key), only(ledger).result.sha256) == (data, hashlib.sha256(data).hexdigest())


def test_a_result_that_does_not_open_is_not_adopted(ledger, store, make_context):
    submit(ledger, "red")
    key = f"results/{only(ledger).spec.cache_key}"
    store.put_new(key, png("red")[:-20], "image/png")
    edit("job.0", make_context(engine := Painter()))
    assert (told(ledger), engine.edits) == ("F", 0)
    failure = only(ledger).failure
    assert failure.code == "result_broken"
    assert key in failure.reason
    assert "fsck with repair" in failure.reason


def test_a_result_that_is_taken_away_while_its_edit_ends_is_made_again(ledger, store, clock, make_context):
    submit(ledger, "red")

    class Shaky(S3Store):
        def put_new(self, *_):
            return False

    shaky = Shaky(store._client, store._bucket)
    edit("job.0", make_context(Painter(), store=shaky))
    assert told(ledger) == "p"
    again(ledger, clock)
    edit("job.0", make_context(Painter()))
    assert told(ledger) == "S"
