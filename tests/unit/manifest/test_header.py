from __future__ import annotations

import codecs

import pytest

from qie_batch.manifest import limits, lines, open_manifest
from qie_batch.manifest.header import HeaderFinder
from qie_batch.model import BadRow, InvalidManifest, ManifestRow, ReadingOptions, RowDefaults

ROW = "A-1,images/a.jpg,make the background white"


def read(path, instruction="", **reading):
    manifest = open_manifest(path, ReadingOptions(**reading), RowDefaults(instruction=instruction))
    return manifest, list(manifest.rows())


@pytest.mark.parametrize("sep", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;", "\ufeffsep=;"])
@pytest.mark.parametrize(
    ("codec", "bom"), [("utf-8", codecs.BOM_UTF8), ("utf-8", b""), ("utf-16-le", codecs.BOM_UTF16_LE)]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_that_tells_excel_the_delimiter_is_taken(catalog, sep, codec, bom, end):
    text = end.join((sep, "id;image;instruction;note", "A-1;a.jpg;make it white;x,y", ""))
    manifest, (row,) = read(catalog(bom + text.encode(codec)))
    assert (row.line, row.id, row.cells["note"]) == (3, "A-1", "x,y")
    assert manifest.understanding.header_line == 2


@pytest.mark.parametrize(
    ("sep", "delimiter", "spelled"), [("sep=,", ",", "comma"), ("sep=\t", "\t", "TAB"), ("sep=|", "|", "'|'")]
)
def test_every_delimiter_may_be_told(catalog, sep, delimiter, spelled):
    text = f"{sep}\r\n" + f"id,image,instruction\r\n{ROW}\r\n".replace(",", delimiter)
    manifest, (row,) = read(catalog(text))
    assert (row.id, manifest.understanding.delimiter) == ("A-1", spelled)


@pytest.mark.parametrize(
    "above", ["Spring catalogue 2026,,,\n,,,\n", "\n\nVersion;3\n\n", "Shop A, Berlin\n2026\n"]
)
def test_titles_above_the_header_are_skipped_and_lines_stay_true(catalog, above):
    manifest, (row,) = read(catalog(f"{above}id,image,instruction\n{ROW}\n"))
    header_line = above.count("\n") + 1
    assert (row.line, row.id) == (header_line + 1, "A-1")
    assert manifest.understanding.header_line == header_line
    assert any("above it skipped" in sentence for sentence in manifest.understanding.sentences())


def test_the_delimiter_is_that_of_the_header_not_of_the_title(catalog):
    _, (row,) = read(catalog("Shoes, bags, hats and more\nid;image;instruction\nA;a.jpg;red\n"))
    assert (row.id, row.images) == ("A", ("a.jpg",))


def test_of_amazons_header_lines_the_names_for_programs_are_the_header(catalog):
    text = (
        "TemplateType=fptcustom\tVersion=2021.1014\tThe top 3 rows are for Amazon.com use only.\t\n"
        "SKU\tMain Image URL\tProduct Name\tColor\n"
        "item_sku\tmain_image_url\titem_name\tcolor_name\n"
        "AMZ-1\timages/a.jpg\tMug\tBlue\nAMZ-2\t\tMug, parent\t\n"
    )
    manifest, (row,) = read(catalog(text, "flat.txt"), instruction="make it white")
    assert (row.line, row.id, row.images) == (4, "AMZ-1", ("images/a.jpg",))
    assert manifest.format == "tsv"
    assert manifest.understanding.left_out == 1


def test_amazons_newer_names_are_understood(catalog):
    text = (
        "settings=feedType=101\tversion\n\n"
        "SKU\tMain Image\n"
        "contribution_sku#1.value\tmain_product_image_locator[marketplace_id=A1]#1.media_location\n"
        "X-1\thttps://img.example/1.jpg\n"
    )
    _, (row,) = read(catalog(text, "flat.txt"), instruction="make it white")
    assert (row.id, row.images) == ("X-1", ("https://img.example/1.jpg",))


def test_a_header_line_can_be_given(catalog):
    path = catalog("id,image,instruction\nx,y,z\nArtikel,Bild\nA-1,a.jpg\n")
    manifest, (row,) = read(path, "white", header_line=3, mapping={"id": "Artikel", "image": "Bild"})
    assert (row.line, row.id, manifest.understanding.skipped) == (4, "A-1", 2)


def test_a_given_header_line_may_stand_far_below(catalog):
    above = "".join(f"note {number}, and more\n" for number in range(300))
    path = catalog(f"{above}Artikel;Bild\nA-1;a.jpg\n")
    _, (row,) = read(path, "white", header_line=301, mapping={"id": "Artikel", "image": "Bild"})
    assert (row.line, row.id) == (302, "A-1")


@pytest.mark.parametrize("line", [2, 9])
def test_a_given_header_line_without_a_row_is_refused(catalog, line):
    with pytest.raises(InvalidManifest, match=f"no row begins on line {line}, which --header-line names"):
        read(catalog(f"id,image,instruction\n\n{ROW}\n"), header_line=line)


def test_an_unknown_header_is_refused_by_its_own_names_and_no_row_is_taken_for_it(catalog):
    with pytest.raises(InvalidManifest, match="it has: Artikel, Bild, Größe") as caught:
        read(catalog("Artikel,Bild,Größe\nid,a.jpg,M\nsize,b.jpg,L\n"), "white")
    assert "--header-line N" in caught.value.hint


def test_mapped_names_are_known_names(catalog):
    path = catalog("Liste 2026\n\nArtikel;Foto\nA-1;a.jpg\n")
    _, (row,) = read(path, "white", mapping={"id": "artikel", "image": "Foto"})
    assert (row.line, row.id) == (4, "A-1")


def test_rows_below_the_first_twenty_are_no_header(catalog):
    notes = "".join(f"note {number}\n" for number in range(20))
    with pytest.raises(InvalidManifest, match="it has: note 0"):
        read(catalog(f"{notes}id,image,instruction\n{ROW}\n"))


def test_two_byte_order_marks_are_no_part_of_the_first_name(catalog):
    manifest, (row,) = read(catalog(f"\ufeff\ufeffid,image,instruction\n{ROW}\n"))
    assert (manifest.header[0], row.id) == ("id", "A-1")
    _, (row,) = read(catalog('\ufeff\ufeff{"id": "A", "image": "a.jpg", "prompt": "red"}\n', "a.jsonl"))
    assert row.id == "A"


def test_a_space_before_a_quote_is_no_part_of_the_cell(catalog):
    text = 'id, "image", "instruction"\nA, "a, b.jpg", "make it ""red"", please"\nB,b.jpg, blue\n'
    _, (first, second) = read(catalog(text))
    assert (first.images, first.params.instruction) == (("a, b.jpg",), 'make it "red", please')
    assert second.params.instruction == "blue"


def test_a_composed_name_of_a_header_is_its_decomposed_one(catalog):
    path = catalog("id,image,Größe,prompt\nA,a.jpg,42,size {Größe}\n".replace("ö", "o\u0308", 1))
    _, (row,) = read(path)
    assert row.params.instruction == "size 42"


def test_any_rows_of_cells_can_be_searched_for_a_header():
    rows = iter([(1, ["Prices"]), (4, ["SKU", "Image Src", "note", "note", ""]), (5, ["1", "a.jpg"])])
    found = HeaderFinder(mapping={}).find("book.xlsx", rows)
    assert (found.line, found.skipped, found.width) == (4, 1, 5)
    assert found.keys == ("SKU", "Image Src", "note", "note (2)")
    assert found.names == ("SKU", "Image Src", "note", "note")


def test_too_many_blank_lines_are_refused(catalog, monkeypatch):
    assert limits.MAX_BLANK_LINES == 2_000_000
    monkeypatch.setattr(lines, "MAX_BLANK_LINES", 10)
    path = catalog(f"id,image,instruction\n{ROW}\n" + "\n" * 11)
    with pytest.raises(InvalidManifest, match="more than 10 blank lines"):
        read(path)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("A,a.jpg,red", ManifestRow),
        ("A,a.jpg,red,blue", ManifestRow),
        ("A,a.jpg", BadRow),
        ("A,a.jpg,red,blue,note", BadRow),
    ],
)
def test_missing_cells_matter_where_something_uses_them(catalog, row, kind):
    _, (read_row,) = read(catalog(f"id,image,instruction,colour\n{row}\n"))
    assert isinstance(read_row, kind)


