"""The Python model of all three folders here: it hands bytes to the engine, a process of its own.

The engine runs in the environment of qie-batch (QIE_TRITON_PYTHON, a python that has qie-batch), so that
this file serves any Triton with Python 3.8 or later and NumPy 1 or 2. One engine serves all models of the
server: the model that comes first starts it.

    qie        one answer: the image
    qie_steps  decoupled: each step as it happens, then the image
    qie_alive  whether the engine lives, for probes: Triton's own health stays "ready" for ever
"""

import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
import triton_python_backend_utils as pb_utils

#: Seconds: the weights of a large engine take minutes.
START_SECONDS = 1800
#: Seconds between two looks at whether the client is gone.
POLL_SECONDS = 0.1
#: Seconds in which a living engine answers a ping.
PING_SECONDS = 10
MESSAGE = struct.Struct("<cI")
LENGTH = struct.Struct("<I")
#: Names of pb_utils.TritonError, which has them only once a model is loaded.
CODES = {"rejected": "INVALID_ARG", "failed": "UNAVAILABLE"}


class Lost(Exception):
    """The engine is gone."""


class Cancelled(Exception):
    """The client of the edit is gone."""


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        self.streams = pb_utils.using_decoupled_model_transaction_policy(config)
        self.only_pings = args["model_name"] == "qie_alive"
        # The process of this model is a child of the server.
        self.server = os.getppid()
        folder = os.path.join(tempfile.gettempdir(), "qie-batch-triton-%d" % self.server)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.path = os.path.join(folder, "engine.sock")
        with open(os.path.join(folder, "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_served(self.path):
                start_engine(self.path, self.server)
        self.hold = connect(self.path)
        send(self.hold, b"H")
        if receive(self.hold, None) is None:
            raise pb_utils.TritonModelException("the engine ended while it started")

    def finalize(self):
        send(self.hold, b"Q")
        self.hold.close()

    def execute(self, requests):
        answers = [self.answer(request) for request in requests]
        return None if self.streams else answers

    def answer(self, request):
        sender = request.get_response_sender() if self.streams else None
        try:
            answer = self.ping() if self.only_pings else self.edit(request, sender)
        except Cancelled:
            answer = failure("cancelled: the client is gone", "CANCELLED")
        except (Lost, OSError) as error:
            # The engine ends the server when a model is gone; here the engine itself is gone.
            end_server(self.server)
            answer = failure("engine_lost: %s" % error, "UNAVAILABLE")
        if sender is None:
            return answer
        sender.send(answer, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
        return None

    def ping(self):
        with connect(self.path) as connection:
            connection.settimeout(PING_SECONDS)
            send(connection, b"P")
            message = receive(connection, None)
        if message is None:
            raise Lost("it does not answer")
        return response(message[1])

    def edit(self, request, sender):
        if request.is_cancelled():
            raise Cancelled
        tensor = pb_utils.get_input_tensor_by_name(request, "request")
        with connect(self.path) as connection:
            send(connection, b"E", np.from_dlpack(tensor).tobytes())
            while True:
                message = receive(connection, request)
                if message is None:
                    raise Lost("it ended in the middle of an edit")
                kind, data = message
                if kind == b"X":
                    header = json.loads(data[LENGTH.size : LENGTH.size + LENGTH.unpack_from(data)[0]])
                    text = "%s: %s" % (header["code"], header["message"])
                    return failure(text, CODES[header["error"]])
                if kind == b"I":
                    return response(data)
                # A step; where they follow fast, nothing else looks at whether the client is gone.
                if request.is_cancelled():
                    raise Cancelled
                if sender is not None:
                    sender.send(response(data))


def is_served(path):
    """Whether an engine listens there: in a restarted container the server has the number of the last one."""
    try:
        connect(path).close()
    except Lost:
        return False
    return True


def start_engine(path, server):
    """The engine follows the process of the server and ends with it."""
    if os.path.exists(path):
        os.unlink(path)
    # The server's own libraries are of another Python.
    left_out = ("LD_LIBRARY_PATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    python = os.environ.get("QIE_TRITON_PYTHON", "python3")
    # Not in this folder: beside it, one has the name of a package that torch imports.
    child = subprocess.Popen(
        [python, "-m", "qie_batch.processes.served_engine", path, str(server)],
        env=kept,
        cwd="/",
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while not os.path.exists(path):
        if child.poll() is not None:
            raise pb_utils.TritonModelException(
                "the engine ended with code %d, the lines above say why; QIE_TRITON_PYTHON is %s"
                % (child.returncode, python)
            )
        if time.monotonic() > deadline:
            child.kill()
            raise pb_utils.TritonModelException("the engine is not ready after %d s" % START_SECONDS)
        time.sleep(0.05)


def end_server(pid):
    """SIGTERM; then a process of its own sends SIGKILL, as the server may wait for this model."""
    script = "kill -TERM %d; sleep 10; kill -KILL %d" % (pid, pid)
    subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True, stderr=subprocess.DEVNULL)
    print("qie-batch: the engine is gone, the server is ended", file=sys.stderr, flush=True)


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    # Named from its folder: the kernel takes at most 107 bytes of a socket's path.
    folder = os.open(os.path.dirname(path), os.O_PATH)
    try:
        connection.connect("/proc/self/fd/%d/%s" % (folder, os.path.basename(path)))
    except OSError as error:
        connection.close()
        raise Lost("it takes no connection (%s)" % error)
    finally:
        os.close(folder)
    return connection


def send(connection, kind, data=b""):
    connection.sendall(MESSAGE.pack(kind, len(data)) + data)


def receive(connection, request):
    """The next message, None once the engine has ended; Cancelled once the client of the request is gone."""
    head = exactly(connection, MESSAGE.size, request)
    if head is None:
        return None
    kind, length = MESSAGE.unpack(head)
    data = exactly(connection, length, request)
    return None if data is None else (kind, data)


def exactly(connection, length, request):
    parts = bytearray()
    while len(parts) < length:
        while request is not None and not select.select([connection], [], [], POLL_SECONDS)[0]:
            if request.is_cancelled():
                raise Cancelled
        part = connection.recv(min(length - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)


def response(data):
    array = np.frombuffer(data, np.uint8).reshape(1, -1).copy()
    if int(np.__version__.partition(".")[0]) < 2:
        tensor = pb_utils.Tensor("response", array)
    else:
        # Triton before 24.11 reads an array of NumPy 2 wrongly, and this form rightly.
        tensor = pb_utils.Tensor.from_dlpack("response", array.__dlpack__())
    return pb_utils.InferenceResponse([tensor])


def failure(text, code):
    error = pb_utils.TritonError(text, getattr(pb_utils.TritonError, code))
    return pb_utils.InferenceResponse(error=error)
