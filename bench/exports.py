"""Rows of a shop's export that become edits, with the file as the shop wrote it.

Every host that the export names is a server on this machine with a certificate of its own, which answers each
address with an image of its own. The submit is real: fetcher, decoder processes, S3 server and ledger.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import ssl
import sys
import tempfile
import zlib
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trustme
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qie_batch import wiring
from qie_batch.ledger import schema
from qie_batch.local.stack import Stack
from qie_batch.manifest import open_manifest
from qie_batch.model import BadRow, JobOrder, RowDefaults
from qie_batch.settings import Settings
from qie_batch.steps.submit import SubmitRequest, submit
from qie_batch.web.fetch import Timeouts
from tests.support.web_servers import PUBLIC, Internet, WebServer, answer, fetcher

if TYPE_CHECKING:
    import socket

WHITE = RowDefaults(instruction="white background")
TIMEOUTS = Timeouts(image=20, silence=10, retry=0.1)


class Shop(WebServer):
    """Answers every path with an image whose colour the path decides."""

    def serve(self, connection: socket.socket, lines: object) -> bool:
        first = lines.readline()
        if not first:
            return False
        while lines.readline().strip():
            pass
        colour = zlib.crc32(first.split()[1]) & 0xFFFFFF
        image = io.BytesIO()
        Image.new("RGB", (64, 64), f"#{colour:06x}").save(image, "PNG")
        connection.sendall(answer(image.getvalue()))
        return True


def named(export: Path) -> int:
    """Rows whose image cell is filled, by the csv module alone."""
    of = open_manifest(export, defaults=WHITE).understanding
    with export.open(encoding="utf-8-sig", newline="") as file:
        for _ in range(of.header_line - 1):
            next(file)
        rows = csv.DictReader(file, delimiter="\t" if of.delimiter == "TAB" else ",")
        return sum(bool(row[of.columns["image"]]) for row in rows)


def hosts_of(export: Path) -> list[str]:
    return list(open_manifest(export, defaults=WHITE).understanding.hosts)


def submitted(export: Path, settings: Settings, stack: ExitStack) -> dict[str, Any]:
    authority = trustme.CA()
    hosts = hosts_of(export)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(hosts or ["localhost"])).configure_cert(served)
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trusted)
    internet = Internet(stack.enter_context(closing(Shop(served))))
    internet.names = {host: [[PUBLIC]] for host in hosts}
    ledger = wiring.ledger(settings)
    context = replace(
        wiring.submit_context(settings, ledger),
        web=lambda _confined: stack.enter_context(fetcher(internet, context=trusted, timeouts=TIMEOUTS)),
    )
    request = SubmitRequest(address=str(export), order=JobOrder(defaults=WHITE), skip_bad_rows=True)
    survey = submit(request, context).survey
    rows = list(open_manifest(export, defaults=WHITE).rows())
    return {
        "rows_with_image": named(export),
        "rows_submitted": len({row.line for row in rows if not isinstance(row, BadRow)}),
        "items": survey.items,
        "bad": survey.bad,
        "fetched": survey.fetched,
        "left_out": survey.understood.left_out,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exports", nargs="+", type=Path, help="files as Shopify, WooCommerce … write them")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    figures = {}
    with (
        tempfile.TemporaryDirectory(prefix="qie-exports-") as name,
        Stack.start(Path(name) / "stack") as embedded,
        ExitStack() as stack,
    ):
        settings = Settings(dir=embedded.folder)
        schema.upgrade(wiring.database(settings))
        for export in arguments.exports:
            found = figures[export.name] = submitted(export, settings, stack)
            print(f"{export.name}: " + ", ".join(f"{key} {value}" for key, value in found.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
