from __future__ import annotations

from dataclasses import replace

import pytest

from qie_batch.engines.classic import INFO
from qie_batch.errors import UsageError
from qie_batch.processes.launch import WorkerSpec, celery_worker, flower, gateway, worker_name
from qie_batch.settings import Settings


def spec(device="", engine=INFO):
    return WorkerSpec(name="host-0-1234", engine=engine, device=device, heartbeat_fd=9)


def test_a_remote_engine_has_items_in_transfer_beside_all_that_it_edits(tmp_path):
    launch = celery_worker(Settings(dir=tmp_path, concurrency=3), spec(engine=replace(INFO, concurrency=8)))
    assert "--concurrency 10" in " ".join(launch.argv)


def test_a_worker_takes_only_messages_of_its_engine_under_the_name_of_the_ledger(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    launch = celery_worker(Settings(dir=tmp_path, slots=5), spec())
    line = " ".join(launch.argv)
    assert "--app workers.app worker --pool threads --concurrency 5" in line
    assert "--queues edit.classic --hostname host-0-1234" in line
    ours = {name: launch.environment[name] for name in ("QIE_WORKER_NAME", "QIE_ENGINE", "QIE_HEARTBEAT_FD")}
    assert ours == {"QIE_WORKER_NAME": "host-0-1234", "QIE_ENGINE": "classic", "QIE_HEARTBEAT_FD": "9"}
    assert launch.environment["QIE_DIR"] == str(tmp_path)
    assert "CUDA_VISIBLE_DEVICES" not in launch.environment


def test_a_worker_of_the_interactive_lane_takes_no_message_of_celery(tmp_path):
    launch = celery_worker(Settings(dir=tmp_path, lanes="interactive"), spec())
    assert "--queues edit.classic.none " in " ".join(launch.argv)


def test_a_worker_sees_its_own_device_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,3")
    launch = celery_worker(Settings(dir=tmp_path), spec("3"))
    assert launch.environment["CUDA_VISIBLE_DEVICES"] == "3"
    assert launch.environment["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_no_two_workers_have_the_same_name():
    names = {worker_name("0") for _ in range(100)}
    assert len(names) == 100
    assert "-cpu-" in worker_name("")


def test_flower_keeps_its_login_out_of_the_command_line(tmp_path):
    launch = flower(Settings(dir=tmp_path, flower_password="geheim", flower_port=7))
    assert launch.environment["FLOWER_BASIC_AUTH"] == "qie:geheim"
    assert "--port=7" in launch.argv
    assert f"--db={tmp_path}/flower" in launch.argv
    assert "geheim" not in " ".join(launch.argv)


def test_flower_does_not_run_without_a_login(tmp_path):
    with pytest.raises(UsageError, match="without a login"):
        flower(Settings(dir=tmp_path))


def test_the_gateway_keeps_its_secret_out_of_the_command_line(tmp_path):
    launch = gateway(Settings(dir=tmp_path, gateway_secret="geheim" * 6))
    assert launch.argv[1:] == ("-m", "qie_batch.gateway")


def test_the_gateway_does_not_run_without_a_secret(tmp_path):
    with pytest.raises(UsageError, match="without a secret"):
        gateway(Settings(dir=tmp_path))
