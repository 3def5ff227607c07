"""An engine on servers starts once one of them has made a tiny edit."""

from __future__ import annotations

import pytest

from qie_batch.errors import Misconfigured, Unavailable
from tests.contract.engines.conftest import Case
from tests.support.remote_engines import openai_engine
from tests.support.remote_servers import RemoteServer, Said

GONE = "http://127.0.0.1:9"
DENIED = Said(401, {"error": {"message": "Incorrect API key provided"}})


@pytest.fixture
def server():
    server = RemoteServer()
    yield server
    server.close()


@pytest.fixture
def case():
    """In place of every engine's: this file has its own server."""
    return Case("openai", {})


def test_a_probe_is_an_edit_of_128_pixels(server):
    openai_engine(server.url).close()
    (probe,) = server.controls
    assert (probe.size, probe.fields["num_inference_steps"], len(probe.files)) == ((128, 128), "2", 1)


def test_one_server_that_works_is_enough(server, case):
    engine = openai_engine(GONE, server.url)
    assert engine.edit(case.request(), lambda _step: None).image.size == case.size
    engine.close()


def test_with_no_server_that_works_it_is_tried_again_later():
    with pytest.raises(Unavailable, match="no connection") as caught:
        openai_engine(GONE)
    assert caught.value.code == "engine_down"


@pytest.mark.parametrize("said", [DENIED, Said(404), Said(400, b"the model x does not exist")])
def test_a_server_that_denies_us_has_to_be_put_right_by_a_person(server, said):
    server.control_script = [said]
    with pytest.raises(Misconfigured) as caught:
        openai_engine(server.url)
    assert "QIE_OPENAI_KEY" in caught.value.hint


def test_health_that_is_no_health_is_not_asked(server):
    server.control_script = [Said(500, b"Internal Server Error", "text/plain")]
    with pytest.raises(Unavailable):
        openai_engine(server.url)


def test_no_paid_edit_is_made_for_a_probe(server):
    openai_engine(server.url, dialect="openai").close()
    assert server.controls == []