def test_a_missing_cell_that_a_template_asks_for_is_an_error(catalog):
    _, (row,) = read(catalog("id,image,colour\nA,a.jpg\n"), "make it {colour}")
    assert (row.code, row.reason) == (
        "row_ragged",
        "the row has 2 cells where the header has 3: a cell is missing",
    )


def test_cells_too_many_matter_unless_all_that_is_used_stands_before_them(catalog):
    text = "id,image,title,price\nA,a.jpg,Mug, blue,9\n"
    _, (row,) = read(catalog(text), "make it white")
    assert (row.id, row.images, row.cells["price"]) == ("A", ("a.jpg",), " blue,9")
    _, (row,) = read(catalog(text), "make it {title}")
    assert row.code == "row_ragged"
    _, (row,) = read(catalog("id,image,title\nA,B,a.jpg,Mug\n"), "make it white")
    assert row.code == "row_ragged"


def test_values_of_jsonl_that_nothing_uses_may_be_nested(catalog):
    text = '{"id": "A", "image": "a.jpg", "prompt": "red", "tags": ["x"], "x": 1, "x": 2}\n'
    _, (row,) = read(catalog(text, "a.jsonl"))
    assert (row.id, row.cells["tags"], row.cells["x"]) == ("A", '["x"]', "2")
    _, (row,) = read(catalog(text.replace("red", "{tags}"), "a.jsonl"))
    assert (row.code, row.reason) == ("value_nested", "'tags' holds a nested value: write a text or a number")


