"""Two reviewers on one queue at once, over HTTP: decisions that are lost, or made on what was not seen.

Both decide on each result at the same moment, having looked at the same version: each of them once. The
gateway is a process of its own beside its ledger: SQLite, or PostgreSQL with --postgresql.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

from qie_batch import wiring
from qie_batch.local.stack import Stack
from tests.support.gateways import lone_gateway, lone_settings
from tests.support.postgres import Postgres
from tests.support.two_reviewers import fill, kept, meet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--decisions", type=int, default=1000)
    parser.add_argument("--postgresql", action="store_true")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qie-reviews-")))
        servers = stack.enter_context(Stack.start(folder / "stack", {"engine": "classic"}))
        changes = {"gateway_write_rate": "none", "gateway_read_rate": "none"}
        if arguments.postgresql:
            changes["ledger_url"] = stack.enter_context(Postgres()).new_database()
        settings = lone_settings(servers, folder, **changes)
        ledger = wiring.ledger(settings)
        stack.callback(ledger.dispose)
        fill(ledger, arguments.decisions // 2)
        stack.enter_context(lone_gateway(settings))
        meeting = meet(f"http://{settings.gateway_address}:{settings.gateway_port}", settings)
        found = kept(ledger, meeting)
    figures = {
        "ledger": "postgresql" if arguments.postgresql else "sqlite",
        "decisions": meeting.accepted,
        "conflicts": len(meeting.conflicts),
        "seconds": round(meeting.seconds, 1),
        "lost": found.lost,
        "invented": found.invented,
        "overwritten unseen": found.overwritten_unseen,
    }
    for name, value in figures.items():
        print(f"{name:20} {value}")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
