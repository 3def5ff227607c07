from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

from qie_batch.processes.contract import (
    EXIT_MISCONFIGURED,
    EXIT_RESTART,
    HEARTBEAT_VARIABLE,
    child_environment,
    clear_heartbeat,
    read_heartbeat,
    write_heartbeat,
)
from qie_batch.settings import Settings


def test_the_exit_codes_are_those_of_sysexits():
    assert (EXIT_MISCONFIGURED, EXIT_RESTART) == (78, 75)


@pytest.mark.parametrize("counts", [[1], [1, 2], [255, 256, 1 << 40]])
def test_the_last_heartbeat_is_read_until_it_is_cleared(counts):
    with tempfile.TemporaryFile() as file:
        assert read_heartbeat(file.fileno()) is None
        for count in counts:
            write_heartbeat(file.fileno(), count)
        assert read_heartbeat(file.fileno()) == counts[-1]
        clear_heartbeat(file.fileno())
        assert read_heartbeat(file.fileno()) is None


def test_the_heartbeat_variable_is_a_setting(monkeypatch):
    monkeypatch.setenv(HEARTBEAT_VARIABLE, "7")
    assert Settings().heartbeat_fd == 7


def test_a_child_finds_the_folder_from_any_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = child_environment(tmp_path.relative_to(tmp_path) / "data")
    assert environment["QIE_DIR"] == str(tmp_path / "data")
    assert environment["PATH"] == os.environ["PATH"]


def test_the_contract_loads_no_command_line_and_no_framework():
    script = "import sys, qie_batch.processes.contract; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert not {"click", "celery", "boto3", "sqlalchemy", "qie_batch.cli", "qie_batch.wiring"} & set(
        loaded.split()
    )
