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

#: SeaweedFS serves HTTP on a port and gRPC on the port 10,000 above: both must be free.
GRPC_OFFSET = 10_000
#: Both ranges lie below that from which Linux takes the ports of outgoing connections (32,768), and apart:
#: no port that is given out is the gRPC port of another one.
_FIRST, _LAST = 12_000, 12_000 + GRPC_OFFSET
#: How many ports that this process took last are kept from other processes.
_KEPT = 64

#: By port; the oldest first.
_marks: dict[int, socket.socket] = {}


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


def _take(port: int) -> bool:
    """Whether the port is free; no other process takes it from then on, though no server has bound it yet.

    The mark is a socket with a name in Linux' abstract namespace, which ends with this process.
    """
    if port not in _marks:
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0qie-batch-port-{port}")
        except OSError:
            mark.close()
            return False
        _marks[port] = mark
        while len(_marks) > _KEPT:
            _marks.pop(next(iter(_marks))).close()
    return is_free(port)


def free_port(taken: Collection[int] = ()) -> int:
    for _ in range(1000):
        # Even ones: the odd one above is for the metrics of a supervisor's worker process.
        port = _FIRST + 2 * secrets.randbelow((_LAST - _FIRST) // 2)
        if port not in taken and port not in _marks and _take(port):
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
        usable = port is not None and port not in ports.values() and _take(port)
        ports[name] = port if port is not None and usable else free_port(taken=ports.values())
    path.write_text(json.dumps(ports, indent=2) + "\n")
    return ports
