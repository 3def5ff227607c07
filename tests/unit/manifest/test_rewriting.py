"""A feed is written back with new cells in one column, and every other byte as it was."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
import xlsxwriter

from qie_batch.errors import UsageError
from qie_batch.manifest import open_manifest
from qie_batch.model import ReadingOptions, RowDefaults

DEFAULTS = RowDefaults(instruction="none")


def rewritten(path, cells, reading=None):
    """The new bytes, with `cells` by id, and the ids whose cell stays."""
    manifest = open_manifest(path, reading or ReadingOptions(), DEFAULTS)
    at = manifest.place(manifest.columns["id"])
    ids = {record.line: record.cells[at] for record in manifest.records()}
    file = io.BytesIO()
    by_line = {line: cells[name] for line, name in ids.items() if name in cells}
    kept = manifest.rewrite(manifest.columns["image"], by_line, file)
    return file.getvalue(), [ids[line] for line in kept]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_delimiter_quotes_and_line_ends_stay(tmp_path, codec, delimiter):
    old = (
        'sku,"标题",image,price\r\n'
        'a1,"红色的杯子, ""大号""",cups/a1.png, 1.00\r\n'
        "\r\n"
        'b2,"两行\n的标题","cups/b2.png",2\n'
        "c3,无,cups/c3.png,'=3\r\n"
        'd4,"无","cups/d4.png"'
    ).replace(",", delimiter)
    new = old.replace("cups/a1.png", "https://x/a1.jpg").replace('"cups/b2.png"', '"https://x/b2.jpg"')
    new = new.replace('"cups/d4.png"', '"a ""b"".jpg"')
    path = tmp_path / "products.csv"
    mark = "\ufeff" if codec == "utf-16-be" else ""
    path.write_bytes((mark + old).encode(codec))
    cells = {"a1": "https://x/a1.jpg", "b2": "https://x/b2.jpg", "d4": 'a "b".jpg', "zz": "never"}
    found, kept = rewritten(path, cells)
    assert found == (mark + new).encode(codec)
    assert kept == []


def test_a_cell_is_quoted_where_it_has_to_be(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text('sku,image\na,a.png\nb, "b.png"\n')
    found, _ = rewritten(path, {"a": "x.png,y.png", "b": "z.png"})
    assert found == b'sku,image\na,"x.png,y.png"\nb,"z.png"\n'


def test_a_file_that_says_its_delimiter_keeps_that_line(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("sep=|\nsku|image\na|a.png\nb|b.png\n")
    found, _ = rewritten(path, {"b": "new.png"})
    assert found == b"sep=|\nsku|image\na|a.png\nb|new.png\n"


@pytest.fixture
def workbook(tmp_path):
    """Of two sheets with formats, a formula, a merged title and a chart; the header is on the third row."""
    path = tmp_path / "products.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet, other = book.add_worksheet("Products"), book.add_worksheet("Prices")
    bold = book.add_format({"bold": True, "bg_color": "#ffee00"})
    sheet.merge_range("A1:D1", "Spring & summer", bold)
    rows = [("sku", "title", "image", "price"), ("a1", "Cup", "a1.png", 1.5), ("b2", "Mug", "", 2)]
    for line, row in enumerate([*rows, ("c3", "Jug", None, 3), ("d4", "Pot", "d4.png", 4)], start=2):
        sheet.write_row(line, 0, row, bold if line == 2 else None)
    sheet.write_formula("C6", '="c3"&".png"', None, "c3.png")
    sheet.write("C7", "d4.png", bold)
    other.write_row(0, 0, ["sku", 7])
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Products!$D$4:$D$7"})
    sheet.insert_chart("F2", chart)
    book.close()
    return path


def test_a_workbook_gets_new_cells_and_keeps_every_other_part(workbook, tmp_path):
    cells = {
        "a1": "https://x/a1.jpg?a=1&b=2",
        "b2": "https://x/b2.jpg",
        "c3": "never",
        "d4": "https://x/中.jpg",
    }
    found, kept = rewritten(workbook, cells)
    assert kept == ["c3"]  # a formula
    new = tmp_path / "new.xlsx"
    new.write_bytes(found)
    before, after = openpyxl.load_workbook(workbook), openpyxl.load_workbook(new)
    changed = {"C4": cells["a1"], "C5": cells["b2"], "C7": cells["d4"]}
    for name in before.sheetnames:
        for row in before[name].iter_rows(max_row=8, max_col=6):
            for cell in row:
                there = after[name][cell.coordinate]
                wanted = changed.get(cell.coordinate, cell.value) if name == "Products" else cell.value
                assert (there.value, there.style_id) == (wanted, cell.style_id), cell
    with zipfile.ZipFile(workbook) as old, zipfile.ZipFile(new) as written:
        assert written.testzip() is None
        assert written.namelist() == old.namelist()
        other = [name for name in old.namelist() if old.read(name) != written.read(name)]
    assert other == ["xl/worksheets/sheet1.xml"]
    again, _ = rewritten(new, {})
    assert open_manifest(new, defaults=DEFAULTS).understanding.images == 4
    assert zipfile.ZipFile(io.BytesIO(again)).read(other[0]) == zipfile.ZipFile(new).read(other[0])


def test_a_prefixed_sheet_without_references_is_written_in_its_own_way(workbook, tmp_path):
    rows = "".join(
        "<x:row>" + "".join(f'<x:c t="str"><x:v>{cell}</x:v></x:c>' for cell in row) + "</x:row>"
        for row in (("sku", "image", "note"), ("a", "a.png", "n"), ("b", "b.png", "n"))
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<x:worksheet xmlns:x="{main}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    path = tmp_path / "plain.xlsx"
    with zipfile.ZipFile(workbook) as old, zipfile.ZipFile(path, "w") as file:
        for name in old.namelist():
            file.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else old.read(name))
    found, _ = rewritten(path, {"b": "new.png"})
    written = zipfile.ZipFile(io.BytesIO(found)).read("xl/worksheets/sheet1.xml").decode()
    cell = '<x:c t="inlineStr"><x:is><x:t xml:space="preserve">new.png</x:t></x:is></x:c>'
    assert written == sheet.replace('<x:c t="str"><x:v>b.png</x:v></x:c>', cell)


def test_a_file_of_json_lines_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "products.jsonl"
    path.write_text('{"id": "a", "image": "a.png"}\n')
    with pytest.raises(UsageError, match="JSON lines cannot be written back"):
        rewritten(path, {"a": "x"})
