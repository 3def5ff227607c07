"""Simulates a cluster by discrete events, and holds the simulation to a real run of this code.

`validate` runs the product (embedded stack, workers with a stand-in engine) and the simulation with the same
entries, and prints throughput and p95 of the waits of both with their ratios. `day` simulates days of
1,000,000 edits with several ways of scaling, prints waits, GPU hours, cost and edits repeated, and draws the
first ones.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from simulation import reality, replay
from simulation.arrivals import SCENARIOS
from simulation.days import Changes, Wanted, simulate_all
from simulation.policies import FLEETS
from simulation.report import HEADER, as_json, line

from qie_batch.engines.qwen import PRESETS

BENCH = Path(__file__).resolve().parent
#: Simulations of one run, of which the median counts: which idle thread takes a message is chance.
SEEDS = 9


def validate(arguments: argparse.Namespace) -> dict[str, float]:
    sys.path.insert(0, str(BENCH))  # the stand-in engine
    os.environ["PYTHONPATH"] = os.pathsep.join((str(BENCH), os.environ.get("PYTHONPATH", "")))
    of = reality.plan(arguments.workers, arguments.seconds, arguments.minutes, arguments.interactive)
    print(f"{of.workers} workers, {of.seconds:g} s an edit, {of.edits} edits, {len(of.asked)} interactive")
    with tempfile.TemporaryDirectory(prefix="qie-cluster-sim-") as name:
        edits, costs = reality.run(of, Path(name))
    real = asdict(replay.of_reality(edits))
    runs = [asdict(replay.of_simulation(edits, of, seed)) for seed in range(SEEDS)]
    simulated = {name: statistics.median(run[name] for run in runs) for name in real}
    print(f"{'':18}{'real':>10}{'simulated':>12}{'ratio':>8}")
    for name, value in real.items():
        print(f"{name:18}{value:10.3f}{simulated[name]:12.3f}{simulated[name] / value:8.3f}")
    print(*costs.lines(), sep="\n")
    return {f"{name}_ratio": round(simulated[name] / value, 4) for name, value in real.items()}


def days(arguments: argparse.Namespace) -> list[dict[str, object]]:
    wanted = [
        Wanted(preset=preset, scenario=scenario, fleet=fleet, spot=spot == "yes")
        for scenario in arguments.scenario
        for spot in arguments.spot
        for preset in arguments.preset
        for fleet in arguments.fleet
    ]
    changes = Changes(
        scale=arguments.scale,
        larger=arguments.larger,
        interactive_threads=arguments.interactive_threads,
    )
    print(HEADER)
    done = []
    for each in simulate_all(wanted, arguments.processes, changes):
        done.append(each)
        print(line(each.day), flush=True)
    if arguments.draw:
        from simulation.drawing import draw  # noqa: PLC0415 - takes a second

        first = wanted[0]
        draw(
            [
                each
                for each in done
                if (each.wanted.scenario, each.wanted.spot) == (first.scenario, first.spot)
            ],
            arguments.draw,
        )
    return as_json([each.day for each in done])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON as the last line")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("validate", help="hold the simulation to a real run")
    command.add_argument("--workers", type=int, default=4)
    command.add_argument("--seconds", type=float, default=1.5, help="of one edit")
    command.add_argument("--minutes", type=float, default=1.0)
    command.add_argument("--interactive", type=float, default=0.15, help="share of what the workers can do")
    command.set_defaults(run=validate)
    command = commands.add_parser("day", help="simulate days of a million edits")
    command.add_argument("--scenario", nargs="+", choices=list(SCENARIOS), default=["day"])
    command.add_argument("--preset", nargs="+", choices=list(PRESETS), default=["reference", "draft"])
    command.add_argument("--fleet", nargs="+", choices=list(FLEETS), default=list(FLEETS))
    command.add_argument("--spot", nargs="+", choices=["no", "yes"], default=["no", "yes"])
    command.add_argument("--scale", type=float, default=1.0, help="0.1 for a tenth of the edits")
    command.add_argument("--larger", type=float, default=1.0, help="times the largest fleet")
    command.add_argument("--interactive-threads", type=int, default=1, help="of each worker")
    command.add_argument("--processes", type=int, default=2)
    command.add_argument("--draw", type=Path, help="a PNG file")
    command.set_defaults(run=days)
    arguments = parser.parse_args()
    figures = arguments.run(arguments)
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
