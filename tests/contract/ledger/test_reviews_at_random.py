"""Decisions, edits and deletions in any order: no invariant of the ledger breaks."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace

import pytest

from qie_batch.errors import Conflict, NotFound
from qie_batch.model import Decision, Finding, ItemSelection, Verdict
from tests.support.ledgers import WORKER, WRONG, add, enqueue, result_of, spec, used

BAD = Finding(gate="drift", verdict=Verdict.FAILED, figure=9.0, limit=0.6, sentence="it moved by 9 px")


class Actor:
    """Does one thing after the other at random to two jobs of four items."""

    def __init__(self, ledger, clock, seed):
        self.ledger, self.clock, self.choose = ledger, clock, random.Random(seed)
        self.running = []
        self.actions = (
            *[self.work] * 3,
            *[self.end] * 3,
            *[self.decide] * 3,
            *[self.reroll] * 2,
            *[self.undo] * 3,
            *(self.retry, self.close, self.prune, self.forget, self.lose, self.cancel),
        )
        for number in range(2):
            add(ledger, *"abcd", job_id=f"job{number}", review=self.choose.choice(["", "required"]))

    def act(self):
        self.clock.turn(self.choose.random())
        self.job = f"job{self.choose.randrange(2)}"
        wanted = ItemSelection(id=f"{self.job}.{self.choose.randrange(4)}")
        self.item = next(self.ledger.jobs.items(self.job, wanted))
        with suppress(Conflict, NotFound):
            self.choose.choice(self.actions)()

    def work(self):
        enqueue(self.ledger)
        if attempt := self.ledger.attempts.claim(self.item.id, WORKER, 60):
            self.running.append(attempt)

    def end(self):
        if not self.running:
            return
        attempt = self.running.pop(self.choose.randrange(len(self.running)))
        if self.choose.random() < 0.2:
            self.ledger.attempts.fail(attempt, WRONG, used(1))
        else:
            made = replace(result_of(attempt), findings=self.choose.choice([(), (BAD,)]))
            self.ledger.attempts.succeed(attempt, made, used(1))

    def decide(self):
        decision = self.choose.choice([Decision.APPROVED, Decision.REJECTED, Decision.NOTED])
        self.ledger.reviews.decide(self.item.id, self.item.version, decision, note="n", reviewer="maria")

    def reroll(self):
        again = spec(self.choose.choice("abcdefgh"))
        self.ledger.reviews.reroll(self.item.id, self.item.version, again, note="", reviewer="maria")

    def undo(self):
        self.ledger.reviews.undo(self.item.id, self.item.version, reviewer="maria")

    def retry(self):
        self.ledger.jobs.retry(self.job)

    def cancel(self):
        if self.choose.random() < 0.3:
            self.ledger.jobs.cancel(self.job)

    def close(self):
        for job in self.ledger.settlement.ready():
            self.ledger.settlement.close(job.id, self.clock() + 1)

    def prune(self):
        for key, _ in list(self.ledger.pruning.unused_results(-1)):
            self.ledger.pruning.delete_result(key)

    def forget(self):
        if self.item.result and self.choose.random() < 0.3:
            self.ledger.audit.forget_result(self.item.result.cache_key)

    def lose(self):
        if self.choose.random() < 0.3:
            self.clock.turn(100)
            self.ledger.recovery.expire_leases()


LONG = [pytest.param(seed, 150, marks=pytest.mark.slow) for seed in range(12)]


@pytest.mark.parametrize(("seed", "steps"), [(99, 30), *LONG])
def test_no_order_of_decisions_edits_and_deletions_breaks_an_invariant(ledger, clock, seed, steps):
    actor = Actor(ledger, clock, seed)
    for step in range(steps):
        actor.act()
        assert list(ledger.audit.contradictions()) == [], step
