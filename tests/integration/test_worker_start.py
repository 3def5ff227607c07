"""What a worker process tells of its start."""

from __future__ import annotations

import logging
import re
import subprocess
import sys

import pytest

from qie_batch import wiring
from qie_batch.ledger.schema import upgrade
from qie_batch.metrics import new_registry
from qie_batch.model import WorkerStart
from qie_batch.settings import Settings
from qie_batch.wiring.start import StartClock, process_age
from tests.support.ledgers import WORKER
from workers.started import tell_start


@pytest.fixture
def settings(tmp_path):
    return Settings(dir=tmp_path, ledger_url=f"sqlite:///{tmp_path / 'ledger.sqlite3'}")


START = WorkerStart(seconds=14.25, phases={"python": 1.5, "weights": 11.75, "engine": 1.0})


def test_log_metrics_and_ledger_have_each_phase(settings, caplog):
    upgrade(wiring.database(settings))
    registry = new_registry()
    with caplog.at_level(logging.INFO):
        tell_start(WORKER, START, settings, registry)
    assert "is ready after 14.2 s: python 1.5, weights 11.8, engine 1.0" in caplog.text
    phases = {
        phase: registry.get_sample_value("qie_start_seconds", {"engine": WORKER.engine, "phase": phase})
        for phase in ("python", "weights", "all")
    }
    assert phases == {"python": 1.5, "weights": 11.75, "all": 14.25}
    ledger = wiring.ledger(settings)
    assert ledger.workers.starts([WORKER.name]) == {WORKER.name: START}
    ledger.dispose()


def test_a_ledger_that_is_away_keeps_no_process_from_its_work(settings, caplog):
    tell_start(WORKER, START, settings, new_registry())
    assert "how this process began is not in the ledger" in caplog.text


def test_the_rest_of_a_phase_is_what_its_parts_leave():
    clock = StartClock(age_seconds=2.0)
    clock.end("python")
    clock.end("engine", {"torch": 0.0, "weights": 50.0})
    start = clock.start
    assert list(start.phases) == ["python", "torch", "weights", "engine"]
    assert (start.phases["weights"], start.phases["engine"]) == (50.0, 0.0)
    assert 2.0 <= start.phases["python"] <= start.seconds < 2.5


def test_the_first_phase_begins_with_the_process():
    code = "import time; from qie_batch.wiring.start import process_age as age; time.sleep(0.3); print(age())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"[0-9.]+\n", child.stdout)
    assert 0.3 <= float(child.stdout) < 30.0
    assert process_age() > float(child.stdout)
