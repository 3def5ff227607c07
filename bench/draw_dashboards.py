"""Draws docs/dashboards.png: the panels of deploy/grafana from a real run of a few minutes.

Real worker, control, gateway and servers with the classic engine, read each second by a real Prometheus. Jobs
with good and bad rows, and interactive edits, come from the gateway's API. The panels of cards come from a
stand-in for NVML with constant figures, and are marked so: this needs no card. Prints panels without data.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import math
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from PIL import Image
from prometheus_client import CollectorRegistry

sys.path.insert(0, str(Path(__file__).parents[1]))
from qie_batch.local.ports import free_port
from qie_batch.metrics import expose
from qie_batch.metrics.gpu import GpuCollector
from tests.support.catalogs import broken_png, csv, png
from tests.support.gateways import running_gateway
from tests.support.nvml import Nvml
from tests.support.prometheus import running_prometheus

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import EngFormatter, MaxNLocator, PercentFormatter, StrMethodFormatter

if TYPE_CHECKING:
    import httpx2
    from matplotlib.axes import Axes
    from matplotlib.ticker import Formatter

    from tests.support.prometheus import Prometheus

ROOT = Path(__file__).parents[1]
BOARDS = tuple(
    ROOT / "deploy" / "grafana" / "dashboards" / f"qie-{name}.json"
    for name in ("fleet", "jobs", "cost", "gpu")
)
#: What Grafana fills in, for a scrape a second.
INTERVAL = "15s"
#: Inches and columns of the picture; lines of a legend.
WIDE, TALL, COLUMNS, LEGEND = 4.2, 2.3, 4, 6
UNITS = {"percentunit": "share", "s": "s", "currencyUSD": "USD", "reqps": "/s", "bytes": "B"}
UNITS |= {"celsius": "°C", "watt": "W"}


def picture(number: int) -> bytes:
    """A gradient; its width says which."""
    file = io.BytesIO()
    Image.linear_gradient("L").rotate(90).resize((480 + number, 360)).convert("RGB").save(file, "PNG")
    return file.getvalue()


def send_job(client: httpx2.Client, number: int) -> None:
    """Forty good rows, one whose colour is not there, one that changes nothing, and a broken picture."""
    rows = [f"r{row},{row}.png,Make the picture brighter" for row in range(40)]
    rows += ["absent,0.png,change the yellow shoe to red", "same,white.png,Make the picture brighter"]
    rows += ["broken,broken.png,Make the picture brighter"]
    files = {f"{row}.png": picture(10 * number + row) for row in range(40)}
    files |= {
        "white.png": png("white", (96 + number, 64)),
        "broken.png": broken_png(),
        "catalog.csv": csv(*rows),
    }
    answer = client.post(
        "/api/jobs",
        files=[("f", each) for each in files.items()],
        data={"budget_usd": "0.01", "skip_bad_rows": "true"},
    )
    answer.raise_for_status()


def send_edit(client: httpx2.Client, number: int) -> None:
    data = base64.b64encode(picture(number)).decode()
    url = f"data:image/png;base64,{data}"
    body = {"prompt": "flip horizontally", "images": [{"image_url": url}]}
    client.post("/v1/images/edits", json=body).raise_for_status()


def work(client: httpx2.Client, seconds: float) -> None:
    """Requests until this time is over: an edit every two seconds, a job every eight."""
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        if number % 4 == 0:
            send_job(client, number)
        send_edit(client, number)
        client.get("/api/jobs/261127-nobody")
        number += 1
        time.sleep(2)


def stand_in_card(folder: Path) -> tuple[Path, Any]:
    """The target file and the exporter of a supervisor whose NVML is a stand-in."""
    registry = CollectorRegistry()
    registry.register(GpuCollector(Nvml()))
    address = f"127.0.0.1:{free_port()}"
    path = folder / "cards.json"
    path.write_text(json.dumps([{"targets": [address], "labels": {"job": "qie-supervisor"}}]))
    return path, expose(registry, address)


def legend_of(pattern: str, labels: dict[str, str]) -> str:
    """As Grafana does it: a label that is not there is empty."""
    return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), pattern)


def lines_of(panel: dict[str, Any], prometheus: Prometheus, seconds: float) -> list[tuple[str, Any]]:
    """A name and the points (seconds since the start of the picture, value) of each line of a panel."""
    found = []
    begin = time.time() - seconds
    for target in panel["targets"]:
        expression = target["expr"].replace("$__rate_interval", INTERVAL)
        for series in prometheus.series(expression, seconds, 1):
            points = [(float(at) - begin, float(value)) for at, value in series["values"]]
            points = [(at, value) for at, value in points if math.isfinite(value)]
            if points:
                found.append((legend_of(target.get("legendFormat", ""), series["metric"]), points))
    return found


def formatter(unit: str) -> Formatter:
    if unit == "percentunit":
        return PercentFormatter(1)
    return EngFormatter(sep="") if unit in {"bytes", "currencyUSD"} else StrMethodFormatter("{x:g}")


def draw_panel(axes: Axes, panel: dict[str, Any], lines: list[tuple[str, Any]]) -> None:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    name = UNITS.get(unit, "")
    axes.set_title(panel["title"] + (f" [{name}]" if name else ""), fontsize=8, loc="left")
    for label, points in sorted(lines):
        axes.plot(*zip(*points, strict=True), label=label, linewidth=1)
    if lines:
        top = 1.5 * max(value for _, points in lines for _, value in points) or 1
        axes.set_ylim(-0.04 * top, top)
        axes.legend(
            *(each[:LEGEND] for each in axes.get_legend_handles_labels()), fontsize=5, loc="upper left"
        )
        if len(lines) > LEGEND:
            more = f"and {len(lines) - LEGEND} more"
            axes.text(0.99, 0.97, more, transform=axes.transAxes, fontsize=5, ha="right", va="top")
    else:
        axes.text(0.5, 0.5, "no data", transform=axes.transAxes, fontsize=8, ha="center")
    axes.yaxis.set_major_formatter(formatter(unit))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=6)
    axes.grid(visible=True, linewidth=0.3)


def draw_board(figure: Any, board: dict[str, Any], prometheus: Prometheus, seconds: float) -> list[str]:
    """Draws into a part of the picture; gives the titles of panels without data."""
    title = board["title"]
    if board["uid"] == "qie-gpu":
        title += " (use, memory, temperature, power and errors: constants of a stand-in for NVML, no card)"
    figure.suptitle(title, fontsize=11, x=0.01, ha="left", fontweight="bold")
    rows = math.ceil(len(board["panels"]) / COLUMNS)
    places = figure.subplots(rows, COLUMNS, squeeze=False).flat
    empty = []
    for panel in board["panels"]:
        axes = next(places)
        lines = lines_of(panel, prometheus, seconds)
        draw_panel(axes, panel, lines)
        if not lines:
            empty.append(f"{board['uid']}: {panel['title']}")
    for axes in places:
        axes.set_axis_off()
    return empty


def draw(prometheus: Prometheus, seconds: float, out: Path) -> list[str]:
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in BOARDS]
    heights = [math.ceil(len(board["panels"]) / COLUMNS) for board in boards]
    whole = plt.figure(figsize=(WIDE * COLUMNS, (TALL + 0.25) * sum(heights)), layout="constrained")
    parts = whole.subfigures(len(boards), 1, height_ratios=heights)
    empty = []
    for figure, board in zip(parts, boards, strict=True):
        empty += draw_board(figure, board, prometheus, seconds)
    whole.savefig(out, dpi=80)
    return empty


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=90, help="of the run")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "dashboards.png")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qie-dashboards-") as name:
        folder = Path(name)
        cards, exporter = stand_in_card(folder)
        try:
            with running_gateway(folder / "stack") as gateway:
                targets = gateway.settings.dir / "metrics" / "targets.json"
                with (
                    running_prometheus(folder / "prometheus", [targets, cards]) as prometheus,
                    gateway.client("dashboards") as client,
                ):
                    prometheus.until('count(up{job=~"qie-.*"} == 1) == 5')
                    work(client, given.seconds)
                    empty = draw(prometheus, given.seconds, given.out)
        finally:
            exporter.close()
    print(f"{given.out}: {len(empty)} panels without data", *empty, sep="\n  ")


if __name__ == "__main__":
    main()
