"""Workbooks as Excel, openpyxl, xlsxwriter, LibreOffice and Google Sheets write them, and harmed ones."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from qie_batch.manifest import ErrorsWriter, ResultsWriter, RowOutcome, open_manifest
from qie_batch.manifest import lines as lines_module
from qie_batch.manifest.workbook import package as package_module
from qie_batch.manifest.workbook import shared_strings
from qie_batch.manifest.workbook.writing import SheetWriter
from qie_batch.model import BadRow, InvalidManifest, ManifestRow, ReadingOptions

HEADER = ("id", "image", "instruction", "note")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalog.xlsx"


def by_openpyxl(path, rows, header=HEADER, formats=None):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (header, *rows):
        sheet.append(row)
    for name, code in (formats or {}).items():
        sheet[name].number_format = code
    book.save(path)
    return path


def by_hand(path, sheet, *, strings="", styles="", book="", prefix="", main=MAIN):
    """A workbook with as little as its parts need: no types, no dimensions, no styles."""
    colon = f"{prefix}:" if prefix else ""
    space = f'xmlns:{prefix}="{main}"' if prefix else f'xmlns="{main}"'
    sheets = f'<{colon}sheets><{colon}sheet name="A" sheetId="1" r:id="r1"/></{colon}sheets>'
    leads = "".join(
        f'<Relationship Id="r{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, kind, target in (
            (1, "worksheet", "worksheets/sheet1.xml"),
            (2, "sharedStrings", "/xl/sharedStrings.xml"),
            (3, "styles", "styles.xml"),
        )
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "xl/workbook.xml",
            f'<{colon}workbook {space} xmlns:r="{RELATIONS}">{book}{sheets}</{colon}workbook>',
        )
        file.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{leads}</Relationships>'
        )
        file.writestr("xl/worksheets/sheet1.xml", f"<{colon}worksheet {space}>{sheet}</{colon}worksheet>")
        if strings:
            file.writestr("xl/sharedStrings.xml", f"<{colon}sst {space}>{strings}</{colon}sst>")
        if styles:
            file.writestr("xl/styles.xml", f"<{colon}styleSheet {space}>{styles}</{colon}styleSheet>")
    return path


def inline(*rows):
    """Cells as texts that stand in the sheet itself, without their names."""
    cells = ("".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in row) for row in rows)
    return "<sheetData>" + "".join(f"<row>{row}</row>" for row in cells) + "</sheetData>"


def rows_of(path, **reading):
    return list(open_manifest(path, ReadingOptions(**reading)).rows())


def notes(path, column="note"):
    return [row.cells[column] for row in rows_of(path)]


def refusal(path, **reading):
    with pytest.raises(InvalidManifest) as caught:
        rows_of(path, **reading)
    return caught.value


def test_a_workbook_of_openpyxl_is_read_whatever_its_name(tmp_path):
    path = by_openpyxl(
        tmp_path / "catalog.csv", [("007", "a.png", "make it red", None), ("008", "b.png", "x", "y")]
    )
    manifest = open_manifest(path)
    assert (manifest.format, manifest.header) == ("xlsx", HEADER)
    first, second = manifest.rows()
    assert (first.line, first.id, first.images) == (2, "007", ("a.png",))
    assert first.params.instruction == "make it red"
    assert (second.line, second.cells["note"]) == (3, "y")
    assert "sheet 'Sheet'" in next(iter(manifest.understanding.sentences()))


@pytest.mark.parametrize("constant_memory", [False, True])
def test_a_workbook_of_xlsxwriter_is_read(path, constant_memory):
    with xlsxwriter.Workbook(path, {"constant_memory": constant_memory}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate((HEADER, ("0012", "a.png", "make it red", " spaced "))):
            for place, text in enumerate(row):
                sheet.write_string(line, place, text)
        sheet.write_rich_string(2, 2, "make it ", book.add_format({"bold": True}), "bold")
        sheet.write_row(2, 0, (13, "b.png"))
        sheet.write_url(2, 3, "https://shop.example/b.png", string="here")
    first, second = rows_of(path)
    assert (first.id, first.cells["note"]) == ("0012", " spaced ")
    assert (second.id, second.params.instruction, second.cells["note"]) == ("13", "make it bold", "here")


@pytest.mark.parametrize(("prefix", "main"), [("", MAIN), ("x", MAIN), ("", STRICT), ("ss", STRICT)])
def test_prefixes_the_strict_namespace_and_missing_cell_names_make_no_difference(path, prefix, main):
    sheet = inline(HEADER, ("1", "a.png", "red", ""))
    if prefix:
        sheet = sheet.replace("<", f"<{prefix}:").replace(f"<{prefix}:/", f"</{prefix}:")
    (row,) = rows_of(by_hand(path, sheet, prefix=prefix, main=main))
    assert (row.id, row.images) == ("1", ("a.png",))


def test_shared_texts_are_read_without_their_reading_aids(path):
    strings = "".join(f"<si><t>{name}</t></si>" for name in HEADER)
    strings += '<si><r><t>東</t></r><r><rPr/><t xml:space="preserve">京 </t></r>'
    strings += '<rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>'
    cells = [f'<c r="{letter}1" t="s"><v>{number}</v></c>' for number, letter in enumerate("ABCD")]
    row = '<c r="A2"><v>1</v></c><c r="B2" t="str"><f>x</f><v>a.png</v></c>'
    row += '<c r="C2" t="s"><v>4</v></c><c r="D2" t="s"><v> 4 </v></c>'
    sheet = f'<sheetData><row r="1">{"".join(cells)}</row><row r="2">{row}</row></sheetData>'
    (only,) = rows_of(by_hand(path, sheet, strings=strings))
    assert only.cells["note"] == "東京 "
    assert only.params.instruction == "東京"


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (4006381333931, "General", "4006381333931"),
        (4006381333931, "0", "4006381333931"),
        (1234567890123456, "General", "1234567890123456"),
        (1234567890123456.0, "0", "1234567890123456"),
        (4.5, "General", "4.5"),
        (20.0, "General", "20"),
        (0.1 + 0.2, "General", "0.3"),
        (1e-7, "General", "0.0000001"),
        (1e21, "General", "1000000000000000000000"),
        (-5, "General", "-5"),
        (0, "General", "0"),
        (42, "00000", "00042"),
        (1234567, "00000", "1234567"),
        (42, '"SKU-"0000', "SKU-0042"),
        (12345, "000-0000", "001-2345"),
        (19.9, "0.00", "19.9"),
        (20, "#,##0.00", "20"),
        (1234567, "#,##0", "1234567"),
        (19.9, '#,##0.00\\ "€"', "19.9"),
        (4006381333931, "0.00E+00", "4006381333931"),
        (0.25, "0%", "25%"),
        (0.075, "0.00%", "7.5%"),
        (True, "General", "true"),
        (False, "General", "false"),
        (date(2026, 11, 26), "yyyy-mm-dd", "2026-11-26"),
        (date(2026, 11, 26), "dd.mm.yy", "2026-11-26"),
        (date(2026, 11, 26), "mm-dd-yy", "2026-11-26"),
        (date(2026, 11, 26), "[$-407]mmm", "2026-11-26"),
        (date(1900, 1, 31), "yyyy-mm-dd", "1900-01-31"),
        (datetime.combine(date(2026, 11, 26), time(10, 30)), "yyyy-mm-dd h:mm", "2026-11-26T10:30:00"),
        (datetime.combine(date(2026, 11, 26), time()), "yyyy-mm-dd h:mm", "2026-11-26"),
        (time(10, 30), "h:mm", "10:30:00"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (-1, "yyyy-mm-dd", "-1"),
        (1e9, "yyyy-mm-dd", "1000000000"),
        ("007", "@", "007"),
        ("  text  ", "General", "  text  "),
        ("4.0E5", "General", "4.0E5"),
    ],
)  # fmt: skip
def test_a_cell_reads_as_a_person_sees_it(path, value, code, shown):
    assert notes(by_openpyxl(path, [("1", "a.png", "red", value)], formats={"D2": code})) == [shown]


def test_days_may_count_from_1904(path):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for row in (HEADER, ("1", "a.png", "red", date(2026, 11, 26))):
        book.active.append(row)
    book.save(path)
    assert notes(path) == ["2026-11-26"]


def test_a_formula_reads_by_its_stored_value(path):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ("1", "a.png", "red"))
        sheet.write_formula("D2", "=1+1", None, 2)
        sheet.write_row(2, 0, ("2", "", "red"))
        sheet.write_formula("B3", '=A3&".png"', None, "2.png")
        sheet.write_formula("D3", '=""', None, "")
    first, second = rows_of(path)
    assert (first.cells["note"], second.images, second.cells["note"]) == ("2", ("2.png",), "")


@pytest.mark.parametrize("writer", ["openpyxl", "xlsxwriter"])
def test_a_formula_without_a_value_spoils_only_the_rows_that_use_it(path, writer):
    rows = [("1", "=A2", "red", "x"), ("2", "b.png", "red", "=A3"), ("3", "c.png", "red {note}", "=A4")]
    if writer == "openpyxl":
        by_openpyxl(path, rows)
    else:
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for line, row in enumerate((HEADER, *rows)):
                sheet.write_row(line, 0, row)
    first, second, third = rows_of(path)
    assert (first.code, first.column) == ("formula_no_value", "image")
    assert first.reason.startswith("the formula in B2 has no value: open and save the workbook in Excel")
    assert isinstance(second, ManifestRow)
    assert isinstance(third, BadRow)


def test_an_error_value_spoils_only_the_rows_that_use_it(path):
    rows = [("1", "#N/A", "red", "x"), ("2", "b.png", "red", "#REF!")]
    first, second = rows_of(by_openpyxl(path, rows))
    assert (first.code, first.column) == ("cell_error", "image")
    assert "the cell B2 holds the error #N/A" in first.reason
    assert isinstance(second, ManifestRow)
    assert second.cells["note"] == "#REF!"


def test_empty_and_merged_cells_around_the_table_do_no_harm(path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["B1"] = "Spring 2026"
    sheet.merge_cells("B1:E1")
    for place, row in {3: HEADER, 5: ("1", "a.png", "red", "x"), 9: ("2", "b.png", "red", None)}.items():
        for column, text in enumerate(row, start=2):
            sheet.cell(place, column, text)
    sheet["H5"] = "a note beside the table"
    sheet["Z900"].font = openpyxl.styles.Font(bold=True)
    book.save(path)
    rows = rows_of(path)
    assert [(row.line, row.id) for row in rows] == [(5, "1"), (9, "2")]


def test_the_header_line_may_be_named(path):
    rows = [("x", "y", "z", ""), ("key", "photo", "wish", ""), ("1", "a.png", "red", "")]
    by_openpyxl(path, rows)
    mapping = {"id": "key", "image": "photo", "instruction": "wish"}
    (row,) = rows_of(path, mapping=mapping, header_line=3)
    assert (row.line, row.id) == (4, "1")


def test_the_first_sheet_that_is_not_hidden_is_read_unless_one_is_named(path):
    book = openpyxl.Workbook()
    book.active.title = "Hidden"
    book.active.sheet_state = "hidden"
    book.create_chartsheet("Chart")
    for name in ("First", "Zweites Blatt"):
        sheet = book.create_sheet(name)
        for row in (HEADER, (name, "a.png", "red", "")):
            sheet.append(row)
    book.create_sheet("Empty")
    book.save(path)
    assert rows_of(path)[0].id == "First"
    assert rows_of(path, sheet="zweites blatt")[0].id == "Zweites Blatt"
    error = refusal(path, sheet="Sommer")
    assert error.message == "catalog.xlsx has no sheet 'Sommer'; it has: Hidden, First, Zweites Blatt, Empty"
    assert (
        "the sheet 'Empty' of catalog.xlsx is empty; the workbook has: Hidden, First"
        in refusal(path, sheet="Empty").message
    )


def test_a_sheet_of_a_text_file_is_refused(tmp_path):
    path = tmp_path / "catalog.csv"
    path.write_text("id,image,instruction\n1,a.png,red\n")
    assert "catalog.csv is none" in refusal(path, sheet="A").message


OTHERS = {
    ("xl/workbook.bin",): "a binary Excel workbook (.xlsb)",
    ("mimetype", "content.xml"): "an OpenDocument file (.ods)",
    ("Index/Document.iwa",): "a Numbers document",
    ("word/document.xml",): "a Word document",
    ("photos/1.jpg",): "a ZIP file and no workbook",
    (): "a ZIP file and no workbook",
    ("xl/workbook.xml", "xl/vbaProject.bin"): "a workbook with macros (.xlsm)",
    ("xl/workbook.xml", "xl/macrosheets/sheet1.xml"): "a workbook with macros (.xlsm)",
}


@pytest.mark.parametrize("parts", OTHERS)
def test_another_kind_of_archive_is_called_by_its_name(path, parts):
    with zipfile.ZipFile(path, "w") as file:
        for part in parts:
            file.writestr(part, "<x/>")
    error = refusal(path)
    assert OTHERS[parts] in error.message
    assert error.hint


def test_old_and_encrypted_workbooks_are_told_apart(path):
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1100))
    assert refusal(path).message == "catalog.xlsx is an old Excel workbook (.xls)"
    assert "CSV UTF-8" in refusal(path).hint
    path.write_bytes(path.read_bytes() + "EncryptedPackage".encode("utf-16-le") + bytes(100))
    assert refusal(path).message == "catalog.xlsx is protected by a password"


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


def test_entities_are_refused_in_every_part(path):
    by_hand(
        path, inline(HEADER, ("1", "a.png", "red", "x")), strings="<si><t>x</t></si>", styles="<numFmts/>"
    )
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    for harmed in (
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/worksheets/sheet1.xml",
        "xl/styles.xml",
    ):
        with zipfile.ZipFile(path, "w") as file:
            for name, data in parts.items():
                file.writestr(name, LAUGHS.encode() * (name == harmed) + data)
        assert "declares a document type" in refusal(path).message, harmed


@pytest.mark.parametrize(
    ("sheet", "says"),
    [
        ('<sheetData><row r="99999999999"/></sheetData>', "sheets end at row 1,048,576"),
        ('<sheetData><row r="1e3"/></sheetData>', "1e3 stands where a number should"),
        ('<sheetData><row r="-1"/></sheetData>', "a row -1"),
        ('<sheetData><row><c r="ZZZ1"><v>1</v></c></row></sheetData>', "more than 16,384 cells"),
        ('<sheetData><row><c r="ZZZZ1"><v>1</v></c></row></sheetData>', "a cell is named ZZZZ"),
        ('<sheetData><row><c t="s"><v>7</v></c></row></sheetData>', "text 7, which is not there"),
        ('<sheetData><row><c t="s"><v>-1</v></c></row></sheetData>', "text -1, which is not there"),
        ("<sheetData><row>" + "<c><v>1</v></c>" * 20_000 + "</row></sheetData>", "more than 16,384 cells"),
        ("<a>" * 100 + "</a>" * 100, "nested too deep"),
        ("<sheetData><row></sheetData>", "mismatched tag"),
        ("<sheetData>" + "".join(f"<n{n}/>" for n in range(20_000)) + "</sheetData>", "names without end"),
        (f'<sheetData><row r="{"1" * 3_000_000}"/></sheetData>', "tag or names without end"),
        (f"<!--{'x' * 3_000_000}-->", "tag or names without end"),
    ],
    ids=lambda value: value[:40],
)
def test_what_no_spreadsheet_writes_ends_in_a_sentence(path, sheet, says):
    error = refusal(by_hand(path, sheet))
    assert error.message.startswith("catalog.xlsx is a damaged workbook: ")
    assert says in error.message


def test_a_row_that_is_too_much_for_memory_is_refused_with_its_line(path):
    row = ("1", "a.png", "red", *["x" * 60_000] * 100)
    error = refusal(by_hand(path, inline((*HEADER, *map(str, range(100))), row)))
    assert error.message == "catalog.xlsx: the row on line 2 has more than 5,000,000 characters"


def test_cells_far_to_the_right_cost_no_time(path):
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="XFD{n}"><v>1</v></c></row>' for n in range(2, 900)
    )
    head = inline(HEADER).removesuffix("</sheetData>")
    assert len(rows_of(by_hand(path, f"{head}{rows}</sheetData>"))) == 898
    assert "more than 1000" in refusal(by_hand(path, inline((*HEADER, *map(str, range(1_100)))))).message


def test_a_long_cell_is_a_bad_row(path):
    first, second = rows_of(
        by_hand(path, inline(HEADER, ("1", "a.png", "x" * 70_000, ""), ("2", "b.png", "red", "")))
    )
    assert first.code == "cell_too_long"
    assert second.id == "2"


def test_too_many_rows_are_refused(path, monkeypatch):
    monkeypatch.setattr(lines_module, "MAX_ROWS", 2)
    by_openpyxl(path, [(n, "a.png", "red", "") for n in range(3)])
    assert "more than 2 rows" in refusal(path).message


def test_a_part_that_unpacks_without_end_is_refused_unread(path, monkeypatch):
    monkeypatch.setattr(package_module, "MAX_SMALL_PART", 100_000)
    by_hand(path, inline(HEADER) + " " * 10_000_000)
    assert "sheet1.xml unpacks to 10," in refusal(path).message


def test_a_directory_without_end_is_refused_unread(path, monkeypatch):
    monkeypatch.setattr(package_module, "_MAX_DIRECTORY", 50_000)
    by_hand(path, inline(HEADER))
    with zipfile.ZipFile(path, "a") as file:
        for number in range(1_000):
            file.writestr(f"xl/media/image{number}.png", b"")
    assert refusal(path).message == "catalog.xlsx is a damaged workbook: it has too many parts"


def test_a_missing_part_is_named(path):
    by_hand(path, '<sheetData><row><c t="s"><v>0</v></c></row></sheetData>')
    assert "text 0, which is not there" in refusal(path).message
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist() if "sheet" not in name}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    assert "its part xl/worksheets/sheet1.xml is missing" in refusal(path).message


def test_a_picture_in_a_cell_is_called_so(path):
    row = '<row><c><v>1</v></c><c t="e" vm="1"><v>#VALUE!</v></c><c t="str"><v>red</v></c></row>'
    head = inline(HEADER).removeprefix("<sheetData>").removesuffix("</sheetData>")
    (only,) = rows_of(by_hand(path, f"<sheetData>{head}{row}</sheetData>"))
    assert only.code == "cell_error"
    assert "the cell B2 holds a picture or linked data: write a text or empty it" in only.reason


def test_harmed_workbooks_are_refused_or_read_and_nothing_else(path):
    by_openpyxl(path, [(n, f"{n}.png", "red", 4.5) for n in range(50)], formats={"D2": "00000"})
    good, chance = path.read_bytes(), random.Random(8)
    for turn in range(120):
        data = bytearray(good)
        if turn % 3:
            for _ in range(turn % 7 + 1):
                data[chance.randrange(len(data))] = chance.randrange(256)
        else:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            rows_of(path)
        except InvalidManifest as error:
            assert error.message.startswith("catalog.xlsx")  # noqa: PT017 - some are read all the same


def test_texts_are_looked_up_in_any_order(path, monkeypatch):
    monkeypatch.setattr(shared_strings, "_CACHED", 50_000)
    numbers = list(range(2_000))
    random.Random(1).shuffle(numbers)
    strings = "".join(f"<si><t>{text}</t></si>" for text in (*HEADER, *(f"{n}.png" for n in range(2_000))))
    head = "".join(f'<c t="s"><v>{number}</v></c>' for number in range(4))
    rows = (f'<row><c><v>{n}</v></c><c t="s"><v>{n + 4}</v></c><c t="s"><v>2</v></c></row>' for n in numbers)
    by_hand(path, f"<sheetData><row>{head}</row>{''.join(rows)}</sheetData>", strings=strings)
    read = rows_of(path)
    assert [row.id for row in read] == list(map(str, numbers))
    assert all(row.images == (f"{row.id}.png",) for row in read)


FAILED = RowOutcome(status="failed", error_code="image_missing", error="There is no picture", seconds=0.25)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
TRICKY = st.text(st.sampled_from("'\"=+-@\t\r\n ,;{}<r>&_x005F\ufeff\uff1d"), max_size=9)


@settings(deadline=None, max_examples=25)
@given(rows=st.lists(st.tuples(TEXT | TRICKY, TEXT | TRICKY), min_size=1, max_size=4))
def test_what_is_written_to_errors_xlsx_is_read_again(tmp_path_factory, rows):
    header = ("id", "image", "instruction", "=x", "last")
    written = [
        dict(zip(header, (f"0{n}", "a.png", "red", *cells), strict=True)) for n, cells in enumerate(rows)
    ]
    file = io.BytesIO()
    sheet = SheetWriter(file, "errors")
    table = ErrorsWriter(sheet, header, "/data")
    for cells in written:
        table.write(cells, FAILED)
    sheet.close()
    path = tmp_path_factory.mktemp("round") / "errors.xlsx"
    path.write_bytes(file.getvalue())
    manifest = open_manifest(path)
    assert manifest.header == header
    assert [{name: row.cells[name] for name in header} for row in manifest.rows()] == written


def test_results_xlsx_keeps_ids_as_texts_and_figures_as_numbers(path):
    with path.open("wb") as file:
        sheet = SheetWriter(file, "results")
        table = ResultsWriter(sheet, ("id", "formula"))
        table.write({"id": "007", "formula": "=1+1"}, FAILED)
        table.write({"id": "8", "formula": "x" * 40_000}, FAILED)
        sheet.close()
    first, second = list(openpyxl.load_workbook(path)["results"].values)[1:]
    assert first[:3] == ("007", "=1+1", "failed")
    assert first[11] == 0.25
    assert second[1].endswith("(cut: the CSV file has all of it)")


def test_results_that_fill_a_sheet_go_on_in_the_next(path, monkeypatch):
    monkeypatch.setattr("qie_batch.manifest.workbook.writing.MAX_LINE", 3)
    with path.open("wb") as file:
        sheet = SheetWriter(file, "results")
        for row in (["id"], *([str(number)] for number in range(5))):
            sheet.write_row(row)
        sheet.close()
    book = openpyxl.load_workbook(path)
    assert {sheet.title: [row[0] for row in sheet.values] for sheet in book} == {
        "results": ["id", "0", "1"],
        "results 2": ["id", "2", "3"],
        "results 3": ["id", "4"],
    }
