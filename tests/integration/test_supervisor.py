"""Real processes that end, hang or are killed: when they are replaced, and what becomes of their items."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from qie_batch.engines.classic import INFO as CLASSIC
from qie_batch.local.ports import free_port
from qie_batch.processes.contract import EXIT_MISCONFIGURED, EXIT_RESTART
from qie_batch.processes.launch import Launch
from qie_batch.processes.supervisor import Backoff, Supervisor, lock_device
from qie_batch.settings import Settings
from tests.support.ledgers import add, open_ledger, told

REPOSITORY = Path(__file__).resolve().parents[2]

#: Notes when it started, then ends with the code of its turn; the last code for all further turns.
SHORT_LIVED = """
import os, sys, time
log, *codes = sys.argv[1:]
with open(log, "a+") as file:
    print(time.monotonic(), file=file, flush=True)
    file.seek(0)
    turn = len(file.readlines())
code = int(codes[min(turn, len(codes)) - 1])
os.kill(os.getpid(), -code) if code < 0 else sys.exit(code)
"""


@pytest.fixture
def supervised(tmp_path):
    """Run processes that end with these codes; the supervisor's code, and the seconds between two starts."""

    def run(*codes, backoff, devices=()):
        log = tmp_path / "starts"

        def launch(_settings, _spec):
            argv = (sys.executable, "-I", "-S", "-c", SHORT_LIVED, str(log), *map(str, codes))
            return Launch(argv=argv, environment=dict(os.environ))

        settings = Settings(dir=tmp_path / "not-there")
        code = Supervisor(settings, CLASSIC, list(devices), launch=launch, backoff=backoff).run(
            threading.Event()
        )
        starts = [float(line) for line in log.read_text().splitlines()]
        return code, [after - before for before, after in itertools.pairwise(starts)]

    return run


def test_a_misconfigured_process_is_not_replaced_and_ends_the_supervisor_with_its_code(supervised):
    code, pauses = supervised(EXIT_MISCONFIGURED, backoff=Backoff(waits=(0.0,)))
    assert (code, pauses) == (EXIT_MISCONFIGURED, [])


def test_each_early_end_waits_longer_for_the_next_start(supervised):
    codes = (EXIT_RESTART, 1, EXIT_MISCONFIGURED)
    _, pauses = supervised(*codes, backoff=Backoff(waits=(0.0, 0.3, 0.8)))
    assert len(pauses) == 2
    assert pauses[0] > 0.3
    assert pauses[1] > 0.8


def test_a_process_that_does_not_load_its_engine_is_killed_and_replaced(tmp_path, caplog):
    """The first one stands still; the second is misconfigured, which ends the supervisor."""
    ends = iter(("signal.pause()", f"sys.exit({EXIT_MISCONFIGURED})"))

    def launch(_settings, _spec):
        argv = (sys.executable, "-I", "-S", "-c", f"import signal, sys; {next(ends)}")
        return Launch(argv=argv, environment={})

    address = f"127.0.0.1:{free_port()}"
    settings = Settings(dir=tmp_path / "not-there", metrics_address=address, load_seconds=0.5)
    supervisor = Supervisor(settings, CLASSIC, [], launch=launch, backoff=Backoff(waits=(0.0,)))
    assert supervisor.run(threading.Event()) == EXIT_MISCONFIGURED
    assert "has not loaded its engine in 0.5 s and is killed" in caplog.text
    assert 'qie_worker_restarts_total{reason="hung"} 1.0' in httpx2.get(f"http://{address}/metrics").text


def test_what_ended_by_itself_and_what_was_killed_are_counted_apart(tmp_path):
    codes = iter((EXIT_RESTART, -9, -9))
    stop = threading.Event()

    def launch(_settings, _spec):
        code = next(codes, None)
        if code is None:
            stop.set()
        ends = "os.kill(os.getpid(), 9)" if code == -9 else f"sys.exit({code or 0})"
        return Launch(argv=(sys.executable, "-I", "-S", "-c", f"import os, sys; {ends}"), environment={})

    address = f"127.0.0.1:{free_port()}"
    settings = Settings(dir=tmp_path / "not-there", metrics_address=address)
    supervisor = Supervisor(settings, CLASSIC, [], launch=launch, backoff=Backoff(waits=(0.0,)))
    supervisor.run(stop)
    page = httpx2.get(f"http://{address}/metrics").text
    assert 'qie_worker_restarts_total{reason="ended"} 1.0' in page
    assert 'qie_worker_restarts_total{reason="killed"} 2.0' in page
    assert 'qie_worker_restarts_total{reason="hung"} 0.0' in page


@pytest.mark.parametrize(
    ("code", "early_seconds"), [(-9, 60.0), (EXIT_RESTART, 0.0)], ids=["killed from outside", "not early"]
)
def test_an_end_that_says_nothing_about_the_next_process_waits_for_nothing(code, early_seconds, supervised):
    began = time.monotonic()
    _, pauses = supervised(
        code, EXIT_MISCONFIGURED, backoff=Backoff(waits=(0.0, 60.0), early_seconds=early_seconds)
    )
    assert len(pauses) == 1
    assert time.monotonic() - began < 30


def test_a_supervisor_waits_for_a_device_that_another_process_uses(supervised, caplog):
    device = f"busy-{os.getpid()}"
    (lock,) = lock_device(device)
    freed = threading.Timer(0.3, os.close, (lock,))
    freed.start()
    code, _ = supervised(EXIT_MISCONFIGURED, backoff=Backoff(), devices=[device])
    freed.join()
    assert code == EXIT_MISCONFIGURED
    assert f"device {device} is still in use" in caplog.text


#: Claims an item for ten minutes under the worker's name; then is killed, or hangs after one heartbeat. The
#: second time it is misconfigured, which ends the supervisor.
HOLDER = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from tests.support.ledgers import WORKER, open_ledger, start
from qie_batch.engines.classic import INFO as CLASSIC
from qie_batch.processes.contract import EXIT_MISCONFIGURED, write_heartbeat

url, mark, heartbeat_fd, end = sys.argv[1:]
if Path(mark).exists():
    sys.exit(EXIT_MISCONFIGURED)
Path(mark).touch()
start(open_ledger(url), worker=replace(WORKER, name=os.environ["QIE_WORKER_NAME"]), lease=600)
if end == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
write_heartbeat(int(heartbeat_fd), 1)
signal.pause()
"""


@pytest.mark.parametrize(
    ("end", "state", "charged"),
    [
        pytest.param("killed", "p", 0, id="killed from outside: pending, not charged"),
        pytest.param("hung", "r", 1, id="hung: its lease is over, charged by the next sweep"),
    ],
)
def test_a_worker_that_ended_holds_no_item(end, state, charged, tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    ledger = open_ledger(url)
    add(ledger, "red")

    def launch(_settings, spec):
        argv = (sys.executable, "-c", HOLDER, url, str(tmp_path / "mark"), str(spec.heartbeat_fd), end)
        ours = {"QIE_WORKER_NAME": spec.name, "PYTHONPATH": str(REPOSITORY)}
        return Launch(argv=argv, environment={**os.environ, **ours})

    settings = Settings(dir=tmp_path, ledger_url=url, hang_seconds=0.1)
    supervisor = Supervisor(settings, CLASSIC, [], launch=launch, backoff=Backoff(waits=(0.0,)))
    assert supervisor.run(threading.Event()) == EXIT_MISCONFIGURED
    assert told(ledger) == state
    assert ledger.recovery.expire_leases() == charged
    assert told(ledger) == "p"
    ledger.dispose()
