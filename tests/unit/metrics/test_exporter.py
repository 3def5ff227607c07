from __future__ import annotations

import logging
import socket
import threading

import httpx2
import pytest
from prometheus_client import Gauge

from qie_batch.errors import Misconfigured
from qie_batch.local.ports import free_port
from qie_batch.metrics import exporter, expose, new_registry
from qie_batch.metrics.exporter import Bounded, neighbour
from qie_batch.settings import Settings


@pytest.fixture(autouse=True)
def _ends_soon(monkeypatch):
    monkeypatch.setattr(exporter, "POLL_SECONDS", 0.01)


def test_a_registry_is_served_at_its_address_with_process_and_version():
    registry = new_registry()
    address = f"127.0.0.1:{free_port()}"
    server = expose(registry, address)
    try:
        page = httpx2.get(f"http://{address}/metrics").text
    finally:
        server.close()
    assert "process_resident_memory_bytes" in page
    assert 'qie_build_info{version="' in page


def test_a_probe_answers_200_or_503_with_what_is_wrong_beside_the_metrics():
    wrong = [""]
    address = f"127.0.0.1:{free_port()}"
    server = expose(new_registry(), address, {"/live": lambda: wrong[0]})
    with httpx2.Client(base_url=f"http://{address}") as client:
        assert (client.get("/live").status_code, client.get("/live").text) == (200, "ok")
        wrong[0] = "no round ended for 130 s"
        assert (client.get("/live").status_code, client.get("/live").text) == (503, wrong[0])
        assert "qie_build_info" in client.get("/metrics").text
    server.close()


def test_a_port_that_is_taken_is_a_sentence_and_is_listened_at_once_it_is_free(monkeypatch, caplog):
    monkeypatch.setattr(exporter, "RETRY_SECONDS", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as taken, caplog.at_level(logging.INFO):
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        server = expose(new_registry(), address)
        expected = f"until {address} is free (Address already in use): set QIE_METRICS_ADDRESS"
        assert caplog.text.count(expected) == 1
    patient = httpx2.HTTPTransport(retries=6)
    with httpx2.Client(transport=patient) as client:
        assert "qie_build_info" in client.get(f"http://{address}/metrics").text
    server.close()
    assert caplog.text.count("Address already in use") == 1


def test_a_process_listens_where_another_one_has_just_left():
    address = f"127.0.0.1:{free_port()}"
    for _ in range(2):
        server = expose(new_registry(), address)
        with httpx2.Client() as client:
            client.get(f"http://{address}/metrics").raise_for_status()
            server.close()


def test_clients_that_are_silent_hold_a_few_threads_and_are_sent_away(monkeypatch):
    monkeypatch.setattr(exporter._Handler, "timeout", 0.1)
    address = ("127.0.0.1", free_port())
    server = expose(new_registry(), f"{address[0]}:{address[1]}")
    before = threading.active_count()
    silent = [socket.create_connection(address) for _ in range(3 * exporter.MOST_CLIENTS)]
    try:
        assert all(each.recv(1) == b"" for each in silent)
        assert threading.active_count() <= before + exporter.MOST_CLIENTS
        url = f"http://{address[0]}:{address[1]}/metrics"
        assert "qie_build_info" in httpx2.get(url).text
    finally:
        for each in silent:
            each.close()
        server.close()


def test_without_an_address_nothing_listens():
    assert expose(new_registry(), "") is None


def test_a_figure_that_cannot_be_read_spoils_no_other_scrape():
    """A value that raises is an answer of 500, and the next scrape is answered again."""
    registry = new_registry()
    broken = [True]

    def value():
        if broken[0]:
            raise RuntimeError("the service is being restarted")
        return 1.0

    Gauge("qie_broken", "Raises first", registry=registry).set_function(value)
    address = f"127.0.0.1:{free_port()}"
    server = expose(registry, address)
    try:
        first = httpx2.get(f"http://{address}/metrics").status_code
        broken[0] = False
        second = httpx2.get(f"http://{address}/metrics")
    finally:
        server.close()
    assert (first, second.status_code) == (500, 200)


def test_worker_processes_have_the_ports_above_their_supervisor():
    assert neighbour("0.0.0.0:9400", 2) == "0.0.0.0:9402"
    assert neighbour("[::1]:9400", 1) == "[::1]:9401"
    assert neighbour("", 1) == ""


def test_beyond_the_last_port_a_worker_process_works_without_metrics(caplog):
    assert neighbour("0.0.0.0:65534", 1) == "0.0.0.0:65535"
    assert neighbour("0.0.0.0:65534", 2) == ""
    assert "no port is 2 above that of 0.0.0.0:65534" in caplog.text


@pytest.mark.parametrize("value", ["\ud800", "a b", "x" * 65, "\n", "größe", "a\x00b"])
def test_a_value_that_is_no_name_counts_as_other(value):
    assert Bounded()(value) == "other"


@pytest.mark.parametrize(
    "address", ["9400", "localhost", "localhost:", "localhost:x", "a b:9400", ":9400", "localhost:65536"]
)
def test_an_address_without_host_or_port_is_refused(address):
    with pytest.raises(Misconfigured, match=r"QIE_METRICS_ADDRESS: .* write HOST:PORT"):
        Settings(metrics_address=address)
