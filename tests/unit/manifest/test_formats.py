from __future__ import annotations

import codecs
import json

import pytest

from qie_batch.manifest import MAX_BYTES, MAX_CELL, MAX_ROWS, lines, open_manifest
from qie_batch.manifest.encoding import detect_encoding
from qie_batch.manifest.limits import MAX_ROW
from qie_batch.model import BadRow, InvalidManifest, ManifestRow, RowDefaults

HEADER = "id,image,instruction\n"
CHINESE = "货号,主图,指令\n甲,图/一.png,把背景换成白色\n乙,图/二.png,把红色的鞋子换成蓝色\n"


def refusal(path):
    """Of opening the file or of reading its rows."""
    with pytest.raises(InvalidManifest) as caught:
        list(open_manifest(path).rows())
    return caught.value


@pytest.mark.parametrize(
    ("codec", "bom", "name"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8-sig"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16"),
        ("gb18030", b"", "gb18030"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_delimiter_and_line_end_reads_the_same(catalog, codec, bom, name, delimiter, end):
    text = CHINESE.replace(",", delimiter).replace("\n", end)
    path = catalog(bom + text.encode(codec))
    manifest = open_manifest(path)
    assert detect_encoding(path).codec == name
    assert manifest.format == ("tsv" if delimiter == "\t" else "csv")
    first, second = manifest.rows()
    assert (first.line, first.id, first.images) == (2, "甲", ("图/一.png",))
    assert second.params.instruction == "把红色的鞋子换成蓝色"


def test_delimiters_inside_quotes_of_the_header_do_not_count(catalog):
    manifest = open_manifest(catalog('id;image;instruction;"a,b,c,d,e"\nA;a.png;red;x\n'))
    assert manifest.header == ("id", "image", "instruction", "a,b,c,d,e")


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16"])
def test_a_character_across_a_read_boundary_is_whole(catalog, codec):
    body = "".join(f"{n},图{n}.png,{'把背景换成白色' * 60}{'x' * (n % 7)}\n" for n in range(1_000))
    manifest = open_manifest(catalog((HEADER + body).encode(codec)))
    assert [isinstance(row, ManifestRow) for row in manifest.rows()] == [True] * 1_000


def test_undecodable_bytes_are_named_with_their_line(catalog):
    good = "".join(f"{n},{n}.png,白色\n" for n in range(20_000))
    error = refusal(catalog((HEADER + good).encode() + b"x,x.png,\xff\xff\n"))
    assert error.message == "catalog.csv is not UTF-8 or GB18030 text: line 20002 holds other bytes"
    assert "CSV UTF-8" in error.hint


def test_a_broken_gb18030_file_is_named_with_its_line(catalog):
    error = refusal(catalog(CHINESE.encode("gb18030") + b"x,x.png,\xff\xff\n"))
    assert "line 4 " in error.message


def test_a_cut_utf_16_file_is_refused(catalog):
    error = refusal(catalog(CHINESE.encode("utf-16")[:-1]))
    assert error.message == "catalog.csv is not UTF-16 text: line 3 holds other bytes"


def test_western_text_is_not_taken_for_chinese(catalog):
    # "è" and "m" in Latin-1 are one rare character in GB18030.
    error = refusal(catalog(HEADER.encode() + "A,a.png,crème brûlée\n".encode("latin-1")))
    assert "line 2 holds other bytes" in error.message


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_nul_is_refused_with_its_line(catalog, codec):
    bom = codecs.BOM_UTF16_LE if codec == "utf-16-le" else b""
    error = refusal(catalog(bom + (HEADER + "A,a.png,red\nB,b\0.png,red\n").encode(codec)))
    assert error.message == "catalog.csv holds a NUL character on line 3"


def test_utf_16_without_a_mark_is_refused_with_advice(catalog):
    assert "NUL" in refusal(catalog(HEADER.encode("utf-16-le"))).message


@pytest.mark.parametrize("content", [b"", codecs.BOM_UTF8, b"\n\n  \n", b",,,\n"])
def test_an_empty_file_is_refused(catalog, content):
    assert refusal(catalog(content)).message == "catalog.csv is empty"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "nowhere.csv"
    assert refusal(path).message == f"{path} cannot be read: No such file or directory"
    assert "cannot be read: Is a directory" in refusal(tmp_path).message


@pytest.mark.parametrize(
    ("start", "kind"), [(b"PK\x03\x04", "a damaged workbook"), (b"\xd0\xcf\x11\xe0", "an old Excel workbook")]
)
def test_what_begins_like_a_workbook_is_refused_by_name(catalog, start, kind):
    error = refusal(catalog(start + bytes(100)))
    assert f"catalog.csv is {kind}" in error.message
    assert ".xlsx" in error.hint


def test_too_many_bytes_are_refused_unread(catalog):
    path = catalog(HEADER)
    with path.open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    assert "more than 500,000,000" in refusal(path).message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("catalog.csv", HEADER + "A,a.png,red\n" * 3),
        ("catalog.jsonl", '{"id":1,"image":"a","prompt":"red"}\n' * 3),
    ],
)
def test_too_many_rows_are_refused(catalog, monkeypatch, name, content):
    assert MAX_ROWS == 1_000_000
    monkeypatch.setattr(lines, "MAX_ROWS", 2)
    error = refusal(catalog(content, name))
    assert (error.message, error.hint) == (f"{name} has more than 2 rows", "Split it")


