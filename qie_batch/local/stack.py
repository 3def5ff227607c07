"""The embedded stack: broker and store on free loopback ports, in one folder that also holds the ledger."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
import tomllib
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from qie_batch.errors import Conflict, Misconfigured
from qie_batch.local import seaweedfs, valkey
from qie_batch.local.ports import remembered_ports
from qie_batch.model import new_webhook_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from qie_batch.local.process import ChildProcess

_START_SECONDS = 60.0
#: Seconds in which the servers of a killed parent end; until then the servers keep the lock of the folder.
_LOCK_SECONDS = 15.0
#: What else listens at a port that is chosen here.
_OTHERS = ("flower", "gateway", "worker_metrics", "control_metrics")
_HEADER = """\
# Written by `qie-batch up`: its addresses and secrets. Other settings added here stay, comments do not.
"""


@dataclass(kw_only=True)
class Stack:
    """Running servers; leaving the context stops them in reverse order."""

    folder: Path
    #: The content of config.toml, by the names of Settings.
    config: Mapping[str, Any] = field(repr=False)
    #: Ports for the metrics of the processes that use this stack.
    metrics: Mapping[str, int]
    children: tuple[ChildProcess, ...]
    _undo: ExitStack = field(repr=False)

    @classmethod
    def start(cls, folder: Path, settings: Mapping[str, Any] = MappingProxyType({})) -> Self:
        """Start or restart on `folder`; return when both servers answer and the bucket exists.

        `settings` are written to config.toml beside the stack's own, for every command that uses the folder.

        Raises UsageError if the folder is in use or a binary is missing, Unavailable with the end of the log
        if a server does not start.
        """
        folder = folder.absolute()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        logs = folder / "logs"
        logs.mkdir(exist_ok=True)
        with ExitStack() as undo:
            lock = _lock(folder / "lock")
            undo.callback(os.close, lock)
            ports = remembered_ports(folder / "ports.json", ("valkey", *seaweedfs.SERVERS, *_OTHERS))
            config = _write_config(folder, ports, settings)
            broker = valkey.start_valkey(
                folder / "valkey",
                log_path=logs / "valkey.log",
                port=ports["valkey"],
                password=_password(config),
                inherit=[lock],
            )
            undo.callback(broker.stop)
            bucket, keys = config["s3_bucket"], (config["s3_access_key"], config["s3_secret_key"])
            store = seaweedfs.start_seaweedfs(
                folder / "seaweedfs",
                log_path=logs / "seaweedfs.log",
                ports=ports,
                bucket=bucket,
                access_key=keys[0],
                secret_key=keys[1],
                inherit=[lock],
            )
            undo.callback(seaweedfs.remove_sockets, ports)
            undo.callback(store.stop)
            broker.wait_until(lambda: valkey.answers(config["broker_url"]), _START_SECONDS)
            client = seaweedfs.probe(config["s3_endpoint"], *keys)
            store.wait_until(lambda: seaweedfs.has_bucket(client, bucket), _START_SECONDS)
            client.close()
            metrics = {name: ports[f"{name}_metrics"] for name in ("worker", "control")}
            return cls(
                folder=folder,
                config=config,
                metrics=MappingProxyType(metrics),
                children=(broker, store),
                _undo=undo.pop_all(),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._undo.close()

    def ended(self) -> ChildProcess | None:
        """A server that has ended without being stopped, if any."""
        return next((child for child in self.children if child.poll() is not None), None)

    def addresses(self) -> dict[str, str]:
        """Every address, for people; secrets stay in the settings file."""
        return {
            "settings": str(self.folder / "config.toml"),
            "ledger": self.config["ledger_url"],
            "broker": "redis://" + self.config["broker_url"].rpartition("@")[2],
            "store": f"{self.config['s3_endpoint']}/{self.config['s3_bucket']}",
            "gateway": f"http://127.0.0.1:{self.config['gateway_port']}",
            "flower": f"http://127.0.0.1:{self.config['flower_port']}",
            "logs": str(self.folder / "logs"),
        }


def _write_config(folder: Path, ports: Mapping[str, int], settings: Mapping[str, Any]) -> dict[str, Any]:
    path = folder / "config.toml"
    try:
        before = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        before = {}
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path} is not valid TOML: {error}.", hint="Mend it or delete it.") from error
    password = _password(before) or secrets.token_urlsafe(24)
    kept = {
        "s3_bucket": "qie-batch",
        "s3_access_key": secrets.token_hex(10),
        "s3_secret_key": secrets.token_urlsafe(30),
        "flower_user": "qie",
        "flower_password": secrets.token_urlsafe(15),
        "gateway_secret": secrets.token_urlsafe(32),
        "notify_secret": new_webhook_secret(),
    }
    config = {
        **kept,
        **before,
        **settings,
        "ledger_url": f"sqlite:///{folder / 'ledger.sqlite3'}",
        "broker_url": f"redis://:{password}@127.0.0.1:{ports['valkey']}/0",
        "s3_endpoint": f"http://127.0.0.1:{ports['s3']}",
        "flower_port": ports["flower"],
        "gateway_port": ports["gateway"],
    }
    # Written to another file and renamed, so that no reader sees a partial file; created with mode 0600.
    draft = path.with_name("config.toml.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    lines = "".join(f"{name} = {_toml(value)}\n" for name, value in config.items())
    draft.write_text(_HEADER + lines, encoding="utf-8")
    draft.replace(path)
    return config


def _password(config: Mapping[str, Any]) -> str:
    return urlsplit(str(config.get("broker_url", ""))).password or ""


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{json.dumps(name)} = {_toml(inner)}" for name, inner in value.items()) + " }"
        )
    return json.dumps(value, ensure_ascii=False)


def _lock(path: Path) -> int:
    """The folder's lock; the servers inherit the descriptor, so that the lock outlives a killed parent."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = int(os.pread(lock, 20, 0) or b"0")
            if _is_running(holder) or time.monotonic() > deadline:
                os.close(lock)
                raise Conflict(
                    f"the embedded stack in {path.parent} runs already (process {holder}).",
                    code="stack_running",
                    hint="Use it as it is, stop it where it runs, or choose another folder.",
                ) from None
            time.sleep(0.05)
        else:
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            return lock


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return pid != 0
