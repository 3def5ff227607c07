"""The embedded stack with its processes: everything that `up` runs, as a context manager."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.ledger import schema
from qie_batch.local.process import ChildProcess
from qie_batch.local.stack import Stack
from qie_batch.processes.contract import child_environment
from qie_batch.settings import Settings

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

#: The commands that it runs, stopped in reverse order.
COMMANDS = ("worker", "control", "gateway", "flower")
POLL_SECONDS = 0.5
#: Seconds beyond its grace in which a process must stop.
CLOSING_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    stack: Stack
    #: One for each of COMMANDS.
    processes: tuple[ChildProcess, ...]
    settings: Settings

    def ended(self) -> ChildProcess | None:
        """A server or process that has ended without being stopped, if any."""
        return self.stack.ended() or next((each for each in self.processes if each.poll() is not None), None)

    def wait(self, stop: threading.Event) -> ChildProcess | None:
        """Return None once `stop` is set, or the first server or process that ends before."""
        while not stop.wait(POLL_SECONDS):
            ended = self.ended()
            if ended:
                return ended
        return None


@contextmanager
def embedded_stack(folder: Path, engine: str = "") -> Iterator[Embedded]:
    """Servers and processes on `folder`, stopped in reverse order; engine "" chooses the best there is."""
    with Stack.start(folder, {"engine": engine} if engine else {}) as stack, ExitStack() as undo:
        settings = Settings(dir=stack.folder)
        schema.upgrade(wiring.database(settings))
        _write_targets(stack, settings)
        processes = []
        for name in COMMANDS:
            process = ChildProcess.start(
                name,
                [sys.executable, "-m", "qie_batch", name],
                env={**child_environment(settings.dir), **_metrics_address(stack, name)},
                log_path=stack.folder / "logs" / f"{name}.log",
            )
            undo.callback(process.stop, settings.grace_seconds + CLOSING_SECONDS)
            processes.append(process)
        yield Embedded(stack=stack, processes=tuple(processes), settings=settings)


def _metrics_address(stack: Stack, name: str) -> dict[str, str]:
    port = stack.metrics.get(name)
    return {"QIE_METRICS_ADDRESS": f"127.0.0.1:{port}"} if port else {}


def _write_targets(stack: Stack, settings: Settings) -> None:
    """`metrics/targets.json`, which Prometheus reads by `file_sd_configs`."""
    engine = wiring.InstalledEngines(settings).choose().info
    count = max(1, len(wiring.worker_devices(engine)))
    supervisor = stack.metrics["worker"]
    targets = {
        "qie-supervisor": [supervisor],
        "qie-worker": [supervisor + 1 + index for index in range(count)],
        "qie-control": [stack.metrics["control"]],
        "qie-gateway": [settings.gateway_port],
    }
    groups = [
        {"targets": [f"127.0.0.1:{port}" for port in ports], "labels": {"job": job}}
        for job, ports in targets.items()
    ]
    folder = stack.folder / "metrics"
    folder.mkdir(exist_ok=True)
    (folder / "targets.json").write_text(json.dumps(groups, indent=2) + "\n")
