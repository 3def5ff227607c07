"""An API server that says which kinds it has, which is all that `kubectl apply --dry-run=client` asks."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.manifests.schemas import is_custom

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CLUSTER_WIDE = frozenset({"Namespace", "PriorityClass"})


@contextmanager
def kinds_served(manifests: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The address of a server with the kinds of these manifests that are built in."""
    kinds: dict[str, set[str]] = {}
    for manifest in manifests:
        if not is_custom(manifest):
            kinds.setdefault(manifest["apiVersion"], set()).add(manifest["kind"])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = _discovery(kinds, self.path.partition("?")[0])
            body = json.dumps(found or {"kind": "Status", "code": 404}).encode()
            self.send_response(200 if found else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _discovery(kinds: dict[str, set[str]], path: str) -> dict[str, Any] | None:
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        return {"kind": "APIGroupList", "groups": [_group(each) for each in kinds if "/" in each]}
    version = path.removeprefix("/apis/").removeprefix("/api/")
    if version not in kinds:
        return None
    resources = [
        {
            "name": _plural(kind),
            "kind": kind,
            "namespaced": kind not in _CLUSTER_WIDE,
            "verbs": ["get", "create"],
        }
        for kind in kinds[version]
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}


def _group(version: str) -> dict[str, Any]:
    name, _, last = version.partition("/")
    found = {"groupVersion": version, "version": last}
    return {"name": name, "versions": [found], "preferredVersion": found}


def _plural(kind: str) -> str:
    lower = kind.lower()
    if lower.endswith("y"):
        return f"{lower[:-1]}ies"
    return f"{lower}es" if lower.endswith("s") else f"{lower}s"
