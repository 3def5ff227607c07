"""Workers and waits over a day, a row for each preset and a colour for each fleet."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib as mpl

from simulation.arrivals import clock

mpl.use("agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simulation.days import Simulated

COLOURS = {
    "fixed": "#999999",
    "article": "#d62728",
    "article-limited": "#ff9d57",
    "keda-shared": "#9467bd",
    "keda": "#1f77b4",
    "keda-warm": "#2ca02c",
}
#: Samples that are drawn as one point.
TOGETHER = 5


def draw(days: Sequence[Simulated], path: Path) -> None:
    presets = list(dict.fromkeys(each.wanted.preset for each in days))
    figure, axes = plt.subplots(len(presets), 2, figsize=(13, 3.6 * len(presets)), squeeze=False)
    for (left, right), preset in zip(axes, presets, strict=True):
        for each in days:
            if each.wanted.preset == preset:
                _draw_one(left, right, each)
        left.set_title(f"{preset}: workers that are ready")
        right.set_title(f"{preset}: wait of interactive edits, p95 of five minutes (s)")
        right.set_yscale("symlog", linthresh=1.0)
        for axis in (left, right):
            axis.set_xlim(6, 30)
            axis.set_xticks(range(6, 31, 3), [f"{hour % 24:02}:00" for hour in range(6, 31, 3)])
            axis.set_ylim(bottom=0)
            axis.grid(alpha=0.3)
        left.legend(fontsize=8, loc="upper right")
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def _draw_one(left: plt.Axes, right: plt.Axes, of: Simulated) -> None:
    shown = {"color": COLOURS[of.wanted.fleet], "lw": 1.1, "label": of.wanted.fleet}
    hours = [clock(sample.at) for sample in of.samples]
    left.plot(hours, [sample.workers + sample.bulk_workers for sample in of.samples], **shown)
    edges = range(0, len(hours) + 1, TOGETHER)
    points = [
        (hours[first], max((wait for wait in of.p95[first:last] if wait is not None), default=None))
        for first, last in pairwise(edges)
    ]
    right.plot([hour for hour, _ in points], [wait for _, wait in points], **shown)
