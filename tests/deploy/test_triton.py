"""The engine `triton` against the real tritonserver, whose engine is a stand-in that can break."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest
from PIL import Image

from qie_batch.engines import triton
from qie_batch.engines.triton.asking import tensor_of
from qie_batch.errors import Rejected, Unavailable
from qie_batch.processes.served_engine import listening
from qie_batch.remote.packets import pack, unpack
from tests.support.requests import edit_request
from tests.support.triton import kill, running_triton

#: Seconds and steps of an edit.
EDIT = {"seconds": 0.8, "steps": 4}
SECONDS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    # Deeper than the 107 bytes that the kernel takes of a socket's path.
    folder = tmp_path_factory.mktemp("triton") / "of-a-long-name" / ("a" * 100)
    with running_triton(folder, QIE_ENGINE_OPTIONS=json.dumps(EDIT)) as server:
        yield server


@pytest.fixture
def breakable(tmp_path):
    """A server for one test."""
    with running_triton(tmp_path, QIE_ENGINE_OPTIONS=json.dumps(EDIT)) as server:
        yield server


@pytest.fixture
def engine_of():
    made = []

    def make(*servers, **options):
        urls = tuple(server.url for server in servers)
        made.append(engine := triton.create({"urls": urls, "serves": "classic", **options}))
        return engine

    yield make
    for engine in made:
        engine.close()


def request(instruction="make it red", size=(128, 96), **changes):
    image = Image.effect_noise(size, 60).convert("RGB")
    return edit_request(images=(image,), instruction=instruction, width=size[0], height=size[1], **changes)


def packet():
    """An edit as the engine sends it."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    header = {"params": {"instruction": "make it red"}, "width": 64, "height": 64}
    return pack(header, [file.getvalue()])


def until(found, what):
    deadline = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < deadline, f"no {what} within {SECONDS} s"
        time.sleep(0.05)


def probe(server):
    command = [sys.executable, "-m", "qie_batch.engines.triton.probe", server.url]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_edit_comes_back_pixel_for_pixel_with_the_steps_of_the_server(server, engine_of):
    steps = []
    wanted = request(steps=4)
    result = engine_of(server).edit(wanted, steps.append)
    assert result.image.tobytes() == wanted.images[0].tobytes()
    assert [step for number, step in enumerate(steps) if step not in steps[:number]] == [1, 2, 3, 4]


def test_an_edit_whose_client_is_gone_ends_on_the_server(server):
    client, answers = server.client(), SimpleQueue()
    client.start_stream(callback=lambda result, error: answers.put((result, error)))
    client.async_stream_infer("qie_steps", [tensor_of(packet())])
    assert answers.get(timeout=SECONDS)[1] is None
    client.stop_stream(cancel_requests=True)
    until(lambda: "its client is gone" in server.child.log_path.read_text(), "early end")


def test_an_edit_that_is_cancelled_here_raises_at_once(server, engine_of):
    class Cancelled(Exception):
        pass

    def on_step(_number):
        raise Cancelled

    with pytest.raises(Cancelled):
        engine_of(server).edit(request(), on_step)


def test_requests_of_one_moment_form_batches_of_two(server):
    before = server.metric("nv_inference_count", "qie"), server.metric("nv_inference_exec_count", "qie")
    clients = [server.client() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda client: client.infer("qie", [tensor_of(packet())]), clients))
    assert all(unpack(each.as_numpy("response").tobytes())[1] for each in answers)
    # The last request may be counted a moment after its answer.
    until(lambda: server.metric("nv_inference_count", "qie") - before[0] == 6, "six requests")
    assert server.metric("nv_inference_exec_count", "qie") - before[1] == 3


