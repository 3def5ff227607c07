"""Floating-point operations of drafts, and of what is approved of them, over all at the final preset.

The published configuration on the meta device, behind the engine's own code, as in flops.py: each row of a
mixed catalog (images of five sizes, some with a second one, six instructions) is edited once at the preset of
drafts (four steps) and once at each final preset, and counted. Of `cached` the steps that are skipped are
fixed, as there is no data to decide by.

People then approve a share of the first results; of the others half are made again with another seed and
approved, the rest stay rejected. Both ways make the same first results and the same re-rolls, at their own
preset, and end with the same approvals; drafts first adds a final edit of each approved row.

    ratio    drafts first / all at the final preset
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from counting.catalog import make_catalog
from counting.meter import Meter
from counting.model import open_counted
from flops import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from counting.catalog import Row

DRAFT, FINALS = "four", ("reference", "cached", "eight")
APPROVED = (0.3, 0.5, 0.7, 0.9, 1.0)
#: Of the results that are not approved at first, so many are made again and approved.
MENDED = 0.5

#: FLOPs of each row.
Costs = list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    #: Rows whose first result is approved, and those that are made again and then approved.
    first: frozenset[int]
    again: frozenset[int]

    @classmethod
    def of(cls, rows: int, share: float) -> Approvals:
        order = list(range(rows))
        random.Random(0).shuffle(order)
        first = round(rows * share)
        again = round((rows - first) * MENDED)
        return cls(first=frozenset(order[:first]), again=frozenset(order[first : first + again]))

    def tries(self, costs: Costs) -> int:
        """Every row once, and the re-rolls."""
        return sum(costs) + sum(costs[row] for row in self.again)

    def approved(self, costs: Costs) -> int:
        return sum(costs[row] for row in self.first | self.again)


def counted(rows: Sequence[Row]) -> Mapping[str, Costs]:
    """What the engine executes for each row, by preset."""
    meter, found = Meter(), defaultdict[str, Costs](list)
    engine = open_counted(meter, options(memo=True))
    for preset in (DRAFT, *FINALS):
        start = time.perf_counter()
        for row in rows:
            before = meter.flops
            with meter.counting():
                params = replace(row.request.params, preset=preset)
                engine.edit(replace(row.request, params=params), lambda _step: None)
            found[preset].append(meter.flops - before)
        total = sum(found[preset])
        print(
            f"{preset:12}{total / 1e15:9.2f} PFLOP of {len(rows)} rows, {time.perf_counter() - start:5.0f} s"
        )
    return found


def report(costs: Mapping[str, Costs]) -> dict[str, Any]:
    drafts, found = costs[DRAFT], {}
    print(f"\n{'approved at first':24}{''.join(f'{share:>10.0%}' for share in APPROVED)}")
    for final in FINALS:
        ratios = {}
        for share in APPROVED:
            people = Approvals.of(len(drafts), share)
            drafts_first = people.tries(drafts) + people.approved(costs[final])
            ratios[f"{share:g}"] = drafts_first / people.tries(costs[final])
        found[final] = ratios
        print(f"{f'ratio to all at {final}':24}{''.join(f'{ratio:10.3f}' for ratio in ratios.values())}")
    return {"ratio": found, "rows": len(drafts), "draft_of_final": _shares(costs)}


def _shares(costs: Mapping[str, Costs]) -> dict[str, float]:
    """The part of a final edit that its draft costs."""
    return {final: sum(costs[DRAFT]) / sum(costs[final]) for final in FINALS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # of the libraries
    found = report(counted(make_catalog(arguments.rows)))
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
