"""A real worker process takes an interactive item at once, however many items of a job it holds."""

from __future__ import annotations

import json
import os
import random
import time

import pytest
from click.testing import CliRunner

from qie_batch import wiring
from qie_batch.cli import main
from qie_batch.ledger.schema import upgrade
from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from qie_batch.model import ItemState, Priority
from qie_batch.processes.contract import EXIT_RESTART
from qie_batch.processes.launch import WorkerSpec, celery_worker
from qie_batch.queues.celery import queue_name
from qie_batch.settings import Settings
from qie_batch.steps.dispatch import dispatch, dispatch_interactive
from tests.support import gated
from tests.support.ledgers import dispatching, new_items, new_job, spec, told
from tests.support.otlp import Collector
from tests.support.painters import IMAGE, INPUT

ENGINE = gated.INFO.name
PATIENCE = 30.0


class Bench:
    """A ledger, a queue and one worker process with the gated engine."""

    def __init__(self, folder, settings) -> None:
        self.folder = folder
        self.settings = settings
        self.ledger = wiring.ledger(settings)
        self.context = dispatching(self.ledger, wiring.queue(settings), window=64)
        self.log = folder / "worker.log"
        #: The store is that of other tests: no result of theirs is adopted.
        self.seed = random.randrange(2**32)
        self.heartbeat = os.open(folder / "heartbeat", os.O_RDWR | os.O_CREAT)
        store = wiring.store(settings)
        store.put(f"inputs/{INPUT}", IMAGE, "image/png")
        self.worker = self.start()

    def start(self) -> ChildProcess:
        spec = WorkerSpec(name="worker-1", engine=gated.INFO, device="", heartbeat_fd=self.heartbeat)
        launch = celery_worker(self.settings, spec)
        worker = ChildProcess.start(
            spec.name,
            launch.argv,
            env=launch.environment,
            log_path=self.log,
            inherit=[spec.heartbeat_fd],
        )
        self.until(lambda: " ready." in self.log.read_text(errors="replace"))
        return worker

    def add(self, job_id, *instructions, priority=Priority.NORMAL):
        specs = [
            spec("", inputs=(INPUT,), engine=ENGINE, preset="", instruction=each, seed=self.seed)
            for each in instructions
        ]
        rows = new_items(*specs, priority=priority)
        assert self.ledger.intake.add_job(new_job(job_id, engine=ENGINE, preset="", priority=priority), rows)

    def ask(self, instruction):
        """An interactive item, sent at once."""
        self.add(instruction.replace(" ", "-"), instruction, priority=Priority.INTERACTIVE)
        assert dispatch_interactive(ENGINE, self.context) == 1

    def started(self) -> list[str]:
        return gated.read(self.folder / "started").splitlines()

    def end(self, instruction):
        with (self.folder / "end").open("a") as file:
            file.write(f"{instruction}\n")

    def until(self, true) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, self.log.read_text(errors="replace")[-3000:]
            time.sleep(0.02)

    def close(self) -> None:
        self.worker.stop(1.0)
        os.close(self.heartbeat)
        self.ledger.dispose()


