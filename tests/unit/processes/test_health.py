from __future__ import annotations

from types import SimpleNamespace

import pytest

from qie_batch.processes.health import ENOUGH_DISK_BYTES, check_health
from qie_batch.settings import Settings


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """Every check by its name, on a machine where no service is known."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return {check.name: check for check in check_health(Settings(dir=tmp_path / "not-there"))}


def test_every_check_runs_though_others_fail(checked):
    assert list(checked) == ["ledger", "broker", "store", "engine", "prices", "disk"]
    assert [name for name, check in checked.items() if not check.ok] == ["ledger", "broker", "store"]


def test_a_failed_check_says_what_is_wrong_and_what_to_do(checked):
    problem = "no services are known: "
    assert checked["ledger"].text.startswith(problem)
    assert "QIE_LEDGER_URL. " in checked["ledger"].text
    assert checked["broker"].text.endswith("of your cluster.")


def test_a_passed_check_says_what_was_found(checked):
    assert checked["engine"].text.endswith(": there is no CUDA card here")
    assert "classic" in checked["prices"].text


@pytest.mark.parametrize(("free", "ok"), [(ENOUGH_DISK_BYTES - 1, False), (ENOUGH_DISK_BYTES, True)])
def test_a_disk_that_is_almost_full_fails_before_anything_else_does(free, ok, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=free))
    assert check_health(Settings(dir=tmp_path))[-1].ok is ok
