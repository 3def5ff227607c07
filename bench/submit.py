"""Rows a second of `qie-batch submit`: 10,000 rows over 20 images, every row a different edit.

The whole command is timed, its start included, against the real broker, S3 server and ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from duty import draw_images

from qie_batch import wiring
from qie_batch.ledger import schema
from qie_batch.local.stack import Stack
from qie_batch.settings import Settings


def write_catalog(folder: Path, rows: int, images: int) -> Path:
    draw_images(folder, images, (1000, 1000))
    catalog = folder / "catalog.csv"
    with catalog.open("w", encoding="utf-8") as file:
        file.write("id,image,instruction,title\n")
        for index in range(rows):
            file.write(
                f'sku-{index},{index % images}.jpg,"add the text ""{{id}}"" at the top",Jacket {index}\n'
            )
    return catalog


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--pictures", dest="images", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qie-submit-") as name:
        catalog = write_catalog(Path(name) / "catalog", arguments.rows, arguments.images)
        with Stack.start(Path(name) / "stack") as stack:
            schema.upgrade(wiring.database(Settings(dir=stack.folder)))
            command = [sys.executable, "-m", "qie_batch", "--dir", str(stack.folder), "submit", str(catalog)]
            began = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
    if status:
        sys.exit("submit failed")
    peak_mb = usage.ru_maxrss / 1024
    rate = arguments.rows / seconds
    print(f"{arguments.rows} rows in {seconds:.1f} s: {rate:,.0f} rows a second, peak {peak_mb:.0f} MB")
    if arguments.json:
        print(
            json.dumps(
                {
                    "rows_per_second": round(rate),
                    "peak_rss_mb": round(peak_mb, 1),
                    "seconds": round(seconds, 2),
                }
            )
        )


if __name__ == "__main__":
    main()
