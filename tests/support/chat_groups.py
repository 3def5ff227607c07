"""What DingTalk's and WeCom's servers do with messages, on one port of the loopback.

Shapes: DingTalk's "custom robot access" (signature, `errcode` in an answer of 200), and WeCom's `gettoken`
and `message/send` as Alertmanager calls them.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

SECRET = "SEC0123456789abcdef"
TOKEN = "0f0f0f"


class ChatGroups:
    def __init__(self) -> None:
        #: Markdown messages that DingTalk took, and texts that WeCom took.
        self.dingtalk: list[dict[str, str]] = []
        self.wecom: list[str] = []
        #: What DingTalk answers instead of taking a message.
        self.refusal: dict[str, Any] | None = None
        self.status = 200
        groups = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert urlsplit(self.path).path == "/cgi-bin/gettoken"
                self._say({"errcode": 0, "access_token": "t"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                url = urlsplit(self.path)
                if url.path == "/robot/send":
                    self._say(groups.take(parse_qs(url.query), body), groups.status)
                else:
                    groups.wecom.append(body["text"]["content"])
                    self._say({"errcode": 0})

            def _say(self, document: dict[str, Any], status: int = 200) -> None:
                data = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def robot(self) -> str:
        return f"{self.url}/robot/send?access_token={TOKEN}"

    def take(self, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        stamp = query.get("timestamp", ["0"])[0]
        digest = hmac.digest(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), "sha256")
        signed = query.get("sign", [""])[0] == base64.b64encode(digest).decode()
        if self.refusal:
            return self.refusal
        if query["access_token"] != [TOKEN]:
            return {"errcode": 300001, "errmsg": "token is not exist"}
        if not signed or abs(time.time() - int(stamp) / 1000) > 3600:
            return {"errcode": 310000, "errmsg": "sign not match"}
        assert body["msgtype"] == "markdown"
        self.dingtalk.append(body["markdown"])
        return {"errcode": 0, "errmsg": "ok"}
