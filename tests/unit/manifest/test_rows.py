from __future__ import annotations

import csv

import pytest

from qie_batch.manifest import open_manifest
from qie_batch.manifest.stored import parse_row, row_line
from qie_batch.model import (
    BadRow,
    EditParams,
    ManifestRow,
    OutputFormat,
    Priority,
    ReadingOptions,
    RowDefaults,
)

PRESETS = ("reference", "balanced", "fast", "draft")
GOOD = {"id": "A", "image": "a.png", "instruction": "make it red"}


@pytest.fixture
def read(tmp_path):
    """The rows of a catalog with these cells; each row may name other columns."""

    def read(*rows, instruction="", insist=()):
        header = list(dict.fromkeys(name for row in rows for name in row))
        path = tmp_path / "catalog.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, header, restval="")
            writer.writeheader()
            writer.writerows(rows)
        reading = ReadingOptions(mapping={name: name for name in insist})
        defaults = RowDefaults(instruction=instruction)
        return list(open_manifest(path, reading, defaults, PRESETS).rows())

    return read


def test_what_a_row_leaves_out_is_the_jobs_choice(read):
    (row,) = read({**GOOD, "steps": "", "negative": " ", "ref_image_3": ""})
    assert row == ManifestRow(
        line=2,
        id="A",
        images=("a.png",),
        params=EditParams(instruction="make it red", output=OutputFormat.AUTO),
        cells=row.cells,
    )
    assert row.params.negative == " "


def test_every_override_is_read(read):
    overrides = {
        "preset": "Fast", "steps": "20.0", "cfg": "4,5", "seed": "4294967295", "size": " 1024 x 768 ",
        "variants": "8", "priority": "HIGH", "output": "jpg", "negative_prompt": "blurry",
        "ref_image_2": "s3://shop/logo.png", "ref_image_3": "b.png", "keep_alpha": "yes",
        "lora": "Winter",
    }  # fmt: skip
    (row,) = read({**GOOD, **overrides})
    assert (row.params.preset, row.params.steps, row.params.cfg, row.params.seed, row.params.size) == (
        "fast",
        20,
        4.5,
        2**32 - 1,
        (1024, 768),
    )
    assert (row.variants, row.priority, row.params.output) == (8, Priority.HIGH, OutputFormat.JPEG)
    assert (row.params.keep_alpha, row.params.lora_name) == (True, "winter")
    assert (row.params.negative, row.images) == ("blurry", ("a.png", "s3://shop/logo.png", "b.png"))


@pytest.mark.parametrize("size", ["640x480", "640\u00d7480", "640*480", "640X480"])
def test_a_size_may_be_written_in_each_usual_way(read, size):
    assert read({**GOOD, "size": size})[0].params.size == (640, 480)


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("Yes", True), ("TRUE", True), ("1", True), ("是", True), ("no", False), ("false", False), ("", True)],
)
@pytest.mark.parametrize("header", ["keep_alpha", "Keep Transparency", "保留透明"])
def test_whether_alpha_is_kept_may_be_written_in_each_usual_way(tmp_path, header, cell, kept):
    path = tmp_path / "m.csv"
    path.write_text(f"id,image,instruction,{header}\nA,a.png,make it red,{cell}\n", encoding="utf-8")
    (row,) = open_manifest(path, defaults=RowDefaults(keep_alpha=True)).rows()
    assert row.params.keep_alpha is kept
    assert parse_row(row_line(row)) == row


@pytest.mark.parametrize(
    ("column", "cell", "code", "advice"),
    [
        ("id", " ", "id_missing", "give it one of its own"),
        ("id", "x" * 201, "id_invalid", "shorten it to 200"),
        ("id", "a\tb", "id_invalid", "holds a control character"),
        ("image", "", "image_missing", "write its path, https:// or s3://bucket/key"),
        ("image", "file:///shop/a.png", "image_address", "leave out file://"),
        ("image", "//cdn.example/a.png", "image_address", "write https: before it"),
        ("image", "gs://shop/a.png", "image_address", "s3://bucket/key"),
        ("image", "data:image/png;base64,AAAA", "image_address", "is not a path"),
        ("image", "s3://shop", "image_address", "write s3://bucket/key"),
        ("image", "s3://shop/folder/", "image_address", "write s3://bucket/key"),
        ("ref_image_2", "ftp://shop.example/a.png", "image_address", "write a path, https://"),
        ("ref_image_2", "a.png, b.png", "image_address", "names 2 pictures: write one picture in a cell"),
        ("instruction", "", "instruction_empty", "say what to change"),
        ("instruction", "{note}", "instruction_empty", "say what to change"),
        ("instruction", "make it {color}", "placeholder_unknown", "the row has {id}, {image}"),
        ("instruction", "make it {instruction}", "placeholder_unknown", "{instruction} is no column"),
        ("instruction", "a } b", "placeholder_unknown", "write }} for a plain brace"),
        ("negative", "{nope}", "placeholder_unknown", "{nope} is no column"),
        ("preset", "best", "preset_invalid", "write one of reference, balanced, fast, draft"),
        ("steps", "0", "steps_invalid", "write a whole number from 1 to 100"),
        ("steps", "many", "steps_invalid", "'steps' is 'many'"),
        ("steps", "2.5", "steps_invalid", "whole number"),
        ("cfg", "20.1", "cfg_invalid", "write a number from 0 to 20"),
        ("cfg", "nan", "cfg_invalid", "write a number from 0 to 20"),
        ("seed", "-1", "seed_invalid", "from 0 to 4294967295"),
        ("seed", "4294967296", "seed_invalid", "from 0 to 4294967295"),
        ("size", "1024", "size_invalid", "such as 1024x768"),
        ("size", "63x4096", "size_invalid", "each from 64 to 4096"),
        ("variants", "9", "variants_invalid", "from 1 to 8"),
        ("priority", "urgent", "priority_invalid", "write one of high, normal, low"),
        ("priority", "interactive", "priority_invalid", "write one of high, normal, low"),
        ("output", "gif", "output_invalid", "write one of png, jpeg, webp, same, jpg"),
        ("keep_alpha", "perhaps", "keep_alpha_invalid", "write yes or no"),
    ],
)
def test_a_wrong_cell_is_named_with_what_to_do(read, column, cell, code, advice):
    (row,) = read({**GOOD, "note": "", column: cell}, insist=[column])
    assert isinstance(row, BadRow)
    assert (row.line, row.column, row.code) == (2, column, code)
    assert advice in row.reason
    assert row.cells[column] == cell


