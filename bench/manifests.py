"""Rows a second and peak memory of reading a catalog of 1,000,000 rows as XLSX, CSV and JSONL.

Each file is read in a process of its own, once with a tenth of the rows: the two peaks show whether memory
grows with rows. The ids and titles of the workbook are shared texts, as Excel writes them, all different.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADER = ("id", "image", "instruction", "title")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
IMAGES = 20

READ = """
import json, resource, sys, time
from pathlib import Path
from qie_batch.manifest import open_manifest
from qie_batch.model import ManifestRow
began = time.monotonic()
rows = sum(type(row) is ManifestRow for row in open_manifest(Path(sys.argv[1])).rows())
seconds = time.monotonic() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"rows": rows, "seconds": seconds, "peak_mb": peak / 1024}))
"""


def catalog(rows: int) -> Iterator[tuple[str, ...]]:
    for number in range(rows):
        instruction = 'add the text "{id}" at the top'
        yield f"sku-{number:07}", f"{number % IMAGES}.jpg", instruction, f"Jacket number {number}, blue"


def write_csv(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(HEADER) + "\n")
        for cells in catalog(rows):
            file.write(",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n")


def write_jsonl(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for cells in catalog(rows):
            file.write(json.dumps(dict(zip(HEADER, cells, strict=True))) + "\n")


def write_xlsx(path: Path, rows: int) -> None:
    """By hand, since libraries hold all shared texts in memory."""
    repeated = {text: number for number, text in enumerate((*HEADER, *map("{}.jpg".format, range(IMAGES))))}
    repeated[next(catalog(1))[2]] = len(repeated)
    texts = len(repeated)
    leads = ("worksheet", "sheet1"), ("sharedStrings", "sharedStrings")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        sheets = '<sheets><sheet name="Catalog" sheetId="1" r:id="sheet1"/></sheets>'
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{sheets}</workbook>'
        )
        lines = (
            f'<Relationship Id="{to}" Type="{RELATIONS}/{kind}" Target="{to}.xml"/>' for kind, to in leads
        )
        relations = f'<Relationships xmlns="{PACKAGE}">{"".join(lines)}</Relationships>'
        book.writestr("xl/_rels/workbook.xml.rels", relations)
        with book.open("xl/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            sheet.write(_row(1, [repeated[name] for name in HEADER]))
            for line, cells in enumerate(catalog(rows), start=2):
                numbers = [repeated.get(cell, -1) for cell in cells]
                numbers[0], numbers[3] = texts, texts + 1
                texts += 2
                sheet.write(_row(line, numbers))
            sheet.write(b"</sheetData></worksheet>")
        with book.open("xl/sharedStrings.xml", "w", force_zip64=True) as strings:
            strings.write(f'<sst xmlns="{MAIN}">'.encode())
            for text in repeated:
                strings.write(f"<si><t>{escape(text)}</t></si>".encode())
            for cells in catalog(rows):
                strings.write(f"<si><t>{cells[0]}</t></si><si><t>{cells[3]}</t></si>".encode())
            strings.write(b"</sst>")


def _row(line: int, numbers: list[int]) -> bytes:
    cells = (
        f'<c r="{letter}{line}" t="s"><v>{number}</v></c>'
        for letter, number in zip("ABCD", numbers, strict=True)
    )
    return f'<row r="{line}">{"".join(cells)}</row>'.encode()


WRITERS: dict[str, Callable[[Path, int], None]] = {"xlsx": write_xlsx, "csv": write_csv, "jsonl": write_jsonl}


def measured(kind: str, rows: int, folder: Path) -> dict[str, float]:
    path = folder / f"{rows}.{kind}"
    WRITERS[kind](path, rows)
    done = subprocess.run([sys.executable, "-c", READ, str(path)], check=True, capture_output=True)
    size = path.stat().st_size
    path.unlink()
    found: dict[str, float] = json.loads(done.stdout)
    if found["rows"] != rows:
        sys.exit(f"{kind}: {found['rows']} of {rows} rows were understood")
    return {"rows_per_second": rows / found["seconds"], "peak_mb": found["peak_mb"], "file_mb": size / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--formats", default="xlsx,csv,jsonl", help="which of them, with commas")
    arguments = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="qie-manifests-") as name:
        for kind in arguments.formats.split(","):
            few = measured(kind, max(1, arguments.rows // 10), Path(name))
            many = measured(kind, arguments.rows, Path(name))
            figures[kind] = {
                "rows": arguments.rows,
                "rows_per_second": round(many["rows_per_second"]),
                "peak_rss_mb": round(many["peak_mb"], 1),
                "peak_rss_mb_at_a_tenth": round(few["peak_mb"], 1),
                "file_mb": round(many["file_mb"], 1),
            }
            print(
                f"{kind}: {arguments.rows:,} rows, {many['file_mb']:.0f} MB:"
                f" {many['rows_per_second']:,.0f} rows a second,"
                f" peak {many['peak_mb']:.0f} MB, {few['peak_mb']:.0f} MB with a tenth of the rows",
                flush=True,
            )
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