def test_blank_lines_are_no_rows(catalog, monkeypatch):
    monkeypatch.setattr(lines, "MAX_ROWS", 2)
    path = catalog(HEADER + "\n,,\nA,a.png,red\n\n   \nB,b.png,red\n,,\n")
    assert [row.id for row in open_manifest(path).rows()] == ["A", "B"]


def test_line_ends_inside_quotes_belong_to_the_cell_and_lines_stay_true(catalog):
    text = HEADER + '\n\nA,a.png,"make\r\nit ""red"""\n,,\n   \nB,b.png,blue\n'
    manifest = open_manifest(catalog(text))
    first, second = manifest.rows()
    assert (first.line, first.params.instruction) == (4, 'make\r\nit "red"')
    assert (second.line, second.id) == (8, "B")


def test_a_ragged_row_says_how_many_cells_it_has_and_keeps_them(catalog):
    few, many = open_manifest(catalog(HEADER + "A,a.png\nB,b.png,red, please\n")).rows()
    assert isinstance(few, BadRow)
    assert (few.line, few.id, few.code) == (2, "A", "row_ragged")
    assert few.reason == "the row has 2 cells where the header has 3: a cell is missing"
    assert many.reason == (
        "the row has 4 cells where the header has 3: put quotes around a cell that holds a comma"
    )
    assert many.cells == {"id": "B", "image": "b.png", "instruction": "red, please"}


def test_empty_columns_at_the_end_are_no_columns(catalog):
    manifest = open_manifest(catalog("id,image,prompt,,\nA,a.png,red,,\nB,b.png,red\nC,c.png,red,,note\n"))
    assert manifest.header == ("id", "image", "prompt")
    assert [type(row) for row in manifest.rows()] == [ManifestRow, ManifestRow, BadRow]


def test_a_quote_that_is_not_doubled_spoils_its_row_only(catalog):
    bad, good = open_manifest(catalog(HEADER + 'A,a.png,"24" screen"\nB,b.png,red\n')).rows()
    assert (bad.line, bad.id, bad.code) == (2, "A", "row_misquoted")
    assert bad.cells["instruction"] == '24 screen"'
    assert good.id == "B"


@pytest.mark.parametrize("tail", ["", "x\n" * MAX_CELL * 2])
def test_a_quote_that_is_never_closed_is_refused_with_its_line(catalog, tail):
    error = refusal(catalog(HEADER + 'A,a.png,red\nB,b.png,"blue\nC,c.png,red\n' + tail))
    assert "the row on line 3" in error.message
    assert "never closed" in error.message


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.csv", "x" * (MAX_ROW + 1), 1),
        ("a.csv", HEADER + "A,a.png,red\nB,b.png,blue" + "," * MAX_ROW + "\nC,c.png,red\n", 3),
        ("a.csv", HEADER + "A,a.png,red\n" + f'"{"x" * 60}\n",' * (MAX_ROW // 64) + "\n", 3),
        ("a.jsonl", '{"id": "A"}\n\n{"id": "B"' + " " * MAX_ROW + "}\n", 3),
    ],
    ids=["header", "one line", "many lines", "object"],
)
def test_a_row_that_is_too_much_for_memory_is_refused_with_its_line(catalog, name, content, line):
    error = refusal(catalog(content, name))
    assert error.message == f"{name}: the row on line {line} has more than 5,000,000 characters"


def test_a_cell_without_end_after_a_misquoted_one_is_refused_with_its_line(catalog):
    error = refusal(catalog(HEADER + 'A,a.png,red\nB,b.png,"blue"' + "x" * MAX_CELL * 2 + "\n"))
    assert "the row on line 3" in error.message


def test_rows_before_a_quote_that_is_never_closed_are_read(catalog):
    rows = open_manifest(catalog(HEADER + 'A,a.png,red\nB,b.png,"blue\n')).rows()
    assert next(rows).id == "A"
    with pytest.raises(InvalidManifest, match="never closed"):
        next(rows)


