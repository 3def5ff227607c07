"""How a server's failure ends for the item, in the ledger: none lost, none charged twice."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from qie_batch.model import Rate
from qie_batch.model.buckets import QWEN_BUCKETS
from qie_batch.steps.edit import Device, edit
from tests.support.ledgers import WORKER, enqueue, told
from tests.support.painters import again, ended, in_thread, only, results, submit, wait_until
from tests.support.remote_engines import IMAGE_MICROS, dashscope_engine, openai_engine
from tests.support.remote_servers import DashScopeServer, RemoteServer, Said, painted

BY_IMAGE = replace(WORKER, rate=Rate(image_micros=IMAGE_MICROS))
ERROR_500 = Said(500, b"Internal Server Error", "text/plain")
NO_IMAGE = Said(body={"created": 1, "data": []})


def small(_handler, asked):
    return painted(asked, size=(512, 512))


@pytest.fixture
def servers():
    """As many as a test asks for."""
    made = []

    def make(number=1, kind=RemoteServer):
        new = [kind() for _ in range(number)]
        made.extend(new)
        return new

    yield make
    for server in made:
        server.close()


@pytest.fixture
def served(ledger, make_context, servers):
    """Servers, and the context of an engine on them; its items are submitted.

    The dialect is the one that edits an image at its own size: these are small.
    """
    engines = []

    def make(number=1, *words, dead=0, steps=None, **changes):
        found = servers(number)
        urls = [server.url for server in found]
        changes = {"dialect": "qie-batch", **changes}
        engine = openai_engine(*urls, *(f"http://127.0.0.1:{port}" for port in range(1, dead + 1)), **changes)
        engines.append(engine)
        context = make_context(engine, worker=BY_IMAGE)
        submit(ledger, *(words or ("red",)), revision=engine.info.revision, steps=steps)
        return *found, context

    yield make
    for engine in engines:
        engine.close()


def spent(ledger):
    return ledger.costs.progress("job").spent_micros


def sound(ledger):
    return list(ledger.audit.contradictions()) == []


def failed(ledger):
    item = only(ledger)
    return told(ledger), item.failure and item.failure.code


def test_an_edit_costs_one_image(ledger, store, served):
    server, context = served(dialect="vllm-omni")
    edit("job.0", context)
    assert (told(ledger), spent(ledger), len(server.asked)) == ("S", IMAGE_MICROS, 1)
    assert server.asked[0].size in QWEN_BUCKETS
    assert len(results(store)) == 1
    assert (only(ledger).result.width, only(ledger).result.height) == (40, 24)
    assert sound(ledger)


def test_a_server_that_is_not_there_costs_no_attempt(ledger, served):
    server, context = served(1, dead=2)
    edit("job.0", context)
    assert (told(ledger), only(ledger).attempt, len(server.asked)) == ("S", 1, 1)


@pytest.mark.parametrize("failing", ["drop", "hang", "drip"])
def test_a_server_that_fails_over_an_edit_costs_a_try_and_another_makes_it(ledger, clock, served, failing):
    first, second, context = served(2)
    for server in (first, second):
        server.script = [getattr(server, failing)]
    edit("job.0", context)
    assert (told(ledger), spent(ledger)) == ("p", 0)
    assert len(first.asked) + len(second.asked) == 1
    unharmed = second if first.asked else first
    unharmed.script.clear()
    again(ledger, clock)
    edit("job.0", context)
    assert (told(ledger), only(ledger).attempt, spent(ledger)) == ("S", 2, IMAGE_MICROS)
    assert len(unharmed.asked) == 1, "the broken one was not asked again before it was probed"
    assert sound(ledger)


def test_a_cancelled_edit_hangs_up(ledger, store, served):
    server, context = served(deadline_seconds=60.0)
    server.script = [server.hang]
    context = replace(context, leases=type(context.leases)(ledger.attempts, 0.3))
    thread = in_thread("job.0", context)
    wait_until(lambda: server.asked, "edit")
    ledger.jobs.cancel("job")
    ended(thread)
    context.leases.stop()
    assert server.hung_up.wait(5)
    assert (told(ledger), results(store), spent(ledger)) == ("X", [], 0)
    assert sound(ledger)


def test_an_edit_that_cannot_end_before_its_process_leaves_is_handed_back(ledger, served):
    server, context = served(deadline_seconds=60.0, steps=40)
    server.script = [server.hang]
    thread = in_thread("job.0", context)
    wait_until(lambda: server.asked, "edit")
    context.leases.shutdown.begin(0.5)
    ended(thread)
    assert server.hung_up.wait(5)
    assert (told(ledger), spent(ledger), enqueue(ledger)) == ("p", 0, ["job.0"])


def test_an_answer_without_an_image_fails_its_row_at_the_second_time(ledger, served):
    server, context = served()
    server.script = [NO_IMAGE, NO_IMAGE]
    edit("job.0", context)
    assert (*failed(ledger), len(server.asked), spent(ledger)) == ("F", "no_image", 2, 0)


def test_an_answer_without_an_image_may_be_an_accident(ledger, served):
    server, context = served()
    server.script = [NO_IMAGE]
    edit("job.0", context)
    assert (told(ledger), only(ledger).attempt, spent(ledger)) == ("S", 1, IMAGE_MICROS)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_for_as_long_as_it_says(ledger, served, status):
    first, second, context = served(2)
    for server in (first, second):
        server.script = [Said(status, headers=(("retry-after", "3600"),))]
    busy = threading.Thread(target=edit, args=("job.0", context), daemon=True)
    second.script.clear()
    busy.start()
    ended(busy)
    assert (told(ledger), only(ledger).attempt, spent(ledger)) == ("S", 1, IMAGE_MICROS)


def test_a_short_pause_is_waited_for(ledger, served):
    server, context = served(deadline_seconds=20.0)
    server.script = [Said(429, headers=(("retry-after", "1"),))]
    edit("job.0", context)
    assert (told(ledger), only(ledger).attempt, len(server.asked)) == ("S", 1, 2)


def test_while_every_server_is_busy_no_item_is_claimed(ledger, clock, served):
    server, context = served()
    server.script = [Said(429, headers=(("retry-after", "3600"),))]
    edit("job.0", context)
    assert (*failed(ledger), spent(ledger)) == ("p", None, 0)
    again(ledger, clock)
    waiting = in_thread("job.0", context)
    assert not context.engine.ready(lambda: False)
    assert (told(ledger), len(server.asked)) == ("q", 1)
    context.leases.shutdown.begin(0.0)
    ended(waiting)
    assert told(ledger) == "q"


def test_an_edit_that_alone_gives_500_fails_its_row_at_the_second_time(ledger, served):
    server, context = served()
    server.script = [ERROR_500, ERROR_500]
    edit("job.0", context)
    assert (*failed(ledger), len(server.asked), spent(ledger)) == ("F", "engine_failed", 2, 0)
    assert [control.size for control in server.controls[1:]] == [server.asked[0].size] * 2
    assert "makes other edits and not this one: 500, Internal Server Error" in only(ledger).failure.reason


@pytest.mark.slow
def test_a_server_that_gives_500_to_everything_fails_no_row(ledger, clock, served):
    server, context = served()
    server.script, server.control_script = [ERROR_500], [ERROR_500, ERROR_500]
    edit("job.0", context)
    assert (told(ledger), spent(ledger)) == ("p", 0)
    again(ledger, clock)
    edit("job.0", context)  # waits until a probe of the same size succeeds
    assert (told(ledger), only(ledger).attempt, spent(ledger)) == ("S", 2, IMAGE_MICROS)
    assert len(server.asked) == 2
    assert {control.size for control in server.controls[1:]} == {server.asked[0].size}


def test_an_image_of_another_size_is_refused(ledger, store, served):
    server, context = served()
    server.script = [small, small]
    edit("job.0", context)
    assert (*failed(ledger), results(store), spent(ledger)) == ("F", "result_size", [], 0)


def test_a_server_that_paints_one_size_only_fails_no_row(ledger, served):
    server, context = served()
    server.script, server.control_script = [small], [small]
    edit("job.0", context)
    assert (told(ledger), results_of(ledger)) == ("p", [None])


def results_of(ledger):
    return [item.result for item in ledger.jobs.items("job")]


def test_a_refusal_fails_its_row_with_the_servers_sentence(ledger, served):
    server, context = served()
    body = {"error": {"message": "no file /srv/models/x.png for sk-a-secret-of-the-test", "code": 400}}
    server.script = [Said(400, body)]
    edit("job.0", context)
    assert failed(ledger) == ("F", "engine_refused")
    assert only(ledger).failure.reason == "the server refused the edit: 400, no file <path> for ****"


def test_a_server_that_refuses_everything_fails_no_row(ledger, served):
    """Such as one that was given another model meanwhile."""
    server, context = served()
    context.engine._replicas.all[0].succeeded_at = float("-inf")
    server.script, server.control_script = [Said(400, b"no such model")], [Said(400, b"no such model")]
    edit("job.0", context)
    assert told(ledger) == "p"


def test_a_key_that_is_refused_stops_the_worker_from_claiming(ledger, clock, served):
    server, context = served()
    denied = Said(401, {"error": {"message": "Incorrect API key provided: sk-a-secret-of-the-test"}})
    server.script, server.control_script = [denied], [denied] * 100
    edit("job.0", context)
    assert told(ledger) == "p"
    again(ledger, clock)
    waiting = in_thread("job.0", context)
    wait_until(lambda: len(server.controls) >= 3, "second probe")
    assert told(ledger) == "q"
    context.leases.shutdown.begin(0.0)
    ended(waiting)


def test_no_more_edits_run_on_a_server_than_it_takes(ledger, served):
    first, second, context = served(2, *(f"shade {number}" for number in range(8)), deadline_seconds=20.0)
    context = replace(context, device=Device(8))
    ended(*(in_thread(f"job.{number}", context) for number in range(8)))
    assert told(ledger) == "S" * 8
    assert (first.busiest, second.busiest) == (1, 1)
    assert min(len(first.asked), len(second.asked)) >= 3, "the work is shared"
    assert spent(ledger) == 8 * IMAGE_MICROS


def test_among_failing_servers_none_is_lost_and_none_charged_twice(ledger, clock, served):
    """One doubtful answer in all, as a row that meets two in one try fails by rule."""
    number = 16
    first, second, third, context = served(3, *(f"shade {n}" for n in range(number)))
    context = replace(context, device=Device(3))
    busy = Said(503, headers=(("retry-after", "1"),))
    first.script = [first.drop, NO_IMAGE, busy, first.hang]
    second.script = [second.drip, Said(502, b"<html>"), busy]
    third.script = [busy, Said(502, b"<html>"), third.drop]
    for _ in range(8):
        waiting = [item.id for item in ledger.jobs.items("job") if item.state == "queued"]
        if not waiting:
            break
        ended(*(in_thread(item_id, context) for item_id in waiting))
        again(ledger, clock)
    assert told(ledger) == "S" * number
    assert spent(ledger) == number * IMAGE_MICROS
    assert sound(ledger)


@pytest.fixture
def hosted(ledger, make_context, servers):
    (server,) = servers(1, DashScopeServer)
    engine = dashscope_engine(server.url)
    submit(ledger, "red", revision=engine.info.revision)
    yield server, make_context(engine, worker=BY_IMAGE)
    engine.close()


@pytest.mark.slow
def test_a_hosted_result_is_downloaded_again_before_it_is_made_again(ledger, hosted):
    server, context = hosted
    server.file_script = [Said(500), Said(403)]
    edit("job.0", context)
    assert (told(ledger), only(ledger).attempt, len(server.asked)) == ("S", 1, 1)
    assert spent(ledger) == IMAGE_MICROS


@pytest.mark.parametrize(
    ("status", "code", "state", "failure"),
    [
        (400, "DataInspectionFailed", "F", "content_refused"),
        (400, "InvalidParameter", "F", "engine_refused"),
        (400, "Arrearage", "p", None),
        (401, "InvalidApiKey", "p", None),
        (429, "insufficient_quota", "p", None),
        (500, "InternalError", "p", None),
    ],
)
def test_an_error_of_the_hosted_service_ends_as_its_code_says(ledger, hosted, status, code, state, failure):
    server, context = hosted
    server.script = [Said(status, {"code": code, "message": "no", "request_id": "a"})]
    edit("job.0", context)
    assert (*failed(ledger), spent(ledger), len(server.asked)) == (state, failure, 0, 1)
