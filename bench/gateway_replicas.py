"""Two gateways behind a proxy, one killed -9 under 16 clients: failed requests, and edits made twice.

Each client asks for five pages of jobs, enters a job with an Idempotency-Key, and edits an image with the
official OpenAI client and its own retries, over and over.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tests.support.proxies import KINDS
from tests.support.replicas import CLIENTS, made, one_killed, running_replicas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--proxy", choices=KINDS, default="caddy")
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="qie-replicas-") as name,
        running_replicas(arguments.proxy, Path(name)) as replicas,
    ):
        outcomes = one_killed(replicas, arguments.rounds)
        found = made(replicas.settings)
    print("\n".join(outcomes.reasons))
    failed = {kind: f"{outcomes.failed[kind]} of {number}" for kind, number in outcomes.asked.items()}
    figures = {
        "clients": CLIENTS,
        "failed": failed,
        "jobs entered twice": found.jobs - len(outcomes.jobs),
        "edits made twice": max(found.edits, found.attempts, found.images) - len(outcomes.images),
    }
    print(
        f"one of two gateways behind {arguments.proxy} killed under {CLIENTS} clients: failed "
        + ", ".join(f"{kind} {count}" for kind, count in failed.items())
        + f"; {figures['jobs entered twice']} jobs entered twice,"
        + f" {figures['edits made twice']} edits made twice"
    )
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
