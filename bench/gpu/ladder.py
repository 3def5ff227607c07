"""The rungs of the qwen engine on one device, with full-size random weights and the stock pipeline beside it.

    python bench/gpu/ladder.py [--out FOLDER] [--only RUNG ...] [--seconds 520] [--json]
    python bench/gpu/ladder.py --tiny        every path of this on the tests' tiny model, on any machine

Each rung is written to FOLDER/ladder.json as it ends, and one that is there is not run again: call it again
until all are there. After `--seconds` no further rung begins. Random weights (57.7 GB in bfloat16, standard
deviation 0.02, made on the device) take as long as published ones, but no step cache can look at them: its
steps are a fixed mask. Figures are medians of A-B-B-A runs, timed with CUDA events.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from comparisons import LADDER
from disk import FROM_DISK, free
from subjects import Subjects

SECONDS = 520
#: Seconds that rungs may take beyond the usual minute, at full size: two starts after 58 GB are written.
LONG = {"start": 240, "step_cache": 90, "duty": 60, "alone_compile": 60}


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(".ladder"), help="folder of ladder.json")
    parser.add_argument("--only", nargs="+", choices=[*LADDER, *FROM_DISK], help="these rungs, run anew")
    parser.add_argument("--tiny", action="store_true", help="the tests' tiny model on the CPU")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="begin no rung after this")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    return parser.parse_args(words)


def machine(*, tiny: bool) -> dict[str, Any]:
    return {
        "device": "cpu" if tiny else torch.cuda.get_device_name(),
        "tiny": tiny,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "transformers": transformers.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }


class Report:
    """What is known so far, on disk after each rung."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self._path = path
        self.found: dict[str, Any] = {"machine": about, "rungs": {}}
        if path.is_file():
            earlier = json.loads(path.read_text(encoding="utf-8"))
            if earlier["machine"]["device"] == about["device"]:  # figures of two devices are not compared
                self.found["rungs"] = earlier["rungs"]

    def missing(self, names: list[str]) -> list[str]:
        """Those not measured; one that failed is tried again."""
        done = self.found["rungs"]
        return [name for name in names if name not in done or "error" in done[name]]

    def add(self, name: str, figures: dict[str, Any]) -> None:
        self.found["rungs"][name] = figures
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self.found, indent=1), encoding="utf-8")


def climb(report: Report, names: list[str], *, tiny: bool, until: float) -> None:
    """Run the rungs that need a model in this process, then those that load from disk in others."""
    device = "cpu" if tiny else "cuda"
    subjects = None
    for name in names:
        if time.monotonic() + LONG.get(name, 0) * (not tiny) > until:
            print(f"{name}: left for the next call", flush=True)
            continue
        start = time.monotonic()
        try:
            if name in LADDER:
                subjects = subjects or Subjects(device, tiny=tiny)
                figures = LADDER[name](subjects)
            else:
                subjects = None
                free(device)
                figures = FROM_DISK[name](device, tiny=tiny, until=until)
        except Exception as error:  # noqa: BLE001 - a rung that fails leaves the others
            traceback.print_exc()
            figures = {"error": f"{type(error).__name__}: {error}"}
        report.add(name, figures | {"took": time.monotonic() - start})
        print(f"{name}: {time.monotonic() - start:.1f} s", flush=True)


def show(rungs: dict[str, Any]) -> None:
    for name, figures in rungs.items():
        print(f"\n{name}")
        for figure, value in figures.items():
            text = f"{value:.4g}" if isinstance(value, float) else json.dumps(value)
            print(f"  {figure:24} {text}")


def main() -> int:
    arguments = arguments_of(sys.argv[1:])
    logging.disable(logging.INFO)
    if not arguments.tiny and not torch.cuda.is_available():
        print("There is no CUDA device here: nothing was measured. `--tiny` runs every path on the CPU.")
        return 1
    report = Report(arguments.out / "ladder.json", machine(tiny=arguments.tiny))
    names = arguments.only or report.missing([*LADDER, *FROM_DISK])
    climb(report, names, tiny=arguments.tiny, until=time.monotonic() + arguments.seconds)
    show(report.found["rungs"])
    if arguments.json:
        print(json.dumps(report.found))
    return 1 if any("error" in figures for figures in report.found["rungs"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