@pytest.mark.slow
def test_a_full_queue_is_busy_and_not_broken(server, engine_of):
    """More requests than the queue holds: the server refuses the rest, and the engine waits."""
    engine = engine_of(server)
    streams = [server.client() for _ in range(24)]
    for client in streams:
        client.start_stream(callback=lambda result, error: None)  # noqa: ARG005 - its names
        client.async_stream_infer("qie_steps", [tensor_of(packet())])
    try:
        assert engine.edit(request(), lambda _step: None).image.size == (128, 96)
    finally:
        for client in streams:
            client.stop_stream(cancel_requests=True)


def test_a_request_that_is_no_edit_is_refused(server):
    with pytest.raises(Exception, match="engine_refused: what was sent is no edit"):
        server.client().infer("qie", [tensor_of(b"no packet")])


def test_a_parameter_of_a_newer_client_is_no_fault_of_the_row(server):
    header = {"params": {"instruction": "x", "of_tomorrow": 1}, "width": 64, "height": 64}
    with pytest.raises(
        Exception, match=r"engine_revision: .* does not know the parameter of_tomorrow"
    ) as raised:
        server.client().infer("qie", [tensor_of(pack(header))])
    assert "UNAVAILABLE" in raised.value.status()


def test_the_probe_answers_while_an_edit_runs(server, engine_of):
    with ThreadPoolExecutor(1) as pool:
        edit = pool.submit(engine_of(server).edit, request(), lambda _step: None)
        assert probe(server).returncode == 0
        edit.result()


@pytest.mark.slow
def test_once_the_engine_is_lost_the_server_ends_and_the_edit_can_be_tried_again(breakable, engine_of):
    engine = engine_of(breakable)
    with pytest.raises(Unavailable):
        engine.edit(request("die"), lambda _step: None)
    until(lambda: breakable.child.poll() is not None, "end of the server")
    assert probe(breakable).returncode == 1
    assert not engine.ready(lambda: False)


def test_once_a_model_process_is_gone_the_server_ends(breakable):
    """Triton's own health stays "ready" then, and every request fails."""
    (stub,) = breakable.stubs("qie_steps")
    kill(stub)
    until(lambda: breakable.child.poll() is not None, "end of the server")


@pytest.mark.slow
def test_an_edit_that_hangs_ends_the_server(tmp_path, engine_of):
    """The ping is answered meanwhile: nothing else would end it."""
    variables = {"QIE_ENGINE_OPTIONS": json.dumps(EDIT), "QIE_HANG_SECONDS": "3"}
    with running_triton(tmp_path, **variables) as server:
        with pytest.raises(Unavailable):
            engine_of(server).edit(request("hang"), lambda _step: None)
        until(lambda: server.child.poll() is not None, "end of the server")
    assert "an edit hangs" in server.child.log_path.read_text()


@pytest.mark.slow
def test_the_engine_ends_with_its_server(breakable):
    engine = breakable.engine_pid
    kill(breakable.server_pid)
    until(lambda: breakable.child.poll() is not None, "end of the server")
    until(lambda: not Path(f"/proc/{engine}").exists(), "end of the engine")


@pytest.mark.slow
def test_what_an_earlier_server_of_the_same_number_left_does_not_stop_the_next(tmp_path):
    """As in a container that is restarted with its /tmp."""
    here = os.getpid()
    for pid in range(here, here + 3000):
        folder = tmp_path / f"qie-batch-triton-{pid}"
        folder.mkdir()
        listening(folder / "engine.sock").close()
    with running_triton(tmp_path, QIE_ENGINE_OPTIONS=json.dumps(EDIT)) as server:
        assert server.server_pid in range(here, here + 3000)
        assert probe(server).returncode == 0


def test_without_a_server_the_sentence_says_which(engine_of):
    class Nowhere:
        url = "grpc://127.0.0.1:1"

    with pytest.raises(Unavailable, match=r"no Triton server makes an edit \(grpc://127\.0\.0\.1:1"):
        engine_of(Nowhere)


def test_what_no_engine_takes_is_refused_before_it_is_sent(server, engine_of):
    with pytest.raises(Rejected):
        engine_of(server).edit(request(steps=1), lambda _step: None)
