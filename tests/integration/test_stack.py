from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from qie_batch.errors import Unavailable, UsageError
from qie_batch.local.ports import free_port, is_free, remembered_ports
from qie_batch.local.process import ChildProcess
from qie_batch.local.stack import Stack
from qie_batch.settings import Settings
from qie_batch.stores.s3 import S3Store, check_bucket
from qie_batch.stores.s3_client import s3_client


def open_store(stack: Stack) -> S3Store:
    config = stack.config
    client = s3_client(config["s3_endpoint"], "us-east-1", config["s3_access_key"], config["s3_secret_key"])
    check_bucket(client, config["s3_bucket"])
    return S3Store(client, config["s3_bucket"])


def secrets_of(stack: Stack) -> set[str]:
    config = stack.config
    password = config["broker_url"].split("@")[0].rpartition(":")[2]
    return {password, config["s3_access_key"], config["s3_secret_key"], config["flower_password"]}


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not within its deadline"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_stack_is_usable_and_its_settings_are_private(stack):
    open_store(stack)
    assert Redis.from_url(stack.config["broker_url"]).ping()
    assert stack.ended() is None
    assert stat.S_IMODE(stack.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((stack.folder / "config.toml").stat().st_mode) == 0o600
    assert stat.S_IMODE((stack.folder / "valkey" / "valkey.conf").stat().st_mode) == 0o600


def test_settings_reads_what_the_stack_wrote(stack, monkeypatch):
    for name in [name for name in os.environ if name.startswith("QIE_")]:
        monkeypatch.delenv(name)
    settings = Settings(dir=stack.folder)
    assert set(stack.config) <= set(Settings.model_fields)
    assert settings.ledger_url.get_secret_value() == f"sqlite:///{stack.folder}/ledger.sqlite3"
    assert settings.broker_url.get_secret_value() == stack.config["broker_url"]
    assert settings.s3_secret_key.get_secret_value() == stack.config["s3_secret_key"]
    assert settings.flower_port == stack.config["flower_port"]


def test_addresses_name_no_secret(stack):
    text = " ".join(stack.addresses().values())
    assert str(stack.config["flower_port"]) in text
    assert not any(secret in text for secret in secrets_of(stack))


def test_no_secret_is_in_any_argument(stack):
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(entry.read_bytes().decode(errors="replace"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    assert any("mini" in line for line in lines)
    assert not any(secret in line for line in lines for secret in secrets_of(stack))


def test_the_broker_wants_its_password(stack):
    with pytest.raises(AuthenticationError):
        Redis.from_url(stack.config["broker_url"].replace("://:", "://:wrong")).ping()


def test_every_socket_is_on_loopback(stack):
    listening = "0A"
    inodes = set()
    for child in stack.children:
        for entry in Path(f"/proc/{child.pid}/fd").iterdir():
            try:
                inodes.add(str(entry.readlink()))
            except FileNotFoundError:
                continue
    tables = "".join(Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6"))
    rows = [line.split() for line in tables.splitlines()]
    ours = [row[1] for row in rows if row[3] == listening and f"socket:[{row[9]}]" in inodes]
    assert len(ours) >= 3
    assert all(address.startswith("0100007F:") for address in ours), ours


def test_a_second_start_on_the_same_folder_is_refused(stack):
    with pytest.raises(UsageError, match="runs already"):
        Stack.start(stack.folder)
    assert stack.ended() is None


def test_a_restart_keeps_data_secrets_addresses_and_the_users_own_settings(tmp_path):
    folder = tmp_path / "a folder, with 'odd' name"
    with Stack.start(folder) as first:
        open_store(first).put_new("inputs/kept", b"bytes", "image/png")
        Redis.from_url(first.config["broker_url"]).set("kept", "yes")
        pids = [child.pid for child in first.children]
    assert not any(runs(pid) for pid in pids)
    ports = json.loads((folder / "ports.json").read_text()).values()
    assert not [path for port in ports for path in Path("/tmp").glob(f"seaweedfs-*-{port + 10_000}.sock")]
    config = folder / "config.toml"
    config.write_text(config.read_text() + 'engine = "classic"\nprices = { "H100" = 2.5, cpu = 0.1 }\n')
    with Stack.start(folder) as second:
        assert second.config == first.config | {"engine": "classic", "prices": {"H100": 2.5, "cpu": 0.1}}
        assert tomllib.loads(config.read_text()) == second.config
        assert open_store(second).get("inputs/kept") == b"bytes"
        assert Redis.from_url(second.config["broker_url"], decode_responses=True).get("kept") == "yes"
    # Every port is taken by someone else meanwhile: new addresses, same data.
    (folder / "ports.json").unlink()
    with Stack.start(folder) as third:
        assert third.config["s3_endpoint"] != first.config["s3_endpoint"]
        assert open_store(third).get("inputs/kept") == b"bytes"
        assert secrets_of(third) == secrets_of(first)


def test_a_service_that_dies_is_named_and_the_rest_is_stopped(tmp_path):
    with Stack.start(tmp_path) as stack:
        broker, store = stack.children
        os.kill(broker.pid, signal.SIGKILL)
        wait_for(lambda: stack.ended() is broker)
    assert not runs(store.pid)


def test_a_killed_parent_leaves_no_service_and_the_next_start_works(tmp_path):
    script = (
        "import signal, sys; from pathlib import Path; from qie_batch.local.stack import Stack\n"
        "stack = Stack.start(Path(sys.argv[1]))\n"
        "print(*(child.pid for child in stack.children), flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    with Stack.start(tmp_path) as stack:
        assert not any(runs(pid) for pid in pids)
        open_store(stack)


def test_settings_that_are_no_toml_are_a_usage_error(tmp_path):
    (tmp_path / "config.toml").write_text("s3_bucket = ")
    with pytest.raises(UsageError, match=r"config\.toml"):
        Stack.start(tmp_path)


def start(argv: list[str], tmp_path: Path) -> ChildProcess:
    return ChildProcess.start(
        "thing", argv, env=dict(os.environ), log_path=tmp_path / "thing.log", cwd=tmp_path
    )


def test_a_child_that_dies_at_start_shows_the_end_of_its_log(tmp_path):
    child = start(["sh", "-c", "echo what a pity; exit 3"], tmp_path)
    with pytest.raises(Unavailable, match="thing ended with exit code 3") as caught:
        child.wait_until(lambda: False, 10)
    assert "what a pity" in caught.value.hint
    assert str(tmp_path / "thing.log") in caught.value.message


def test_a_child_that_is_never_ready_is_an_error(tmp_path):
    child = start(["sleep", "60"], tmp_path)
    with pytest.raises(Unavailable, match="not ready after"):
        child.wait_until(lambda: False, 0.1)
    assert child.stop() == -signal.SIGTERM
    assert not runs(child.pid)


def test_a_child_that_ignores_sigterm_is_killed_with_all_it_started(tmp_path):
    child = start(["sh", "-c", "trap '' TERM; sleep 60 & echo $! > pid; mv pid ready; wait; wait"], tmp_path)
    try:
        child.wait_until((tmp_path / "ready").exists, 10)
    finally:
        assert child.stop(grace=0.1) == -signal.SIGKILL
    grandchild = int((tmp_path / "ready").read_text())
    wait_for(lambda: not runs(grandchild))


def test_ports_are_remembered_unless_taken(tmp_path):
    path = tmp_path / "ports.json"
    before = remembered_ports(path, ("a", "b"))
    assert remembered_ports(path, ("a", "b")) == before
    path.write_text(json.dumps({"a": 22, "b": before["b"]}))
    after = remembered_ports(path, ("b", "c"))
    assert after["b"] == before["b"]
    assert len(set(after.values())) == 2
    assert is_free(free_port(taken=after.values()))


def test_a_port_that_one_process_chose_is_not_chosen_by_another(tmp_path):
    path = tmp_path / "ports.json"
    chosen = remembered_ports(path, ("a",))
    script = "import sys; from pathlib import Path; from qie_batch.local.ports import remembered_ports"
    script += "; print(remembered_ports(Path(sys.argv[1]), ('a',))['a'])"
    other = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert int(other.stdout) != chosen["a"]
    assert is_free(chosen["a"])
