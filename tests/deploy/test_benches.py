"""The programs of bench/ are run by hand; what they import is there all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCHES = sorted(path.name for path in (ROOT / "bench").glob("*.py"))
#: Needs fonttools, which no other part of the project does.
ELSEWHERE = {"build_font.py"}
IMPORT = """
import runpy, sys, traceback
for path in sys.argv[1:]:
    try:
        runpy.run_path(path, run_name="bench")
    except BaseException:
        print(path, traceback.format_exc(), file=sys.stderr)
"""


def test_every_bench_finds_what_it_imports():
    paths = [str(ROOT / "bench" / name) for name in BENCHES if name not in ELSEWHERE]
    search = os.pathsep.join((str(ROOT), str(ROOT / "bench")))
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, *paths],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_no_bench_has_the_name_of_a_module_of_the_standard_library():
    """The folder is on the path of the processes that measure."""
    assert {Path(name).stem for name in BENCHES}.isdisjoint(sys.stdlib_module_names)
