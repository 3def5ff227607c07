"""Start tritonserver on the models beside this file: `python deploy/triton/start.py [flags of tritonserver]`.

In NVIDIA's container tritonserver is found on PATH. Elsewhere TRITON_VENV names an environment with the wheel
nvidia-pytriton, whose tritonserver needs its backend put together (in a temporary folder). QIE_TRITON_PYTHON
is the Python that has qie-batch, by default the one that runs this file.

This process stays, since the kernel protects the first process of a container from the SIGKILL by which the
models end a server that has lost its engine. It ends with the status of tritonserver.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

MODELS = Path(__file__).resolve().parent / "models"
#: Run in the environment of the wheel.
FACTS = """
import json, sysconfig
site, libraries = sysconfig.get_path("purelib"), sysconfig.get_config_var("LIBDIR")
print(json.dumps([site, libraries, sysconfig.get_python_version()]))
"""


def main() -> int:
    environment = {"QIE_TRITON_PYTHON": sys.executable, **os.environ}
    venv = os.environ.get("TRITON_VENV")
    flags = [f"--model-repository={MODELS}", "--exit-timeout-secs=10", *sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="qie-triton-backend-") as folder:
        if venv:
            server, more = wheel(Path(venv).absolute(), Path(folder), environment)
            flags = [*more, *flags]
        else:
            server = shutil.which("tritonserver") or ""
        if not server:
            sys.exit("no tritonserver on PATH: run NVIDIA's container, or name an environment in TRITON_VENV")
        child = subprocess.Popen([server, *flags], env=environment, stdin=subprocess.DEVNULL, cwd=folder)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: child.send_signal(received))
        status = child.wait()
    return 128 - status if status < 0 else status


def wheel(venv: Path, folder: Path, environment: dict[str, str]) -> tuple[str, list[str]]:
    """The server of the wheel and its flags; `environment` gets what it needs."""
    python = venv / "bin" / "python"
    if not python.exists():
        sys.exit(f"there is no Python in TRITON_VENV={venv}: make an environment with nvidia-pytriton there")
    site, libraries, version = json.loads(subprocess.check_output([str(python), "-c", FACTS], text=True))
    triton = Path(site) / "pytriton" / "tritonserver"
    if not triton.exists():
        sys.exit(
            f"there is no nvidia-pytriton in {venv}: pip install --no-deps nvidia-pytriton numpy==1.26.4"
        )
    backend = folder / "python"
    backend.mkdir()
    shutil.copy(triton / "backends" / "python" / "triton_python_backend_utils.py", backend)
    for path in (
        triton / "backends" / "python" / "libtriton_python.so",
        triton / "python_backend_stubs" / version / "triton_python_backend_stub",
    ):
        (backend / path.name).symlink_to(path)
    # Its own libpython first: another one of the same version knows nothing of the environment.
    environment["LD_LIBRARY_PATH"] = f"{libraries}:{site}/nvidia_pytriton.libs"
    environment["PATH"] = f"{venv}/bin:{environment['PATH']}"
    environment["VIRTUAL_ENV"] = str(venv)
    return str(triton / "bin" / "tritonserver"), [
        f"--backend-directory={folder}",
        "--allow-gpu-metrics=false",
    ]


if __name__ == "__main__":
    sys.exit(main())
