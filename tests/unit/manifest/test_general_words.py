from __future__ import annotations

import pytest

from qie_batch.manifest import ErrorsWriter, Extras, RowOutcome, open_manifest
from qie_batch.model import BadRow, InvalidManifest, ReadingOptions, RowDefaults


@pytest.fixture
def read(tmp_path):
    def read(text, instruction="", **mapping):
        path = tmp_path / "catalog.csv"
        path.write_text(text)
        manifest = open_manifest(path, ReadingOptions(mapping=mapping), RowDefaults(instruction=instruction))
        return [str(kept) for kept in manifest.understanding.kept], list(manifest.rows())

    return read


def test_a_size_of_clothes_is_the_users_and_the_summary_says_so(read):
    text = "id,title,image_link,size\nA,Shirt,a.jpg,\nB,Shirt,a.jpg,M\nC,Shirt,a.jpg,42\n"
    kept, rows = read(text, "make it white")
    assert kept == ["column 'size' is kept as yours: line 3 says 'M'; write --map size=size to use it"]
    assert [row.params.size for row in rows] == [None] * 3
    assert [row.cells["size"] for row in rows] == ["", "M", "42"]


@pytest.mark.parametrize("instruction", ["", ",prompt"])
def test_a_size_in_centimetres_makes_no_thumbnail_and_a_number_of_variants_no_second_result(
    read, instruction
):
    cell = ",make it white" if instruction else ""
    text = (
        f"id,title,image_link,size,variants{instruction}\n"
        f"A,Pillow,a.jpg,80x80,2{cell}\nB,Sheet,a.jpg,140x200,2{cell}\n"
    )
    kept, rows = read(text, "" if instruction else "make it white")
    assert [(row.params.size, row.variants) for row in rows] == [(None, 1)] * 2
    assert len(kept) == 2


def test_a_size_in_pixels_is_ours_beside_an_instruction(read):
    kept, (row,) = read("id,title,image,prompt,size,variants\nA,Mug,a.jpg,white,1024x768,2\n")
    assert (kept, row.params.size, row.variants) == ([], (1024, 768), 2)
    kept, (row,) = read("id,image,instruction,size\nA,a.jpg,white,192x128\n")
    assert (kept, row.params.size) == ([], (192, 128))


def test_a_word_without_an_instruction_beside_it_is_the_users(read):
    kept, (row,) = read("id,title,image,steps,priority\nA,Ladder,a.jpg,5,high\n", "make it white")
    assert (row.params.steps, row.priority) == (None, None)
    assert all("without a column 'instruction'" in sentence for sentence in kept)


def test_a_column_can_be_insisted_on_and_then_a_wrong_cell_is_an_error(read):
    kept, rows = read("id,title,image,size\nA,x,a.jpg,80x80\nB,x,a.jpg,M\n", "white", size="size")
    assert (kept, rows[0].params.size, rows[1].code) == ([], (80, 80), "size_invalid")


def test_a_column_can_be_switched_off(read):
    kept, (row,) = read("id,image,prompt,size\nA,a.jpg,white,1024x768\n", size="")
    assert (kept, row.params.size) == ([], None)
    with pytest.raises(InvalidManifest, match="no column 'id'"):
        read("id,image,prompt\nA,a.jpg,white\n", id="")


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        ("a.jpg,photos/b.PNG", False),
        ("https://cdn.example/a.jpg?v=2,s3://shop/b.webp", False),
        ("https://shop.example/products/a,https://shop.example/products/b", True),
        ("a.jpg,no picture", True),
    ],
)
def test_an_url_is_an_image_where_every_cell_names_one(read, cells, kept):
    first, second = cells.split(",")
    text = f"id,url,prompt\nA,{first},white\nB,{second},white\n"
    if kept:
        with pytest.raises(InvalidManifest, match="no column 'image'") as caught:
            read(text)
        assert "column 'url' is kept as yours: line" in caught.value.hint
    else:
        assert [row.images for row in read(text)[1]] == [(first,), (second,)]


def test_an_image_column_precedes_an_url_of_the_products_page(read):
    _, (row,) = read("id,url,image\nA,https://shop.example/a.jpg,b.jpg\n", "white")
    assert row.images == ("b.jpg",)


