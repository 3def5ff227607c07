"""The programs of bench/ are run by hand; what they import is there all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHES = sorted(path.name for path in (ROOT / "bench").glob("*.py"))
#: Needs fonttools, which no other part of the project does.
ELSEWHERE = {"build_font.py"}
IMPORT = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='bench')"


@pytest.mark.parametrize("name", [name for name in BENCHES if name not in ELSEWHERE])
def test_a_bench_finds_what_it_imports(name):
    path = os.pathsep.join((str(ROOT), str(ROOT / "bench")))
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(ROOT / "bench" / name)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_no_bench_has_the_name_of_a_module_of_the_standard_library():
    """The folder is on the path of the processes that measure."""
    assert {Path(name).stem for name in BENCHES}.isdisjoint(sys.stdlib_module_names)
