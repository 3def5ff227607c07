"""The part of Kubernetes' API server that control asks, with TLS and bearer tokens, over pods in memory."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

    import trustme

NAMESPACE = "qie"


class ApiServer:
    """`pods` has the metadata of each pod by name; `account` is a folder like a pod's service account."""

    def __init__(self, authority: trustme.CA, account: Path) -> None:
        self.pods: dict[str, dict[str, Any]] = {}
        self.token = "first"
        self.allowed = True
        self.patches: list[str] = []
        self.account = account
        (account / "namespace").write_text(f"{NAMESPACE}\n")
        (account / "token").write_text(self.token)
        authority.cert_pem.write_to_path(account / "ca.crt")
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api._answer(self, api._list)

            def do_PATCH(self) -> None:
                api._answer(self, api._patch)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, name: str, component: str = "worker", **annotations: str) -> None:
        labels = {"app.kubernetes.io/component": component}
        self.pods[name] = {"name": name, "labels": labels, "annotations": annotations}

    def _answer(self, request: BaseHTTPRequestHandler, do: Any) -> None:
        if request.headers["authorization"] != f"Bearer {self.token}":
            status, answer = 401, {"kind": "Status"}
        elif not self.allowed:
            status, answer = 403, {"kind": "Status"}
        else:
            status, answer = do(request)
        body = json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _list(self, request: BaseHTTPRequestHandler) -> tuple[int, Any]:
        url = urlsplit(request.path)
        assert url.path == f"/api/v1/namespaces/{NAMESPACE}/pods"
        assert "PartialObjectMetadataList" in request.headers["accept"]
        key, _, value = parse_qs(url.query)["labelSelector"][0].partition("=")
        found = [{"metadata": pod} for pod in self.pods.values() if pod["labels"].get(key) == value]
        return 200, {"kind": "PartialObjectMetadataList", "items": found}

    def _patch(self, request: BaseHTTPRequestHandler) -> tuple[int, Any]:
        """A merge patch (RFC 7396): null removes."""
        assert request.headers["content-type"] == "application/merge-patch+json"
        name = request.path.rpartition("/")[2]
        patch = json.loads(request.rfile.read(int(request.headers["content-length"])))
        if name not in self.pods:
            return 404, {"kind": "Status"}
        self.patches.append(name)
        annotations = self.pods[name]["annotations"]
        for key, value in patch["metadata"]["annotations"].items():
            if value is None:
                annotations.pop(key, None)
            else:
                annotations[key] = value
        return 200, {"metadata": self.pods[name]}
