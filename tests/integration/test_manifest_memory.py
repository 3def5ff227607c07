from __future__ import annotations

import subprocess
import sys

import pytest
import xlsxwriter

# A process of its own: its peak is the manifest's, SQLite's part included.
READ_BOTH = """
import resource, sys
from pathlib import Path
from qie_batch.manifest import open_manifest
for path in sys.argv[1:]:
    for row in open_manifest(Path(path)).rows():
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write_csv(path, count):
    body = "".join(f"SKU-{n},img/{n}.png,make it red\n" for n in range(count))
    path.write_text("id,image,prompt\n" + body)


def write_xlsx(path, count):
    """Each text once in the workbook's list of texts."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("id", "image", "prompt"))
        for n in range(count):
            sheet.write_row(n + 1, 0, (f"SKU-{n}", f"img/{n}.png", "make it red"))


@pytest.mark.parametrize(("write", "counts"), [(write_csv, (1_000, 30_000)), (write_xlsx, (16_000, 36_000))])
def test_memory_does_not_grow_with_rows(tmp_path, write, counts):
    paths = []
    for count in counts:
        paths.append(tmp_path / f"{count}.{write.__name__}")
        write(paths[-1], count)
    done = subprocess.run([sys.executable, "-c", READ_BOTH, *paths], check=True, capture_output=True)
    few, many = map(int, done.stdout.split())
    # Kept rows would take 10 MB and more.
    assert many - few < 4_000, f"{few} KiB, then {many} KiB"