def test_an_edit_is_an_instruction_where_every_cell_is_a_sentence(read):
    kept, (row,) = read("id,image,edit\nA,a.jpg,make it white\n")
    assert (kept, row.params.instruction) == ([], "make it white")
    kept, (row,) = read("id,image,edit\nA,a.jpg,https://shop.example/admin/1\n", "make it red")
    assert (len(kept), row.params.instruction) == (1, "make it red")


def test_a_negative_of_yes_and_no_is_the_users(read):
    kept, (row,) = read("id,image,prompt,negative\nA,a.jpg,white,no\n")
    assert (len(kept), row.params.negative) == (1, " ")


def test_words_of_image_models_are_ours_beside_an_instruction(read):
    _, (row,) = read("id,image,prompt,cfg\nA,a.jpg,white,lots\n")
    assert isinstance(row, BadRow)
    assert row.code == "cfg_invalid"


@pytest.mark.parametrize(("rest", "variants"), [("9 colours", 1), ("3", 2)])
def test_an_errors_csv_means_what_the_whole_catalog_meant(tmp_path, rest, variants):
    path, errors = tmp_path / "catalog.csv", tmp_path / "errors.csv"
    path.write_text(f"id,image,prompt,variants\nA,a.jpg,red,2\nB,b.jpg,red,{rest}\n")
    manifest = open_manifest(path)
    for _ in range(2):  # what fails twice, too
        extras = Extras(own=manifest.own, image=manifest.columns["image"], words=manifest.words)
        failed, *_ = manifest.rows()
        with errors.open("w", encoding="utf-8", newline="") as stream:
            outcome = RowOutcome(status="failed", error_code="x", error="y")
            ErrorsWriter(stream, manifest.header, "", extras).write(failed.cells, outcome)
        manifest = open_manifest(errors)
        (row,) = manifest.rows()
        assert row.variants == variants


@pytest.mark.parametrize(
    ("mapping", "size"),
    [({"size": ""}, None), ({"size": "size"}, (80, 80)), ({"size": "Pixels: w x h"}, (900, 900))],
)
def test_an_errors_csv_remembers_what_was_mapped(tmp_path, mapping, size):
    path = tmp_path / "catalog.csv"
    path.write_text('id,image,prompt,title,size,"Pixels: w x h"\nA,a.jpg,white,x,80x80,900x900\n')
    manifest = open_manifest(path, ReadingOptions(mapping=mapping))
    (row,) = manifest.rows()
    assert row.params.size == size
    for _ in range(2):
        errors = tmp_path / "errors.csv"
        with errors.open("w", encoding="utf-8", newline="") as stream:
            extras = Extras(own=manifest.own, image=manifest.columns["image"], words=manifest.words)
            writer = ErrorsWriter(stream, manifest.header, "", extras)
            writer.write(row.cells, RowOutcome(status="failed", error_code="x", error="y"))
        manifest = open_manifest(errors)
        (row,) = manifest.rows()
        assert row.params.size == size


def test_a_mapping_given_anew_precedes_the_one_remembered(tmp_path):
    path = tmp_path / "errors.csv"
    path.write_text("id,image,prompt,title,size,px,qie_words\nA,a.jpg,white,x,900x900,80x80,size:px\n")
    (row,) = open_manifest(path, ReadingOptions(mapping={"size": "size"})).rows()
    assert row.params.size == (900, 900)
    # A header that is no longer there is forgotten.
    path.write_text("id,image,prompt,title,size,qie_words\nA,a.jpg,white,x,900x900,size:px\n")
    (row,) = open_manifest(path).rows()
    assert row.params.size == (900, 900)


@pytest.mark.parametrize("label", ["Edit", "Edit product", "edit this item", "编辑", "编辑商品"])
def test_the_label_of_a_link_is_no_instruction(read, label):
    kept, (row,) = read(f"id,image,edit\nA,a.jpg,{label}\n", "make it red")
    assert (len(kept), row.params.instruction) == (1, "make it red")


def test_an_edit_that_says_what_to_change_is_an_instruction(read):
    kept, (row,) = read("id,image,edit\nA,a.jpg,Edit out the price tag\n")
    assert (kept, row.params.instruction) == ([], "Edit out the price tag")
