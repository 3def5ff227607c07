"""The command as a user has it: the installed wheel, in folders of its own, nothing imported from here."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import sqlite3
import subprocess
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

REPOSITORY = Path(__file__).parents[2]
#: Each is generous: two busy cores, a cold disk.
START_SECONDS, STOP_SECONDS, COMMAND_SECONDS, JOB_SECONDS = 60, 60, 60, 60
HEADER = ("id", "image", "instruction")


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """Stdout's last line: of `submit`, the job's id."""
        return self.out.rstrip("\n").rpartition("\n")[2]


@dataclass(kw_only=True)
class User:
    """A shell of somebody who installed the wheel: an empty home, no QIE_* variable."""

    command: Path
    home: Path
    #: What --dir names, "" for none.
    folder: Path | None = None

    def __call__(
        self, *arguments: object, code: int = 0, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Ran:
        """Run one command, and check its exit code and that no traceback is shown."""
        done = subprocess.run(
            self.line(*arguments),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            cwd=cwd or self.home,
            env={**self.environment, **(env or {})},
            check=False,
        )
        assert done.returncode == code, f"{arguments} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr or "--debug" in arguments
        return Ran(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments: object) -> Any:
        return json.loads(self(*arguments, "--json").out)

    def line(self, *arguments: object) -> list[str]:
        place = ["--dir", str(self.folder)] if self.folder else []
        return [str(self.command), *place, *map(str, arguments)]

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": os.defpath, "LANG": "C.UTF-8"}


@dataclass(kw_only=True)
class Up(User):
    """A user with `qie-batch up` in another terminal."""

    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        output = self.home / "up.txt"
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                self.line("up"), stdout=file, stderr=file, cwd=self.home, env=self.environment
            )
        until(
            lambda: "\nready: " in output.read_text() or self.process.poll() is not None,
            START_SECONDS,
            "`up` to be ready",
        )
        assert self.process.poll() is None, output.read_text()

    def stop(self) -> None:
        """Ctrl-C; every process that it started must be gone with it."""
        started = self.processes()
        assert len(started) >= 6, started
        self.process.send_signal(signal.SIGINT)
        try:
            assert self.process.wait(STOP_SECONDS) == 0, (self.home / "up.txt").read_text()
        finally:
            self.process.kill()
            self.process.wait()
        assert not {name for (pid, since), name in started.items() if _since(pid) == since}

    def processes(self) -> dict[tuple[int, str], str]:
        """Those that `up` started, and those that they started: (pid, start time) -> command line."""
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parents[int(folder.name)] = int(_stat(int(folder.name))[1])
        found: dict[tuple[int, str], str] = {}
        family = {self.process.pid}
        while new := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= new
            for pid in new:
                with contextlib.suppress(OSError):
                    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[pid, _since(pid)] = line
        return found

    @property
    def config(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "config.toml").read_text(encoding="utf-8"))

    @property
    def s3(self) -> Any:
        config = self.config
        return boto3.client(
            "s3",
            endpoint_url=config["s3_endpoint"],
            region_name="us-east-1",
            aws_access_key_id=config["s3_access_key"],
            aws_secret_access_key=config["s3_secret_key"],
        )

    def ledger(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Ask the ledger itself, without any code of ours in between."""
        path = self.config["ledger_url"].removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    def wait(self, job: str) -> dict[str, Any]:
        """The job's status once it is closed."""
        closed = "SELECT 1 FROM jobs WHERE id = ? AND state = 'closed'"
        until(lambda: self.ledger(closed, job), JOB_SECONDS, f"job {job} to be closed")
        return self.json("status", job)

    def results(self, job: str, *options: str) -> Path:
        """A new folder with what `results` writes."""
        folder = self.home / "results" / f"{job}-{len(list(self.home.glob('results/*')))}"
        assert self("results", job, "--out", folder, *options).last == str(folder)
        return folder


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from its third field on: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def _since(pid: int) -> str:
    """When the process began; with its pid that names it for ever. "" once it is gone."""
    try:
        fields = _stat(pid)
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def until(true: Callable[[], object], seconds: float, what: str, pause: float = 0.05) -> Any:
    """Poll until it is true, and give what it says."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(pause)
    return found


def draw(path: Path, colour: str = "red", size: tuple[int, int] = (96, 64), **save: Any) -> Path:
    """A product of that colour before white."""
    picture = Image.new("RGB", size, "white")
    width, height = size
    ImageDraw.Draw(picture).rectangle((width // 4, height // 4, width * 3 // 4, height * 3 // 4), colour)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **save)
    return path


def write(
    path: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = HEADER, encoding: str = "utf-8"
) -> Path:
    """A catalog; TSV where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",").writerows([header, *rows])
    return path


def read(path: Path) -> list[dict[str, str]]:
    """A catalog or results file as a spreadsheet reads it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class Desk(NamedTuple):
    """What a test needs beside the command, without importing a module of tests."""

    draw: Callable[..., Path]
    write: Callable[..., Path]
    read: Callable[[Path], list[dict[str, str]]]
    until: Callable[..., Any]
    examples: Path


@pytest.fixture(scope="session")
def desk() -> Desk:
    return Desk(draw, write, read, until, REPOSITORY / "examples")


@pytest.fixture(scope="session")
def installed() -> Path:
    path = Path(os.environ.get("QIE_BATCH_BIN") or REPOSITORY / ".venv" / "bin" / "qie-batch")
    if not path.is_file():
        pytest.fail(f"{path} is not there: run `make .venv/stamp` first", pytrace=False)
    return path.absolute()


@pytest.fixture
def stranger(installed, tmp_path) -> User:
    """Somebody for whom no service runs."""
    return User(command=installed, home=tmp_path)


@pytest.fixture(scope="session")
def up(installed, tmp_path_factory) -> Iterator[Up]:
    yield from _running(installed, tmp_path_factory.mktemp("up"))


@pytest.fixture(scope="session")
def spare(installed, tmp_path_factory) -> Iterator[Up]:
    """A second stack, for tests that break or restart it."""
    yield from _running(installed, tmp_path_factory.mktemp("spare"))


def _running(installed: Path, home: Path) -> Iterator[Up]:
    stack = Up(command=installed, home=home, folder=home / "data")
    try:
        stack.start()
        yield stack
        stack.stop()
    finally:
        if stack.process and stack.process.poll() is None:
            stack.process.terminate()
            stack.process.wait(STOP_SECONDS)


@pytest.fixture(scope="session")
def nightly(up) -> tuple[str, float]:
    """A schedule for every minute, begun early: its minute passes while other tests run."""
    folder = up.home / "nightly"
    draw(folder / "p.png", "teal")
    write(folder / "catalog.csv", [("N1", "p.png", "make it brighter")])
    up("schedule", "add", "every-minute", folder / "catalog.csv", "--cron", "* * * * *")
    return "every-minute", time.monotonic()


@pytest.fixture(autouse=True)
def _begun_early(request) -> None:
    """Whichever test asks for the stack first sets the clock of `nightly` going."""
    if "up" in request.fixturenames:
        request.getfixturevalue("nightly")
