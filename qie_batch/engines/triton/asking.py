"""One edit asked of one Triton by a gRPC stream, with steps as they happen; it ends there when ours ends."""

from __future__ import annotations

import re
import time
from dataclasses import asdict
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from tritonclient import grpc as triton
from tritonclient.utils import InferenceServerException

from qie_batch.remote.asking import decoded
from qie_batch.remote.connection import POLL_SECONDS
from qie_batch.remote.engine import RemoteEngine, Timing
from qie_batch.remote.images import ImageCodec
from qie_batch.remote.packets import Broken, pack, unpack
from qie_batch.remote.params import check_range
from qie_batch.remote.replicas import Replicas
from qie_batch.remote.verdicts import Busy, Doubtful, Down, Refused, Returned, Unconnected

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.engines.triton.options import TritonOptions
    from qie_batch.model import EditParams, EditRequest, EngineInfo
    from qie_batch.remote.asking import Found

#: Of deploy/triton: decoupled, and the ping.
MODEL, ALIVE = "qie_steps", "qie_alive"
#: Seconds until a server is asked again whose queue was full.
_BUSY_SECONDS = 2.0
#: How an error of our own engine begins: its code.
_CODED = re.compile(r"(?:.*?: )??([a-z][a-z0-9_]{2,60}): (.*)", re.DOTALL)


class TritonProtocol:
    """What RemoteEngine asks of a wire beside the asking."""

    name = "Triton"
    probes = True

    def check(self, params: EditParams) -> None:
        check_range(params)


class TritonAsker:
    def __init__(self, codec: ImageCodec) -> None:
        self._codec = codec

    def close(self) -> None:
        self._codec.close()

    def ask(
        self,
        url: str,
        request: EditRequest,
        check: Callable[[], None],
        seconds: float,
        on_step: Callable[[int], None] = lambda _number: None,
    ) -> Found:
        """What came of the edit; raises as `check`, which is called while the server works."""
        packet = self._packet(request)
        answers: SimpleQueue[tuple[Any, Exception | None]] = SimpleQueue()
        client = client_of(url)
        try:
            client.start_stream(callback=lambda result, error: answers.put((result, error)))
            client.async_stream_infer(MODEL, [tensor_of(packet)])
            verdict = _follow(answers, check, on_step, time.monotonic() + seconds)
        except InferenceServerException as error:
            verdict = verdict_of(error)
        finally:
            # Also ends the edit on the server.
            client.stop_stream(cancel_requests=True)
            client.close()
        return decoded(self._codec, verdict, request) if isinstance(verdict, Returned) else verdict

    def _packet(self, request: EditRequest) -> bytes:
        first, *references = request.images
        files = [self._codec.png(first), *map(self._codec.reference_png, references)]
        params = {name: value for name, value in asdict(request.params).items() if name != "output"}
        header = {
            "params": params,
            "width": request.width,
            "height": request.height,
            "low_memory": request.low_memory,
        }
        return pack(header, files)


def open_triton(info: EngineInfo, options: TritonOptions) -> RemoteEngine:
    """The engine, once a server has made a tiny edit; raises as `remote.opening.open_engine`."""
    engine = RemoteEngine(
        info=info,
        wire=TritonProtocol(),
        replicas=Replicas(options.urls, options.in_flight),
        asker=TritonAsker(ImageCodec(len(options.urls) * options.in_flight)),
        timing=Timing(edit=options.deadline_seconds),
    )
    try:
        engine.warm_up()
    except BaseException:
        engine.close()
        raise
    return engine


def client_of(url: str) -> Any:
    scheme, _, address = url.partition("://")
    # A channel of its own: a shared one ends with the first client that is closed.
    return triton.InferenceServerClient(
        address, ssl=scheme == "grpcs", channel_args=[("grpc.use_local_subchannel_pool", 1), *_SIZES]
    )


#: Images of 64 megapixels as PNG do not fit into gRPC's 4 MB.
_SIZES = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def tensor_of(data: bytes) -> Any:
    """The packet as the input of a batch of one."""
    array = np.frombuffer(data, np.uint8).reshape(1, -1)
    tensor = triton.InferInput("request", list(array.shape), "UINT8")
    tensor.set_data_from_numpy(array)
    return tensor


def _follow(
    answers: SimpleQueue[tuple[Any, Exception | None]],
    check: Callable[[], None],
    on_step: Callable[[int], None],
    deadline: float,
) -> Returned | Found:
    while True:
        check()
        if time.monotonic() > deadline:
            return Down("it did not answer in time", "engine_timeout")
        try:
            result, error = answers.get(timeout=POLL_SECONDS)
        except Empty:
            continue
        if isinstance(error, InferenceServerException):
            return verdict_of(error)
        try:
            header, files = unpack(result.as_numpy("response").tobytes())
        except (Broken, AttributeError) as broken:
            return Doubtful(f"its answer is no packet ({broken})", "engine_answer")
        if files:
            return Returned(files[0], tuple(map(str, header.get("notes", ()))))
        on_step(int(header.get("step", 0)))


def verdict_of(error: InferenceServerException) -> Found:
    """What an error means: the engine's own begin with their code."""
    status, text = str(error.status() or ""), str(error.message())
    if "Exceeds maximum queue size" in text:
        return Busy(_BUSY_SECONDS)
    if "failed to connect" in text.lower() or "Connection refused" in text:
        return Unconnected(f"no connection ({text[:200]})")
    coded = _CODED.fullmatch(text)
    code, reason = (coded[1], coded[2]) if coded else ("engine_failed", text[:300])
    if "INVALID_ARGUMENT" in status and coded:
        return Refused(reason, code)
    return Down(reason, code)