def test_a_long_cell_is_a_bad_row(catalog):
    (row,) = open_manifest(catalog(HEADER + f"A,a.png,{'x' * (MAX_CELL + 1)}\n")).rows()
    assert (row.code, row.column, row.id) == ("cell_too_long", "instruction", "A")
    assert row.reason == "'instruction' has 65,537 characters: shorten it to 65,536"


def test_jsonl_reads_like_a_table(catalog):
    lines = [
        {"custom_id": 7, "image": "a.png", "prompt": "red", "steps": 20, "note": None},
        {"custom_id": "B", "image": "b.png", "prompt": "blue", "cfg": 1.50, "new": True},
    ]
    text = "\n".join(map(json.dumps, lines)) + "\n\n"
    for manifest in (open_manifest(catalog(text)), open_manifest(catalog(text, "a.jsonl"))):
        assert manifest.format == "jsonl"
        assert manifest.header == ("custom_id", "image", "prompt", "steps", "note", "cfg", "new")
        first, second = manifest.rows()
        assert (first.line, first.id, first.params.steps, first.cells["note"]) == (1, "7", 20, "")
        assert (second.line, second.params.cfg, second.params.steps, second.cells["new"]) == (
            2,
            1.5,
            None,
            "true",
        )


def test_jsonl_cells_are_taken_literally(catalog):
    line = json.dumps({"id": "A", "image": "a.png", "prompt": "'=1"})
    assert next(open_manifest(catalog(line)).rows()).cells["prompt"] == "'=1"


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ('{"id": "B", "image": ["b.png", 1], "prompt": "red"}', "value_nested", "image"),
        ('{"id": "B", "image": "b.png", "prompt": {"a": 1}}', "value_nested", "prompt"),
        (r'{"id": "B", "image": "b\ud800.png", "prompt": "red"}', "text_invalid", "image"),
        (r'{"id": "B", "image": "b.png", "prompt": "r\u0000d"}', "text_invalid", "prompt"),
        ('{"id": "B", "image": ', "row_not_json", ""),
        ('["B"]', "row_not_json", ""),
        ('{"id": "B", "x": ' + "[" * 100_000, "row_not_json", ""),
    ],
)
def test_a_bad_json_line_is_a_bad_row(catalog, line, code, column):
    good = '{"id": "A", "image": "a.png", "prompt": "red"}'
    _, bad, last = open_manifest(catalog(f"{good}\n{line}\n{good}\n")).rows()
    assert (bad.line, bad.code, bad.column) == (2, code, column)
    assert "\0" not in "".join(bad.cells.values()).encode().decode()
    assert (last.line, last.code) == (3, "id_duplicate")


def test_a_key_that_stands_twice_in_a_line_is_refused_by_name(catalog):
    good = '{"id": "A", "image": "a.png", "prompt": "red"}'
    double = '{"id": "B", "image": "b.png", "prompt": "red", "x": {"y": 1}, "prompt": "blue", "note": "kept"}'
    first, bad = open_manifest(catalog(f"{good}\n{double}\n")).rows()
    assert isinstance(first, ManifestRow)
    assert (bad.line, bad.id, bad.column, bad.code) == (2, "B", "prompt", "key_double")
    assert bad.reason.startswith("the key 'prompt' stands twice: remove one")
    assert bad.cells["note"] == "kept"


def test_a_json_array_is_refused_with_the_way_out(catalog):
    assert "jq -c" in refusal(catalog('[{"id": 1}]', "catalog.json")).hint


def test_a_catalog_that_goes_away_is_no_crash(catalog):
    path = catalog(HEADER + "A,a.png,red\n")
    manifest = open_manifest(path)
    path.unlink()
    with pytest.raises(InvalidManifest, match="changed while it was read"):
        list(manifest.rows())


def test_a_list_of_images_is_several_images(catalog):
    lines = (
        '{"id": "A", "image": ["a.png", "https://shop.example/b"], "tags": ["x", "y"]}',
        '{"id": "B", "image": ["c.png"]}',
        '{"id": "C", "image": ["d,e.png", "f.png"]}',
        '{"id": "D", "image": []}',
    )
    rows = list(open_manifest(catalog("\n".join(lines)), defaults=RowDefaults(instruction="red")).rows())
    assert [(row.id, row.images) for row in rows[:3]] == [
        ("A", ("a.png",)), ("A/2", ("https://shop.example/b",)), ("B", ("c.png",)),
    ]  # fmt: skip
    assert rows[0].cells["tags"] == '["x", "y"]'
    # A comma in a name would part a cell at the wrong place.
    assert [row.code for row in rows[3:]] == ["value_nested"] * 2


def test_nan_in_json_is_a_value_that_is_missing(catalog):
    (row,) = open_manifest(catalog('{"id": 1, "image": "a.png", "prompt": NaN}')).rows()
    assert (row.code, row.cells["prompt"]) == ("instruction_empty", "")