def test_all_faults_of_a_row_are_told_at_once(read):
    (row,) = read({**GOOD, "image": "", "steps": "x", "cfg": "y"}, insist=["steps"])
    assert (row.column, row.code) == ("image", "image_missing")
    assert row.reason == (
        "the row names no picture: write its path, https:// or s3://bucket/key"
        "; 'steps' is 'x': write a whole number from 1 to 100"
        "; 'cfg' is 'y': write a number from 0 to 20"
    )


def test_the_wrong_cell_is_named_by_the_files_own_header(read):
    (row,) = read({"SKU": "A", "Image Src": "ftp://x/a.png", "prompt": "red"})
    assert row.column == "Image Src"
    assert str(row).startswith("line 2, column 'Image Src', id 'A': ")


def test_a_double_id_names_both_lines_and_spoils_the_later_row_only(read):
    rows = read(GOOD, {**GOOD, "id": "B"}, {**GOOD, "id": " A "}, GOOD)
    assert [type(row) for row in rows] == [ManifestRow, ManifestRow, BadRow, BadRow]
    assert (rows[2].code, rows[2].column, rows[2].id) == ("id_duplicate", "id", "A")
    assert rows[2].reason == "the id is on line 2 and again on line 4: give each row its own"
    assert "line 2 and again on line 5" in rows[3].reason


def test_rows_can_be_read_twice_and_side_by_side(tmp_path):
    path = tmp_path / "catalog.csv"
    path.write_text("id,image,prompt\nA,a.png,red\nB,b.png,blue\n")
    manifest = open_manifest(path)
    pairs = list(zip(manifest.rows(), manifest.rows(), strict=True))
    assert [(one.id, two.id) for one, two in pairs] == [("A", "A"), ("B", "B")]


def test_placeholders_take_headers_and_columns_in_any_case(read):
    row = {"SKU": "A", "image": "a.png", "prompt": "{{{sku}}} {ID}: { Colour } on {image}", "colour": "red"}
    assert read(row)[0].params.instruction == "{A} A: red on a.png"


def test_a_placeholder_is_filled_once(read):
    assert read({**GOOD, "instruction": "write {note}", "note": "{id}"})[0].params.instruction == "write {id}"


def test_the_negative_is_filled_and_never_empty(read):
    rows = read({**GOOD, "negative": "no {note}", "note": "x"}, {**GOOD, "id": "B", "negative": "{note}"})
    assert [row.params.negative for row in rows] == ["no x", " "]


def test_the_jobs_instruction_stands_in_for_an_empty_one(read):
    rows = read(GOOD, {**GOOD, "id": "B", "instruction": "  "}, instruction="paint {id}")
    assert [row.params.instruction for row in rows] == ["make it red", "paint B"]


def test_an_escaped_cell_is_restored_and_a_plain_quote_is_kept(read):
    (row,) = read({**GOOD, "instruction": "'-20% on a sign", "a": "'quoted'", "b": "'=1", "c": "''=1"})
    assert row.params.instruction == "-20% on a sign"
    assert [row.cells[name] for name in "abc"] == ["'quoted'", "=1", "'=1"]


@pytest.mark.parametrize(
    ("folder", "image", "resolved"),
    [
        ("/data/shop", "img/a.png", "/data/shop/img/a.png"),
        ("/data/shop/", "../a.png", "/data/shop/../a.png"),
        ("s3://shop/may", "img/a.png", "s3://shop/may/img/a.png"),
        ("/data/shop", "/a.png", "/a.png"),
        ("/data/shop", "s3://other/a.png", "s3://other/a.png"),
        ("/data/shop", "HTTPS://cdn.shop.com/a.png", "HTTPS://cdn.shop.com/a.png"),
        ("", "a.png", "a.png"),
    ],
)
def test_pictures_of_a_returned_row_start_where_they_did(read, folder, image, resolved):
    (row,) = read({**GOOD, "image": image, "ref_image_2": "b.png", "qie_folder": folder})
    assert row.images[0] == resolved
    assert row.images[1] == (f"{folder.rstrip('/')}/b.png" if folder else "b.png")
    assert row.cells["image"] == image
