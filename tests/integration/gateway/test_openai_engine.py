"""The engine for OpenAI's API in the edit step of a worker, and as its server the gateway with its worker."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import count

import pytest

from qie_batch import wiring
from qie_batch.errors import Misconfigured
from qie_batch.model import ItemState, Rate
from qie_batch.steps.edit import edit
from tests.chaos.rig import frozen
from tests.support.gateways import token
from tests.support.ledgers import WORKER, told
from tests.support.openai_clients import opened
from tests.support.painters import again, ended, in_thread, only, png, results, submit, wait_until
from tests.support.remote_engines import IMAGE_MICROS, openai_engine

#: A result that the gateway has already would be given without an edit, so each test asks for another one.
_numbers = count(11)
BY_IMAGE = replace(WORKER, rate=Rate(image_micros=IMAGE_MICROS))


@pytest.fixture(scope="session")
def stack(gateway):
    """The local edit step shares the servers of the gateway, not its ledger and not its bucket."""
    return gateway.embedded.stack


@pytest.fixture
def tenant(request):
    """One for each test; its name is that of the test."""
    return request.node.name.removeprefix("test_")[:60]


@pytest.fixture
def remote(gateway, tenant, make_context):
    """The context of an edit step whose engine asks the gateway as this tenant."""
    engines = []

    def make(**changes):
        options = {"dialect": "qie-batch", "key": token(gateway.settings, tenant), "deadline_seconds": 30.0}
        engine = openai_engine(gateway.url, **{**options, **changes})
        engines.append(engine)
        return make_context(engine, worker=BY_IMAGE)

    yield make
    for engine in engines:
        engine.close()


def stopped(gateway):
    """A context within which no worker of the gateway does anything."""
    (worker,) = (each for each in gateway.embedded.processes if each.name == "worker")
    return frozen(worker.pid)


class RemoteLedger:
    """The edits that rows asked for: the tiny ones by which the engine tests its server are left out."""

    def __init__(self, gateway, tenant, instruction):
        self._settings, self._tenant, self._instruction = gateway.settings, tenant, instruction

    def items(self):
        ledger = wiring.ledger(self._settings)
        try:
            jobs = ledger.owned_by(self._tenant).jobs
            found = [item for job in jobs.latest() for item in jobs.items(job.id)]
        finally:
            ledger.dispose()
        return [item for item in found if item.spec and item.spec.params.instruction == self._instruction]

    def told(self):
        return [(item.state, item.attempt) for item in self.items()]


@pytest.fixture
def word():
    return f"{next(_numbers)} % darker"


@pytest.fixture
def elsewhere(gateway, tenant, word):
    return RemoteLedger(gateway, tenant, f"make it {word}")


def spent(ledger):
    return ledger.costs.progress("job").spent_micros


def sound(ledger):
    return list(ledger.audit.contradictions()) == []


def test_a_row_is_edited_once_there_and_charged_once_here(ledger, store, remote, word, elsewhere):
    context = remote()
    teal = png("teal")
    digest = hashlib.sha256(teal).hexdigest()
    store.put(f"inputs/{digest}", teal, "image/png")
    submit(ledger, word, revision=context.engine.info.revision, inputs=(digest,))
    edit("job.0", context)
    edit("job.0", context)  # a message that came twice
    assert (told(ledger), only(ledger).attempt, spent(ledger)) == ("S", 1, IMAGE_MICROS)
    assert (only(ledger).result.width, only(ledger).result.height) == (40, 24)
    (key,) = results(store)
    image = opened(store.get(key))
    assert image.size == (40, 24)
    assert sum(image.getpixel((20, 12))) < sum(opened(teal).getpixel((20, 12)))
    assert elsewhere.told() == [(ItemState.SUCCEEDED, 1)]
    assert sound(ledger)


def test_a_row_of_another_size_gets_that_size(ledger, remote, word, elsewhere):
    context = remote()
    submit(ledger, word, revision=context.engine.info.revision, width=101, height=57)
    edit("job.0", context)
    assert (told(ledger), spent(ledger)) == ("S", IMAGE_MICROS)
    assert (only(ledger).result.width, only(ledger).result.height) == (101, 57)
    (item,) = elsewhere.items()
    assert (item.result.width, item.result.height) == (40, 24)


def test_a_refusal_has_the_code_and_the_sentence_of_the_other_ledger(ledger, remote):
    context = remote()
    submit(ledger, "sing", revision=context.engine.info.revision)
    edit("job.0", context)
    failure = only(ledger).failure
    assert (told(ledger), failure.code, spent(ledger)) == ("F", "instruction_not_understood", 0)
    assert "make it sing" in failure.reason


def test_a_cancelled_row_cancels_its_edit_there(ledger, gateway, store, remote, word, elsewhere):
    context = remote()
    context = replace(context, leases=type(context.leases)(ledger.attempts, 0.3))
    submit(ledger, word, revision=context.engine.info.revision)
    with stopped(gateway):
        thread = in_thread("job.0", context)
        wait_until(elsewhere.items, "edit there")
        ledger.jobs.cancel("job")
        ended(thread)
        wait_until(lambda: elsewhere.told() == [(ItemState.CANCELLED, 0)], "end of the edit there")
    context.leases.stop()
    assert (told(ledger), results(store), spent(ledger)) == ("X", [], 0)
    assert sound(ledger)


def test_an_edit_that_takes_too_long_is_cancelled_there_and_made_at_the_next_try(
    ledger, clock, gateway, remote, word, elsewhere
):
    context = remote(deadline_seconds=2.0)
    submit(ledger, word, revision=context.engine.info.revision)
    with stopped(gateway):
        edit("job.0", context)
        assert (told(ledger), only(ledger).attempt, spent(ledger)) == ("p", 1, 0)
        wait_until(lambda: elsewhere.told() == [(ItemState.CANCELLED, 0)], "end of the edit there")
    again(ledger, clock)
    edit("job.0", context)
    assert (told(ledger), only(ledger).attempt, spent(ledger)) == ("S", 2, IMAGE_MICROS)
    assert sorted(elsewhere.told()) == [(ItemState.CANCELLED, 0), (ItemState.SUCCEEDED, 1)]
    assert sound(ledger)


def test_a_key_that_the_gateway_refuses_stops_the_worker_at_its_start(remote):
    with pytest.raises(Misconfigured, match="401"):
        remote(key="nonsense")
