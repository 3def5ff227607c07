"""Fresh rigs on the database under test."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.chaos.rig import Rig
from tests.support.postgres import Postgres

if TYPE_CHECKING:
    from typing import Self

DATABASES = ("sqlite", "postgresql")


class Impossible(Exception):
    """This machine, or this database, cannot show the scenario; one sentence says why."""


class Rigs:
    """Makes rigs, each with its own folder and database, which are removed at the end of the context."""

    def __init__(self, database: str, seed: int, postgres: Postgres | None = None) -> None:
        self.database = database
        self.seed = seed
        self._postgres = postgres
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def __call__(self, *, folder: Path | None = None, **options: Any) -> Rig:
        url = ""
        if self.database == "postgresql":
            self._postgres = self._postgres or self._undo.enter_context(Postgres())
            url = self._postgres.new_database()
        options = {"seed": self.seed, **options}
        rig = Rig(folder or self.folder(), url, postgres=self._postgres, **options)
        return self._undo.enter_context(rig)

    def folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="qie-chaos-"))
        keep = os.environ.get("QIE_CHAOS_KEEP")  # to read the logs of a scenario afterwards
        self._undo.callback(lambda: None if keep else shutil.rmtree(folder, ignore_errors=True))
        return folder


def outcomes(rig: Rig, job_id: str) -> Counter[str]:
    return Counter(row["outcome"] for row in rig.attempts(job_id))
