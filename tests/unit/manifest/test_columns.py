from __future__ import annotations

import pytest

from qie_batch.manifest import COLUMNS, open_manifest
from qie_batch.model import InvalidManifest, ManifestRow, ReadingOptions, RowDefaults


def refusal(path, **options):
    with pytest.raises(InvalidManifest) as caught:
        open_manifest(path, ReadingOptions(**options))
    return caught.value


@pytest.mark.parametrize("header", ["id", *COLUMNS["id"], "SKU", "variant sku", " Sku "])
def test_every_alias_of_id_is_understood_whatever_its_case_and_spaces(catalog, header):
    manifest = open_manifest(catalog(f"{header},image,instruction\nA,a.png,red\n"))
    assert [row.id for row in manifest.rows()] == ["A"]


@pytest.mark.parametrize("header", ["image", *COLUMNS["image"]])
def test_every_alias_of_image_is_understood(catalog, header):
    manifest = open_manifest(catalog(f'id,"{header}",指令\nA,a.png,red\n'))
    assert [row.images for row in manifest.rows()] == [("a.png",)]


def test_a_misspelt_column_is_recognised_and_the_mend_is_named(catalog):
    error = refusal(catalog("id,imgae,prompt\nA,a.png,red\n"))
    assert error.message.startswith("catalog.csv has no column 'image' (or image_link, ")
    assert error.message.endswith("it has: id, imgae, prompt")
    assert error.hint == "Did you mean 'imgae'? Rename it to 'image' or pass --map image=imgae"


def test_every_missing_column_is_named_at_once(catalog):
    error = refusal(catalog("colour\nred\n"))
    assert all(f"no column '{column}'" in error.message for column in ("id", "image", "instruction"))
    assert "--map id=HEADER" in error.hint
    assert "--instruction TEXT" in error.hint
    assert "comma, semicolon or TAB" in error.hint


def test_a_hint_can_be_pasted_into_a_shell(catalog):
    error = refusal(catalog("id,Images Src,prompt\nA,a.png,red\n"))
    assert "--map 'image=Images Src'" in error.hint


def test_two_headers_of_one_meaning_are_refused_until_mapped(catalog):
    path = catalog("id,SKU,image,prompt\nA,B,a.png,red\n")
    error = refusal(path)
    assert error.message == "catalog.csv has 2 columns that mean 'id': id, SKU"
    assert error.hint == "Say which one to use: --map id=id"
    (row,) = open_manifest(path, ReadingOptions(mapping={"id": "sku"})).rows()
    assert row.id == "B"
    assert row.cells == {"id": "A", "SKU": "B", "image": "a.png", "prompt": "red"}


@pytest.mark.parametrize("double", ["image,Image ", "image,prompt,prompt", "size,image,size"])
def test_a_name_of_two_columns_is_refused_with_both_places_where_it_means_something(catalog, double):
    header = f"id,{double},prompt" if "prompt" not in double else f"id,{double}"
    path = catalog(f"{header}\n{'x,' * header.count(',')}x\n")
    mapping = {"size": "size"} if "size" in double else {}
    assert " has two columns named " in refusal(path, mapping=mapping).message


def test_a_name_of_two_columns_that_nothing_uses_is_no_error_and_both_come_back(catalog):
    manifest = open_manifest(catalog("id,image,prompt,Colour,,colour ,\nA,a.png,red,x,,y,\n"))
    (row,) = manifest.rows()
    assert manifest.names == ("id", "image", "prompt", "Colour", "", "colour ")
    assert [row.cells[key] for key in manifest.header] == ["A", "a.png", "red", "x", "", "y"]


def test_a_placeholder_cannot_say_which_of_two_columns(catalog):
    (row,) = open_manifest(catalog("id,image,prompt,colour,colour\nA,a.png,{colour},x,y\n")).rows()
    assert row.reason == "{colour} names two columns, column 4 and column 5: rename or remove one of them"


def test_a_map_to_a_header_that_is_not_there_is_refused(catalog):
    error = refusal(catalog("id,photo,prompt\nA,a.png,red\n"), mapping={"image": "foto"})
    assert error.message == "--map image=foto: catalog.csv has no column 'foto'; it has: id, photo, prompt"
    assert error.hint == "Did you mean 'photo'?"


def test_a_map_of_an_unknown_column_is_refused(catalog):
    error = refusal(catalog("id,photo,prompt\nA,a.png,red\n"), mapping={"imag": "photo"})
    assert "'imag' that qie-batch does not know" in error.message
    assert error.hint == "Did you mean 'image'?"


def test_one_header_may_serve_two_columns_if_mapped(catalog):
    (row,) = open_manifest(
        catalog("image,prompt\na.png,red\n"), ReadingOptions(mapping={"id": "image"})
    ).rows()
    assert (row.id, row.images) == ("a.png", ("a.png",))


def test_no_instruction_column_is_needed_where_the_job_has_an_instruction(catalog):
    manifest = open_manifest(catalog("id,image\nA,a.png\n"), defaults=RowDefaults(instruction="make it red"))
    assert [row.params.instruction for row in manifest.rows()] == ["make it red"]


def test_unknown_columns_are_kept_in_order_and_own_columns_dropped(catalog):
    text = "Price,id,qie_status,image,prompt,QIE_error\n9,A,failed,a.png,red,oops\n"
    manifest = open_manifest(catalog(text))
    assert manifest.header == ("Price", "id", "image", "prompt")
    (row,) = manifest.rows()
    assert isinstance(row, ManifestRow)
    assert list(row.cells.items()) == [("Price", "9"), ("id", "A"), ("image", "a.png"), ("prompt", "red")]


def test_an_index_column_without_a_name_is_tolerated(catalog):
    manifest = open_manifest(catalog(",id,image,prompt\n0,A,a.png,red\n"))
    assert [row.id for row in manifest.rows()] == ["A"]