@pytest.fixture
def bench(stack, broker_url, tmp_path, monkeypatch):
    monkeypatch.setenv("QIE_DIR", str(stack.folder))
    monkeypatch.setenv("QIE_BROKER_URL", broker_url)
    monkeypatch.setenv("QIE_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setenv("QIE_ENGINE", ENGINE)
    monkeypatch.setenv("QIE_GATES", "off")
    monkeypatch.setenv("QIE_ENGINE_OPTIONS", json.dumps({"folder": str(tmp_path)}))
    monkeypatch.setenv("QIE_GRACE_SECONDS", "20")
    settings = Settings()
    upgrade(wiring.database(settings))
    bench = Bench(tmp_path, settings)
    yield bench
    bench.close()


def test_an_interactive_item_is_the_next_on_the_device(bench):
    """Three items of the job are in the worker's hands, and more wait in the broker."""
    bench.add("job", *"abcdefgh")
    dispatch(bench.context)
    for asked in ("asked-0", "asked-1", "asked-2"):
        bench.until(lambda: told(bench.ledger).count("r") == 3 and len(bench.started()) % 2)
        before = bench.started()
        bench.ask(asked)
        bench.until(lambda job_id=asked: told(bench.ledger, job_id) == "r")
        bench.end(before[-1])
        bench.until(lambda before=before: len(bench.started()) > len(before))
        assert bench.started() == [*before, asked]
        bench.end(asked)
        bench.until(lambda job_id=asked: told(bench.ledger, job_id) == "S")
    for instruction in "abcdefgh":
        bench.end(instruction)
    bench.until(lambda: told(bench.ledger) == "S" * 8)


def test_an_interactive_edit_ends_within_the_grace(bench):
    bench.ask("asked")
    bench.until(bench.started)
    bench.worker.terminate()
    waits = "waiting for the interactive edits"
    bench.until(lambda: waits in bench.log.read_text(errors="replace") or bench.worker.poll() is not None)
    assert bench.worker.poll() is None
    bench.end("asked")
    bench.until(lambda: bench.worker.poll() is not None)
    assert (bench.worker.poll(), told(bench.ledger, "asked")) == (0, "S")


@pytest.mark.parametrize("lane", ["bulk", pytest.param("interactive", marks=pytest.mark.slow)])
def test_a_worker_of_one_lane_leaves_the_other_alone(lane, monkeypatch, request):
    monkeypatch.setenv("QIE_LANES", lane)
    bench = request.getfixturevalue("bench")
    taken, left = ("job", "asked") if lane == "bulk" else ("asked", "job")
    bench.ask("asked")
    bench.add("job", "job")
    dispatch(bench.context)
    bench.until(bench.started)
    bench.end(taken)
    bench.until(lambda: told(bench.ledger, taken) == "S")
    assert told(bench.ledger, left) == "q"


@pytest.fixture
def collector(monkeypatch):
    """Gets no span before the process ends."""
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    yield collector
    collector.close()


def test_an_interactive_edit_that_loses_the_engine_ends_the_process(collector, bench):
    bench.ask("card error")
    bench.until(bench.started)
    bench.end("card error")
    bench.until(lambda: bench.worker.poll() is not None)
    (item,) = bench.ledger.jobs.items("card-error")
    assert (bench.worker.poll(), item.state) == (EXIT_RESTART, ItemState.PENDING)
    assert "leaving: the drill lost its card" in bench.log.read_text(errors="replace")
    ((_, edit),) = collector.named("edit")
    ((_, part),) = collector.named("paint")
    assert edit.status.message == part.status.message == "engine_lost"


@pytest.mark.slow
def test_a_process_whose_consumer_gets_no_messages_is_replaced(monkeypatch, request):
    """Celery is told to stop consuming, as it may after a reconnect without being told."""
    monkeypatch.setenv("QIE_HANG_SECONDS", "2")
    bench = request.getfixturevalue("bench")
    app = wiring.celery(bench.settings)
    stopped = app.control.cancel_consumer(queue_name(ENGINE), reply=True, timeout=5.0, limit=1)
    assert "no longer consuming" in str(stopped)
    bench.add("job", "a")
    dispatch(bench.context)
    bench.until(lambda: bench.worker.poll() is not None)
    assert (bench.worker.poll(), told(bench.ledger)) == (EXIT_RESTART, "q")
    assert "none came here for 2 s" in bench.log.read_text(errors="replace")
    bench.worker = bench.start()
    bench.end("a")
    bench.until(lambda: told(bench.ledger) == "S")


def test_each_process_says_what_it_does(bench, monkeypatch):
    def seen():
        ran = CliRunner().invoke(main, ["workers", "--json"], catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        (worker,) = json.loads(ran.stdout)
        return worker

    idle = seen()
    assert (idle["worker"], idle["engine"], idle["device"]) == ("worker-1", ENGINE, "cpu")
    assert (idle["answers"], idle["edits"]) == (True, [])
    assert list(idle["start_phases"]) == ["python", "services", "engine", "ready"]
    assert idle["start_seconds"] == pytest.approx(sum(idle["start_phases"].values()), abs=0.01)
    bench.ask("asked")
    bench.until(bench.started)
    (edit,) = seen()["edits"]
    assert (edit["job"], edit["item"], edit["step"]) == ("asked", "asked.0", 0)
    shown = CliRunner().invoke(main, ["workers"]).stdout.splitlines()
    assert shown[1].startswith(f"worker-1  {ENGINE}  cpu  edits  asked  sku-0  0  ")
    bench.worker.process.kill()
    bench.until(lambda: bench.worker.poll() is not None)
    assert (seen()["answers"], seen()["uptime_seconds"]) == (False, None)
    monkeypatch.setenv("QIE_BROKER_URL", f"redis://127.0.0.1:{free_port()}/0")
    assert seen()["answers"] is None
