from __future__ import annotations

import logging
import socket

import httpx2
import pytest
from prometheus_client import Gauge

from qie_batch.errors import Misconfigured
from qie_batch.local.ports import free_port
from qie_batch.metrics import expose, new_registry
from qie_batch.metrics.exporter import neighbour
from qie_batch.settings import Settings


def test_a_registry_is_served_at_its_address_with_process_and_version():
    registry = new_registry()
    address = f"127.0.0.1:{free_port()}"
    server = expose(registry, address)
    try:
        page = httpx2.get(f"http://{address}/metrics").text
    finally:
        server.shutdown()
        server.server_close()
    assert "process_resident_memory_bytes" in page
    assert 'qie_build_info{version="' in page


def test_a_port_that_is_taken_is_a_sentence_and_no_error(caplog):
    with socket.create_server(("127.0.0.1", 0)) as taken, caplog.at_level(logging.WARNING):
        assert expose(new_registry(), f"127.0.0.1:{taken.getsockname()[1]}") is None
    assert "cannot be listened at (Address already in use): set QIE_METRICS_ADDRESS" in caplog.text


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
        server.shutdown()
        server.server_close()
    assert (first, second.status_code) == (500, 200)


def test_worker_processes_have_the_ports_above_their_supervisor():
    assert neighbour("0.0.0.0:9400", 2) == "0.0.0.0:9402"
    assert neighbour("[::1]:9400", 1) == "[::1]:9401"
    assert neighbour("", 1) == ""


@pytest.mark.parametrize("address", ["9400", "localhost", "localhost:", "localhost:x", "a b:9400", ":9400"])
def test_an_address_without_host_or_port_is_refused(address):
    with pytest.raises(Misconfigured, match=r"QIE_METRICS_ADDRESS: .* write HOST:PORT"):
        Settings(metrics_address=address)
