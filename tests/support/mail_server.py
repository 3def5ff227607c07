"""A mail server that takes every letter, or refuses as many as a test says."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import EmailMessage


_ANSWERS = {
    b"EHLO": "250-mail\r\n250 AUTH PLAIN",
    b"AUTH": "235 welcome",
    b"DATA": "354 go on",
    b"QUIT": "221 bye",
}


class MailServer:
    """Speaks SMTP as far as smtplib asks for it."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        #: Letters that are refused before one is taken.
        self.refusals = 0
        mail = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 mail")
                for line in self.rfile:
                    word = line.split()[0].upper()
                    self._say(_ANSWERS.get(word, "250 mail"))
                    if word == b"DATA":
                        self._say(mail.take(b"".join(iter(self.rfile.readline, b".\r\n"))))

            def _say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def take(self, data: bytes) -> str:
        if self.refusals:
            self.refusals -= 1
            return "451 later"
        parsed = email.message_from_bytes(data, policy=email.policy.default)
        self.letters.append(parsed)
        return "250 taken"

    @property
    def address(self) -> str:
        port = self._server.server_address[1]
        return (
            f"mailto://shop:s3cret@localhost:{port}?from=qie@shop.example&to=team@shop.example&mode=insecure"
        )

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
