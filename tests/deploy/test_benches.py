"""The programs of bench/ are run by hand; what they import is there all the same."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHES = sorted(
    str(path.relative_to(ROOT / "bench"))
    for folder in (ROOT / "bench", ROOT / "bench" / "gpu")
    for path in folder.glob("*.py")
)
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


def needs_torch(path: Path) -> bool:
    words = path.read_text(encoding="utf-8")
    return any(word in words for word in ("torch", "diffusers", "from gpu", "from counting"))


@pytest.mark.parametrize("heavy", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_bench_finds_what_it_imports(heavy):
    found = [ROOT / "bench" / name for name in BENCHES if name not in ELSEWHERE]
    paths = [str(path) for path in found if needs_torch(path) is heavy]
    assert paths
    search = os.pathsep.join(map(str, (ROOT, ROOT / "bench", ROOT / "bench" / "gpu")))
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


def test_no_two_benches_have_one_name():
    """Both folders are on the path of the tests."""
    names = [Path(name).name for name in BENCHES]
    assert len(set(names)) == len(names)


def test_what_runs_on_a_bare_gpu_machine_needs_no_other_package():
    """It lacks the database, the broker's client and the like: what is carried there is in carry.sh."""
    allowed = {"qie_batch", "numpy", "PIL", "torch", "diffusers", "transformers", *sys.stdlib_module_names}
    own = {path.stem for path in (ROOT / "bench" / "gpu").glob("*.py")}
    for path in (ROOT / "bench" / "gpu").glob("*.py"):
        names = {
            name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for name in imported(node)
        }
        assert {name.partition(".")[0] for name in names} <= allowed | own, path.name
        product = {name for name in names if name.startswith("qie_batch")}
        assert all(name.startswith(("qie_batch.engines.qwen", "qie_batch.model")) for name in product), (
            path.name
        )


def imported(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def test_the_wheels_that_are_carried_are_pinned():
    script = (ROOT / "bench" / "gpu" / "carry.sh").read_text(encoding="utf-8")
    packages = re.search(r'PACKAGES="(.+)"', script)[1].split()
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(any(line.startswith(f"{package}==") for line in pinned) for package in packages)
    assert subprocess.run(["sh", "-n", ROOT / "bench" / "gpu" / "carry.sh"], check=False).returncode == 0
