"""Measures the size of the embedded install and the time of `qie-batch --help`.

The environment is that of `make demo` (.venv): the built wheel and its dependencies only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

VENV = Path(__file__).resolve().parents[1] / ".venv"


def megabytes(folder: Path) -> float:
    """Disk space as `du` counts it."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1e6


def help_seconds(runs: int) -> float:
    """Median wall time, after one run that fills the page cache."""
    times = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        subprocess.run([VENV / "bin" / "qie-batch", "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    if not VENV.is_dir():
        sys.exit("there is no .venv yet: run `make demo` first")
    size, seconds = megabytes(VENV), help_seconds(arguments.runs)
    print(f"the embedded install takes {size:.0f} MB, `qie-batch --help` {seconds:.3f} s")
    packages = sorted(
        ((megabytes(path), path.name) for path in VENV.glob("lib/python*/site-packages/*") if path.is_dir()),
        reverse=True,
    )
    for megabyte, name in packages[:6]:
        print(f"{megabyte:7.0f} MB {name}")
    if arguments.json:
        print(json.dumps({"install_mb": round(size), "help_seconds": round(seconds, 3)}))


if __name__ == "__main__":
    main()
