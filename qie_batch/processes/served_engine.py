"""The engine of a model server: a process that edits what the server's models send over a Unix socket.

    python -m qie_batch.processes.served_engine SOCKET SERVER_PID

The models of deploy/triton start it in the environment of this project, whatever Python and NumPy the server
has. It ends the server when a model process is gone: the server itself would answer "ready" for ever.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qie_batch import wiring
from qie_batch.errors import EngineLost, QieError, Rejected, Unavailable
from qie_batch.model import EditParams, EditRequest
from qie_batch.processes.contract import EXIT_MISCONFIGURED, EXIT_RESTART
from qie_batch.remote.images import ImageCodec, Undecodable
from qie_batch.remote.packets import Broken, Kind, pack, receive, send, unpack
from qie_batch.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import Engine
    from qie_batch.model import EditResult

log = logging.getLogger(__name__)

#: Seconds that the server has to end after SIGTERM.
_END_SECONDS = 10.0
#: Between two looks at whether an edit hangs.
_POLL_MILLISECONDS = 500
_FAILED = {"error": "failed", "code": "engine_failed"}


class _HungUp(Exception):
    """The client of the edit is gone."""


@dataclass(slots=True, kw_only=True)
class ServedEngine:
    engine: Engine
    codec: ImageCodec
    #: Holds the server's process, whose number may be another one's later.
    server: int
    #: Seconds without a step after which an edit is hung.
    hang_seconds: float
    #: When each edit on the device took its last step (monotonic seconds), by any key of it.
    _progressed: dict[int, float] = field(default_factory=dict)
    _places: threading.Semaphore = field(init=False)
    _quitting: bool = False

    def __post_init__(self) -> None:
        self._places = threading.Semaphore(self.engine.info.concurrency)

    def serve(self, listener: socket.socket) -> None:
        """Until the server ends."""
        threading.Thread(target=self._follow_server, daemon=True).start()
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve_one, args=(connection,), daemon=True).start()

    def _serve_one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, Broken):
            while message := receive(connection):
                kind, data = message
                if kind is Kind.PING:
                    send(connection, Kind.PING, pack({"engine": self.engine.info.name}))
                elif kind is Kind.EDIT:
                    self._edit(connection, data)
                elif kind is Kind.HOLD:
                    self._hold(connection)
                else:
                    self._quitting = True

    def _hold(self, connection: socket.socket) -> None:
        """End the server once the model at the other end is gone without saying so."""
        send(connection, Kind.HOLD)
        message = receive(connection)
        if message and message[0] is Kind.QUIT:
            self._quitting = True
        if not self._quitting:
            log.critical("a model process is gone: the server is ended")
            self._end_server()

    def _edit(self, connection: socket.socket, data: bytes) -> None:
        try:
            request = self._request(data)
            with self._places:
                result = self._paint(request, connection)
            image = self.codec.png(result.image)
        except _HungUp:
            log.info("an edit ended early: its client is gone")
        except EngineLost as error:
            send(connection, Kind.ERROR, pack(_described(error)))
            log.critical("the engine is lost: %s", error)
            self._end_server()
        except QieError as error:
            send(connection, Kind.ERROR, pack(_described(error)))
        except Exception as error:
            # Of any package that the engine uses: this edit fails, and the next one may not.
            log.exception("an edit failed")
            sentence = f"{type(error).__name__}: {error}".splitlines()[0]
            send(connection, Kind.ERROR, pack({**_FAILED, "message": sentence}))
        else:
            send(connection, Kind.IMAGE, pack(_about(result), [image]))

    def _paint(self, request: EditRequest, connection: socket.socket) -> EditResult:
        key, report = id(connection), _reporter(connection)

        def on_step(number: int) -> None:
            self._progressed[key] = time.monotonic()
            report(number)

        self._progressed[key] = time.monotonic()
        try:
            return self.engine.edit(request, on_step)
        finally:
            del self._progressed[key]

    def _request(self, data: bytes) -> EditRequest:
        """Rejected for what is no edit."""
        try:
            header, files = unpack(data)
            _check_known(header["params"])
            images = tuple(self.codec.decode(file).image for file in files)
            params = EditParams(**{**header["params"], "output": "png"})
            width, height = int(header["width"]), int(header["height"])
        except (Broken, Undecodable, KeyError, TypeError, ValueError) as error:
            raise Rejected(f"what was sent is no edit: {error}", code="engine_refused") from error
        if not images:
            raise Rejected("what was sent has no image", code="engine_refused")
        return EditRequest(
            images=images,
            params=params,
            width=width,
            height=height,
            low_memory=bool(header.get("low_memory")),
        )

    def _follow_server(self) -> None:
        """End with the server; end the server once an edit hangs: no thread in an engine can be stopped."""
        poll = select.poll()
        poll.register(self.server, select.POLLIN)
        while not poll.poll(_POLL_MILLISECONDS):
            now = time.monotonic()
            if any(now - last > self.hang_seconds for last in list(self._progressed.values())):
                log.critical("an edit hangs: the server is ended")
                self._end_server()
        os._exit(0)

    def _end_server(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.server, number)
            time.sleep(_END_SECONDS)
        os._exit(EXIT_RESTART)


def _reporter(connection: socket.socket) -> Callable[[int], None]:
    """Sends each step; raises once the client is gone."""

    def on_step(number: int) -> None:
        try:
            send(connection, Kind.STEP, pack({"step": number}))
        except OSError as error:
            raise _HungUp from error
        if select.select([connection], [], [], 0)[0] and not connection.recv(1, socket.MSG_PEEK):
            raise _HungUp

    return on_step


def _check_known(params: dict[str, Any]) -> None:
    """Unavailable for parameters of a newer client: once this server is newer, too, they are understood."""
    unknown = params.keys() - {each.name for each in fields(EditParams)}
    if unknown:
        raise Unavailable(
            f"the server does not know the parameter {', '.join(sorted(unknown))}",
            code="engine_revision",
            hint="bring the server to the version of its clients",
        )


def _about(result: EditResult) -> dict[str, Any]:
    return {"notes": list(result.notes)}


def _described(error: QieError) -> dict[str, Any]:
    kind = "rejected" if isinstance(error, Rejected) else "failed"
    return {"error": kind, "code": error.code, "message": " ".join(error.sentences)}


def listening(path: Path) -> socket.socket:
    """A socket at the path, however long: the kernel takes 107 bytes, so it is named from its folder."""
    listener = socket.socket(socket.AF_UNIX)
    # Under another name first: who finds the socket can connect.
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_PATH)
    try:
        listener.bind(f"/proc/self/fd/{folder}/{draft.name}")
    finally:
        os.close(folder)
    listener.listen(64)
    draft.rename(path)
    return listener


def main() -> None:
    path, server = Path(sys.argv[1]), os.pidfd_open(int(sys.argv[2]))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings()
    catalog = wiring.InstalledEngines(settings)
    try:
        chosen = catalog.choose()
        engine = catalog.create(chosen.info.name)
    except QieError as error:
        log.error("%s", " ".join(error.sentences))  # noqa: TRY400 - the sentences are enough
        sys.exit(EXIT_MISCONFIGURED)
    log.info("engine %s on %s: %s", engine.info.name, engine.device, chosen.reason)
    listener = listening(path)
    print(json.dumps({"engine": engine.info.name, "device": engine.device}), flush=True)  # noqa: T201 - for the log of the server
    ServedEngine(
        engine=engine,
        codec=ImageCodec(engine.info.concurrency),
        server=server,
        hang_seconds=engine.info.deadline_seconds or settings.hang_seconds,
    ).serve(listener)


if __name__ == "__main__":
    main()
