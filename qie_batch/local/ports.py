"""Free loopback ports, the same after a restart where they are still free."""

from __future__ import annotations

import json
import secrets
import socket
from typing import TYPE_CHECKING

from qie_batch.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

#: Below the range from which Linux takes the ports of outgoing connections, so that none of them collides.
_FIRST, _LAST = 20_000, 32_000
#: SeaweedFS serves HTTP on a port and gRPC on the port 10,000 above: both must be free.
GRPC_OFFSET = 10_000


def is_free(port: int) -> bool:
    return _can_bind(port) and _can_bind(port + GRPC_OFFSET)


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a connection in TIME_WAIT does not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(taken: Collection[int] = ()) -> int:
    for _ in range(1000):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if port not in taken and is_free(port):
            return port
    raise Unavailable(f"no free port between {_FIRST} and {_LAST} on 127.0.0.1.", code="no_free_port")


def remembered_ports(path: Path, names: Collection[str]) -> dict[str, int]:
    """A free port for each name, from the JSON file where that port is still free; updates the file."""
    try:
        before: dict[str, int] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        before = {}
    ports: dict[str, int] = {}
    for name in names:
        port = before.get(name)
        usable = port is not None and port not in ports.values() and is_free(port)
        ports[name] = port if port is not None and usable else free_port(taken=ports.values())
    path.write_text(json.dumps(ports, indent=2) + "\n")
    return ports
