"""A supervisor with GPUs of two kinds: a process for each, and each edit at the price of its own."""

from __future__ import annotations

import threading
import time

import pytest

from qie_batch import wiring
from qie_batch.ledger.schema import upgrade
from qie_batch.processes.supervisor import Supervisor
from qie_batch.settings import Settings
from qie_batch.steps.dispatch import dispatch
from tests.support.ledgers import dispatching, new_items, new_job, spec, told
from tests.support.painters import IMAGE, INPUT
from tests.support.two_devices import DEVICES, INFO

PATIENCE = 90.0
EDITS = 24


@pytest.fixture
def settings(stack, broker_url, tmp_path, monkeypatch):
    monkeypatch.setenv("QIE_DIR", str(stack.folder))
    monkeypatch.setenv("QIE_BROKER_URL", broker_url)
    monkeypatch.setenv("QIE_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setenv("QIE_ENGINE", INFO.name)
    monkeypatch.setenv("QIE_GATES", "off")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    settings = Settings()
    upgrade(wiring.database(settings))
    return settings


@pytest.fixture
def supervised(settings):
    """Both processes, for the time of a test."""
    stop = threading.Event()
    supervisor = Supervisor(settings, INFO, wiring.worker_devices(INFO, "0,1"))
    running = threading.Thread(target=supervisor.run, args=(stop,))
    running.start()
    yield settings
    stop.set()
    running.join()


def until(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_each_edit_costs_what_its_own_device_costs(supervised, request):
    ledger = wiring.ledger(supervised)
    context = dispatching(ledger, wiring.queue(supervised), window=64)
    wiring.store(supervised).put(f"inputs/{INPUT}", IMAGE, "image/png")
    of_this_run = f"{request.node.name} {time.time_ns()}"
    specs = [
        spec("", inputs=(INPUT,), engine=INFO.name, preset="", instruction=f"{of_this_run} {number}")
        for number in range(EDITS)
    ]
    until(lambda: len(wiring.queue(supervised).live_workers(1.0)) == 2)
    assert ledger.intake.add_job(new_job(engine=INFO.name, preset=""), new_items(*specs))
    dispatch(context)
    until(lambda: told(ledger) == "S" * EDITS)
    lines = {line.key: line for line in ledger.costs.lines(None, "device")}
    assert set(lines) == set(DEVICES.values())
    dollars_an_hour = {
        name: line.spent_micros / 1e6 / line.seconds * 3600 for name, line in lines.items() if line.items
    }
    assert dollars_an_hour == pytest.approx(dict(zip(DEVICES.values(), (3.00, 1.90), strict=True)), rel=1e-3)
    made = [item.result for item in ledger.jobs.items("job")]
    assert [result.ran for result in made] == [{"device": result.device} for result in made]
    names = [worker.name for worker in wiring.queue(supervised).live_workers(1.0)]
    starts = ledger.workers.starts(names)
    assert [list(start.phases) for start in starts.values()] == [
        ["python", "services", "weights", "warm_up", "engine", "ready"]
    ] * 2
    ledger.dispose()
