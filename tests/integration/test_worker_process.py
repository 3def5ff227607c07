"""A worker process without an engine takes no message and exits with a code for its supervisor."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qie_batch import wiring
from qie_batch.ledger.schema import upgrade
from qie_batch.processes.contract import EXIT_MISCONFIGURED, EXIT_RESTART
from qie_batch.settings import Settings
from workers.process import WorkerProcess

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(stack, tmp_path, monkeypatch):
    monkeypatch.setenv("QIE_DIR", str(stack.folder))
    monkeypatch.setenv("QIE_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setenv("QIE_ENGINE", "tests.support.unloadable")

    def made(reason):
        monkeypatch.setenv("QIE_ENGINE_OPTIONS", json.dumps({"reason": reason}))
        settings = Settings()
        upgrade(wiring.database(settings))
        return settings

    return made


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("bug", EXIT_RESTART),
        ("card", EXIT_RESTART),
        ("away", EXIT_RESTART),
        ("weights", EXIT_MISCONFIGURED),
    ],
)
def test_only_wrong_settings_end_the_workers_of_other_devices(settings, reason, code):
    process = WorkerProcess(settings(reason))
    with pytest.raises(SystemExit) as left:
        process.on_init()
    assert left.value.code == code
    with pytest.raises(RuntimeError, match="before the engine was loaded"):
        _ = process.context


LOAD = """
from qie_batch.settings import Settings
from workers.process import WorkerProcess

WorkerProcess(Settings()).on_init()
"""


def test_a_load_that_stands_still_with_pythons_lock_says_where(settings, tmp_path, monkeypatch):
    # Stacks are written without Python's lock after 80 % of it: not while imports run, which may crash then.
    monkeypatch.setenv("QIE_LOAD_SECONDS", "6")
    settings("hangs")
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen((sys.executable, "-c", LOAD), stderr=file, cwd=REPOSITORY)
    try:
        deadline = time.monotonic() + 60
        while "unloadable.py" not in log.read_text():
            assert process.poll() is None
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
