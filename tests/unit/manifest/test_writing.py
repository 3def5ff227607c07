from __future__ import annotations

import csv
import io
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qie_batch.manifest import RESULT_COLUMNS, ErrorsWriter, ResultsWriter, RowOutcome, open_manifest
from qie_batch.manifest.formulas import escape, unescape

FAILED = RowOutcome(status="failed", error_code="image_missing", error="There is no picture 'a.png'")

# NUL aside, which no catalog may hold, a cell may be any text.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
TRICKY = st.text(st.sampled_from("'\"=+-@\t\r\n ,;{}\ufeff\u200b\uff1d\uff20\u2028a"), max_size=8)


def write(path, writer, header, rows, *options):
    with path.open("w", encoding="utf-8", newline="") as stream:
        lines = writer(stream, header, *options)
        for cells, outcome in rows:
            lines.write(cells, outcome)
    return path


@pytest.fixture(scope="module")
def errors_csv(tmp_path_factory):
    return tmp_path_factory.mktemp("round") / "errors.csv"


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(TEXT | TRICKY, TEXT | TRICKY), min_size=1, max_size=4))
def test_what_is_written_to_errors_csv_is_read_again(errors_csv, rows):
    header = ("id", "image", "instruction", "=x", "last")
    written = [
        dict(zip(header, (f"{n}", "a.png", "red", *cells), strict=True)) for n, cells in enumerate(rows)
    ]
    write(errors_csv, ErrorsWriter, header, [(cells, FAILED) for cells in written], "/data")
    manifest = open_manifest(errors_csv)
    assert manifest.header == header
    read = list(manifest.rows())
    assert [{name: row.cells[name] for name in header} for row in read] == written
    assert all(row.images == ("/data/a.png",) for row in read)


@settings(deadline=None)
@given(TEXT | TRICKY)
def test_escaping_is_undone_exactly(text):
    assert unescape(escape(text)) == text


def test_escaping_is_undone_exactly_for_every_short_text():
    for length in range(7):
        for letters in product("';\t\n =\u200b", repeat=length):
            text = "".join(letters)
            assert unescape(escape(text)) == text


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("x;=1+1", "x;'=1+1"),
        ("x\t@cmd", "x\t'@cmd"),
        ("two\r\n=lines", "two\r\n'=lines"),
        ('=a; "-b', "'=a;' \"-b"),
        ("a;\u200b=1", "a;'\u200b=1"),
        ("5 - 3; 4 = 4", "5 - 3; 4 = 4"),
        ("one\r\n\r\ntwo;;\t", "one\r\n\r\ntwo;;\t"),
    ],
)
def test_no_part_of_a_cell_starts_a_formula_where_the_delimiter_is_another(cell, written):
    assert escape(cell) == written
    assert unescape(written) == cell


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_reader_of_another_delimiter_sees_no_formula(tmp_path, delimiter):
    cells = {"id": "1", "note": f"x{delimiter}=1+1{delimiter}y\n=2+2{delimiter}"}
    path = write(tmp_path / "results.csv", ResultsWriter, ("id", "note"), [(cells, FAILED)])
    with path.open(encoding="utf-8-sig", newline="") as stream:
        _, *rows = csv.reader(stream, delimiter=delimiter)
    assert rows[0][1:] == ["'=1+1", "y"]
    assert rows[1][0] == "'=2+2"


@pytest.mark.parametrize(
    "start",
    [*"=+-@\t\r\uff1d\uff0b\uff0d\uff20", " =", '"=', "' @", " \v-", "\u200b=", "\ufeff=", "\u2060 +"],
)
def test_no_written_cell_starts_a_formula(tmp_path, start):
    cells = {"id": f"{start}1"}
    rows = [(cells, RowOutcome(status="failed", error=f"{start}2"))]
    path = write(tmp_path / "results.csv", ResultsWriter, ("id",), rows)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["id"], row["qie_error"]) == (f"'{start}1", f"'{start}2")


def line(cells):
    """Each of them in quotes."""
    return ",".join(f'"{cell}"' for cell in cells.split(",")) + "\r\n"


def test_results_csv_is_the_input_row_and_what_became_of_it(tmp_path):
    done = RowOutcome(
        status="succeeded", output="A.png", width=1024, height=768, changed=0.6249, note="kept; all",
        seed=7, engine="qwen", seconds=25.64159, cost_micros=12_345_678, attempts=2,
    )  # fmt: skip
    cached = RowOutcome(status="succeeded", output="B.png", seconds=0.0, cost_micros=0, cached=True)
    header = ("Price", "id")
    rows = [({"id": "A", "Price": "9.50"}, done), ({"id": "B"}, cached), ({"id": "C"}, FAILED)]
    path = write(tmp_path / "results.csv", ResultsWriter, header, rows)
    assert (
        path.read_bytes()
        == (
            "\ufeff"
            + line("Price,id," + ",".join(RESULT_COLUMNS))
            + line("9.50,A,succeeded,A.png,1024,768,0.6249,kept; all,,7,qwen,25.642,12.345678,false,2,,,")
            + line(",B,succeeded,B.png,,,,,,,,0.000,0.000000,true,0,,,")
            + line(",C,failed,,,,,,,,,,,false,0,image_missing,There is no picture 'a.png',")
        ).encode()
    )


def test_a_row_that_fails_twice_keeps_its_first_folder(tmp_path):
    header = ("id", "image", "instruction")
    cells = {"id": "A", "image": "a.png", "instruction": "red"}
    first = write(tmp_path / "errors.csv", ErrorsWriter, header, [(cells, FAILED)], "/data/shop")
    manifest = open_manifest(first)
    rows = [(row.cells, FAILED) for row in manifest.rows()]
    second = write(tmp_path / "again.csv", ErrorsWriter, manifest.header, rows, str(tmp_path))
    assert second.read_bytes() == first.read_bytes()


def test_a_bad_row_can_be_written_and_mended(tmp_path):
    source = tmp_path / "catalog.csv"
    source.write_text("id,image,prompt,cfg\nA,a.png,red,lots\n")
    manifest = open_manifest(source)
    (bad,) = manifest.rows()
    outcome = RowOutcome(status="failed", error_code=bad.code, error=bad.reason)
    path = write(tmp_path / "errors.csv", ErrorsWriter, manifest.header, [(bad.cells, outcome)], "/data")
    path.write_text(path.read_text(encoding="utf-8").replace("lots", "5"), encoding="utf-8")
    (row,) = open_manifest(path).rows()
    assert (row.id, row.images, row.params.cfg) == ("A", ("/data/a.png",), 5)


def test_a_stream_gets_the_mark_that_excel_needs():
    stream = io.StringIO()
    ErrorsWriter(stream, ("id",), "")
    assert stream.getvalue() == "\ufeff" + line("id,qie_error_code,qie_error,qie_check,qie_folder")