@pytest.mark.parametrize("title", ["[Spring 2026]", "{Export}", "{", "[1] shoes"])
def test_a_title_in_brackets_is_no_json(tmp_path, title):
    path = tmp_path / "catalog.csv"
    path.write_text(f"{title} of the shop\nid,image,instruction\n1,a.jpg,red\n", encoding="utf-8")
    (row,) = open_manifest(path).rows()
    assert row.id == "1"


def test_a_row_that_explains_the_columns_is_not_the_header(tmp_path):
    path = tmp_path / "catalog.csv"
    path.write_text("id,image,instruction\nSKU,Image URL,Text\n1,a.jpg,red\n", encoding="utf-8")
    manifest = open_manifest(path)
    assert manifest.understanding.header_line == 1
    assert [row.id for row in manifest.rows()] == ["SKU", "1"]


def test_a_row_of_data_that_holds_the_words_of_headers_is_no_header(tmp_path):
    path = tmp_path / "catalog.csv"
    path.write_text("id,image,title\n1,sku,url\n2,images,handle\n3,handle,images\n", encoding="utf-8")
    manifest = open_manifest(path, defaults=RowDefaults(instruction="red"))
    assert [row.id for row in manifest.rows()] == ["1", "2", "3"]


def test_a_kept_general_word_is_not_proposed(tmp_path):
    path = tmp_path / "catalog.csv"
    path.write_text("id,url,title\n1,https://shop.example/p/1,x\n", encoding="utf-8")
    with pytest.raises(InvalidManifest) as caught:
        open_manifest(path, defaults=RowDefaults(instruction="red"))
    assert "Did you mean" not in caught.value.hint
    assert "write --map image=url to use it" in caught.value.hint
