"""Counts the connections that the fetcher of web images makes to places that a catalog may not reach.

Names are resolved by a table, and sockets are counted before they are opened: every way to write an address,
names that lead to each special network, alone and beside public addresses, answers that change after the
check, redirects, and servers that never end. Nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import sys
import time
from collections import Counter
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qie_batch.errors import Rejected
from qie_batch.web.addresses import kind_of
from tests.support.hostile_addresses import REFUSED_V4, REFUSED_V6, hostile_addresses, literals
from tests.support.web_servers import PUBLIC, TIMEOUTS, Internet, WebServer, answer, fetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFUSED = (*REFUSED_V4, *REFUSED_V6)
HOST = "cdn.shop.com"


class Bench:
    """One server, one table of names; each case gets a fetcher of its own, so that none is given up."""

    def __init__(self) -> None:
        self.server = WebServer()
        self.internet = Internet(self.server)
        self.internet.names = {HOST: [[PUBLIC]]}
        self.codes: Counter[str] = Counter()
        self.fetched = 0
        self.slowest = 0.0

    def ask(self, address: str, *, times: int = 1) -> None:
        began = time.monotonic()
        with fetcher(self.internet, plain_http=True) as web:
            for _ in range(times):
                try:
                    web.fetch(address, io.BytesIO())
                except Rejected as error:
                    self.codes[error.code] += 1
                else:
                    self.fetched += 1
        self.slowest = max(self.slowest, time.monotonic() - began)

    def refused_connections(self) -> int:
        """Connections to anything but a public address at its usual port."""
        return sum(
            bool(kind_of(ip_address(address))) or port not in (80, 443)
            for address, port in self.internet.tried
        )


def forms(bench: Bench) -> int:
    addresses = hostile_addresses()
    for address in addresses:
        bench.ask(address)
    return len(addresses)


def resolved(bench: Bench) -> int:
    cases = [[*others, address] for address in REFUSED for others in ([], [PUBLIC], ["2606:4700::1111"])]
    for case in cases:
        bench.internet.names[HOST] = [case]
        bench.ask(f"https://{HOST}/a.png")
    return len(cases)


def rebinding(bench: Bench) -> int:
    bench.server.answers["/a.png"] = answer(b"x", connection="close")
    for address in REFUSED:
        bench.internet.asked.clear()
        bench.internet.names[HOST] = [[PUBLIC], [address]]
        bench.ask(f"http://{HOST}/a.png", times=2)
    return len(REFUSED)


def redirects(bench: Bench) -> int:
    bench.internet.names[HOST] = [[PUBLIC]]
    hosts = [form for address in REFUSED_V4 for form in literals(address) if form.isascii()]
    targets = [
        f"{start}{host}/" for host in (*hosts, *(f"[{a}]" for a in REFUSED_V6)) for start in ("http://", "//")
    ]
    for target in targets:
        bench.server.answers["/a.png"] = answer(status="302 Found", location=target)
        bench.ask(f"http://{HOST}/a.png")
    return len(targets)


def endless(bench: Bench) -> int:
    def trickle(head: bytes, part: bytes) -> Callable[..., object]:
        def sent(connection: object, _headers: object) -> None:
            with suppress(OSError):
                connection.sendall(head)
                while True:
                    connection.sendall(part)
                    time.sleep(0.02)

        return sent

    bodies = {
        "loop": answer(status="302 Found", location="/a.png"),
        "body": trickle(answer(content_length=None), bytes(100_000)),
        "drip": trickle(answer(content_length=900_000), b"x"),
        "chunks": trickle(answer(content_length=None, transfer_encoding="chunked"), b"1\r\nx\r\n"),
        "headers": trickle(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        "hints": trickle(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        "huge headers": answer(x_long="y" * 1_000_000),
        "gzip": answer(b"x", content_encoding="gzip"),
        "length": answer(b"x", content_length=10**18),
    }
    for body in bodies.values():
        bench.server.answers["/a.png"] = body
        bench.ask(f"http://{HOST}/a.png")
    return len(bodies)


def measure() -> Iterator[tuple[str, dict[str, object]]]:
    for case in (forms, resolved, rebinding, redirects, endless):
        bench = Bench()
        try:
            tried = case(bench)
        finally:
            bench.server.close()
        yield (
            case.__name__,
            {
                "tried": tried,
                "fetched": bench.fetched,
                "refused": dict(bench.codes),
                "connections": len(bench.internet.tried),
                "connections_to_refused_places": bench.refused_connections(),
                "slowest_seconds": round(bench.slowest, 2),
            },
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    logging.getLogger("stamina").setLevel(logging.ERROR)
    found = dict(measure())
    for name, figures in found.items():
        print(f"{name}: " + ", ".join(f"{what} {value}" for what, value in figures.items()))
    total = sum(int(str(figures["tried"])) for figures in found.values())
    bad = sum(int(str(figures["connections_to_refused_places"])) for figures in found.values())
    print(f"{total} hostile addresses and answers, {bad} connections to refused places")
    print(f"an image had {TIMEOUTS.image} s for each of three attempts here; it has 60 in the product")
    if arguments.json:
        print(json.dumps({"tried": total, "connections_to_refused_places": bad, "cases": found}))


if __name__ == "__main__":
    main()
