"""Two ways of running the same edits: the classic engine in this process, and the whole product."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

import qie_batch
from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.images import decode
from qie_batch.model import EditParams, EditRequest
from qie_batch.processes.embedded import embedded_stack
from qie_batch.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qie_batch.interfaces import Engine

#: Exit codes of `submit --wait` with which the job has come to its end.
DONE, SOME_FAILED = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    #: Unique, and fit for a file name.
    id: str
    image: Path
    instruction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    edit: Edit
    #: None where the edit was refused.
    image: Image.Image | None
    #: Of the refusal; "" with an image.
    code: str = ""
    message: str = ""
    #: What the engine says of the result, if it says anything.
    note: str = ""


def in_process(edits: Sequence[Edit]) -> Iterator[Outcome]:
    engine = wiring.InstalledEngines(Settings()).create("classic")
    for edit in edits:
        yield one_edit(engine, edit)


def one_edit(engine: Engine, edit: Edit) -> Outcome:
    try:
        image = decode(edit.image.read_bytes())
        request = EditRequest(
            images=(image,),
            params=EditParams(instruction=edit.instruction),
            width=image.width,
            height=image.height,
        )
        result = engine.edit(request, lambda _step: None)
    except QieError as error:
        code = str(getattr(error, "code", type(error).__name__))
        return Outcome(edit=edit, image=None, code=code, message=str(error))
    return Outcome(edit=edit, image=result.image, note="; ".join(result.notes))


def through_product(edits: Sequence[Edit], folder: Path) -> Iterator[Outcome]:
    """Submit a catalog to an embedded stack in the folder, download the results as PNG and read them."""
    own = str(Path(qie_batch.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (own, os.environ.get("PYTHONPATH"))))
    # Every process of the stack imports what this one does, wherever it was started.
    os.environ |= {"PYTHONPATH": paths, "PYTHONSAFEPATH": "1"}
    catalog = folder / "catalog.csv"
    with catalog.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("id", "image", "instruction"))
        lines.writerows((edit.id, edit.image.absolute(), edit.instruction) for edit in edits)
    results = folder / "results"
    with embedded_stack(folder / "stack", "classic") as embedded:
        options = ("--wait", "--skip-bad-rows", "--output", "png")
        job = _command(embedded.settings.dir, "submit", str(catalog), *options).split()[-1]
        _command(embedded.settings.dir, "results", job, "--out", str(results))
    lines_by_id = {line["id"]: line for line in _lines(results / "results.csv")}
    for edit in edits:
        yield _outcome(edit, lines_by_id[edit.id], results)


def _command(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "qie_batch", "--dir", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in {DONE, SOME_FAILED}:
        sys.exit(f"{' '.join(words[:2])} failed: {done.stderr[-1000:]}")
    return done.stdout


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _outcome(edit: Edit, line: dict[str, str], results: Path) -> Outcome:
    if line["qie_status"] != "succeeded":
        return Outcome(edit=edit, image=None, code=line["qie_error_code"], message=line["qie_error"])
    data = (results / line["qie_output"]).read_bytes()
    image = Image.open(io.BytesIO(data))
    image.load()
    return Outcome(edit=edit, image=image, note=line.get("qie_note", ""))
