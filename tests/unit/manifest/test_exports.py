from __future__ import annotations

import csv
import time

import pytest

from qie_batch.manifest import ErrorsWriter, Extras, ResultsWriter, RowOutcome, open_manifest
from qie_batch.manifest.image_lists import images_of
from qie_batch.model import BadRow, InvalidManifest, ReadingOptions, RowDefaults

WHITE = RowDefaults(instruction="make it white")
FAILED = RowOutcome(status="failed", error_code="image_missing", error="it is not there")
SHOPIFY = (
    "Handle,Title,Option1 Value,Variant SKU,Image Src,Image Position\n"
    "mug,Mug,Blue,MUG-B,images/a.jpg,1\n"
    "mug,,Red,MUG-R,images/b.jpg,2\n"
    "mug,,Green,MUG-G,,\n"
    "mug,,,,images/c.jpg,3\n"
    "cap,Cap,Default Title,,images/d.jpg,1\n"
)
WOO = (
    "ID,Type,SKU,Name,Images\n"
    '101,simple,WC-1,Mug,"images/a.jpg, images/b.jpg"\n'
    "102,simple,,Cap,https://shop.example/c.jpg\n"
    "103,variation,WC-3,Cap,\n"
)


def ids(rows):
    return [(row.id, row.images) for row in rows]


def test_further_images_of_a_shopify_product_have_ids_of_their_own(catalog):
    manifest = open_manifest(catalog(SHOPIFY), defaults=WHITE)
    assert ids(manifest.rows()) == [
        ("mug", ("images/a.jpg",)),
        ("mug/2", ("images/b.jpg",)),
        ("mug/3", ("images/c.jpg",)),
        ("cap", ("images/d.jpg",)),
    ]
    assert (manifest.understanding.left_out, manifest.understanding.images) == (1, 4)


def test_shopifys_newer_names_mean_the_same(catalog):
    text = SHOPIFY.replace("Handle", "URL handle").replace("Image Src", "Product image URL")
    text = text.replace("Variant SKU", "SKU")
    rows = open_manifest(catalog(text), defaults=WHITE).rows()
    assert [row.id for row in rows] == ["mug", "mug/2", "mug/3", "cap"]


def test_a_mapped_handle_is_numbered_as_well(catalog):
    reading = ReadingOptions(mapping={"id": "Handle", "image": "Image Src"})
    rows = open_manifest(catalog(SHOPIFY), reading, WHITE).rows()
    assert [row.id for row in rows] == ["mug", "mug/2", "mug/3", "cap"]


def test_what_is_said_of_a_product_once_holds_for_its_further_images(catalog):
    defaults = RowDefaults(instruction="write {Title} {Option1 Value}")
    rows = open_manifest(catalog(SHOPIFY), defaults=defaults).rows()
    assert [row.params.instruction for row in rows] == [
        "write Mug Blue", "write Mug Red", "write Mug", "write Cap Default Title",
    ]  # fmt: skip


def test_several_images_in_a_cell_have_ids_of_their_own(catalog):
    manifest = open_manifest(catalog(WOO), defaults=RowDefaults(instruction="{Images}"))
    rows = list(manifest.rows())
    assert ids(rows) == [
        ("WC-1", ("images/a.jpg",)),
        ("WC-1/2", ("images/b.jpg",)),
        ("102", ("https://shop.example/c.jpg",)),
    ]
    assert [row.line for row in rows] == [2, 2, 3]
    assert rows[1].params.instruction == "images/b.jpg"
    assert manifest.understanding.hosts == {"shop.example": 1}
    assert manifest.understanding.left_out == 1


def test_an_id_and_an_sku_are_still_two_ids_in_other_tables(catalog):
    with pytest.raises(InvalidManifest, match="2 columns that mean 'id': ID, SKU"):
        open_manifest(catalog("ID,SKU,image\n1,A,a.jpg\n"), defaults=WHITE)


def test_an_additional_image_of_googles_feed_may_be_repeated(catalog):
    text = (
        "id\ttitle\timage link\tadditional image link\tadditional image link\tsize\n"
        "A-1\tShirt\timages/a.jpg\thttps://cdn.example/b.jpg\thttps://cdn.example/c.jpg\tM\n"
    )
    manifest = open_manifest(catalog(text, "feed.tsv"), defaults=WHITE)
    (row,) = manifest.rows()
    assert (row.id, row.images) == ("A-1", ("images/a.jpg",))
    assert [row.cells[key] for key in manifest.header][3:5] == [
        "https://cdn.example/b.jpg",
        "https://cdn.example/c.jpg",
    ]
    assert manifest.names[3:5] == ("additional image link",) * 2


@pytest.mark.parametrize(
    ("cell", "images"),
    [
        ("a.jpg", 1),
        (" a.jpg", 1),
        ("a, b.jpg", 1),
        ("comma,name.jpg", 1),
        ("semi;colon.jpg", 1),
        ("new\nline.jpg", 1),
        ("two words.jpg", 1),
        ("https://cdn.example/w_100,h_100/a.jpg", 1),
        ("https://cdn.example/a b.jpg", 1),
        ("a.jpg,b.PNG", 2),
        ("a.jpg|b.jpg|c.webp", 3),
        ("a.jpg\nb.jpg", 2),
        ("a.jpg; b.jpg", 2),
        ("https://cdn.example/w_1,h_1/a, https://cdn.example/b", 2),
        ("https://cdn.example/a\nhttps://cdn.example/b", 2),
        ("https://cdn.example/a.jpg,", 1),
        ("s3://shop/a.jpg,s3://shop/b.jpg", 2),
    ],
)
def test_a_cell_names_several_images_only_if_each_part_does(cell, images):
    assert len(images_of(cell)) == images


def test_a_name_with_a_comma_that_exists_is_one_image(catalog):
    path = catalog('id,image,prompt\nA,"a.jpg, b.jpg",red\n')
    (row,) = open_manifest(path, exists=lambda name: name == "a.jpg, b.jpg").rows()
    assert row.images == ("a.jpg, b.jpg",)
    assert [row.id for row in open_manifest(path).rows()] == ["A", "A/2"]


@pytest.mark.parametrize("text", [SHOPIFY, WOO])
def test_the_failed_rows_come_back_under_the_same_ids_and_no_others(catalog, tmp_path, text):
    manifest = open_manifest(catalog(text), defaults=WHITE)
    failed = list(manifest.rows())[1:]
    path = tmp_path / "errors.csv"
    extras = Extras(names=manifest.names, own=manifest.own, image=manifest.columns["image"])
    for _ in range(2):  # what fails twice, too
        with path.open("w", encoding="utf-8", newline="") as stream:
            errors = ErrorsWriter(stream, manifest.header, "", extras)
            for row in failed:
                errors.write(row.cells, FAILED)
        again = list(open_manifest(path, defaults=WHITE).rows())
        assert ids(again) == ids(failed)


def test_a_mended_cell_is_the_one_that_counts(catalog, tmp_path):
    manifest = open_manifest(catalog(WOO), defaults=WHITE)
    path = tmp_path / "errors.csv"
    extras = Extras(own=manifest.own, image=manifest.columns["image"])
    with path.open("w", encoding="utf-8", newline="") as stream:
        ErrorsWriter(stream, manifest.header, "", extras).write(list(manifest.rows())[1].cells, FAILED)
    path.write_text(path.read_text(encoding="utf-8").replace("b.jpg", "bb.jpg"), encoding="utf-8")
    assert ids(open_manifest(path, defaults=WHITE).rows()) == [("WC-1/2", ("images/bb.jpg",))]


def test_results_say_which_image_of_a_cell_they_are_of(catalog, tmp_path):
    manifest = open_manifest(catalog(WOO), defaults=WHITE)
    path = tmp_path / "results.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        results = ResultsWriter(stream, manifest.header, Extras(own=manifest.own))
        for row in manifest.rows():
            results.write(row.cells, FAILED)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [(line["Images"], line["qie_id"], line["qie_image"]) for line in lines] == [
        ("images/a.jpg, images/b.jpg", "WC-1", "images/a.jpg"),
        ("images/a.jpg, images/b.jpg", "WC-1/2", "images/b.jpg"),
        ("https://shop.example/c.jpg", "", ""),
    ]


def test_repeated_names_are_written_back_as_they_were(catalog, tmp_path):
    manifest = open_manifest(catalog("id,image,,note,,note\nA,a.jpg,,x,,y\n"), defaults=WHITE)
    path = tmp_path / "results.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        results = ResultsWriter(stream, manifest.header, Extras(names=manifest.names))
        for row in manifest.rows():
            results.write(row.cells, FAILED)
    header, line = path.read_text(encoding="utf-8-sig").splitlines()
    assert header.startswith('"id","image","","note","","note","qie_status"')
    assert line.startswith('"A","a.jpg","","x","","y","failed"')


def test_an_id_made_of_a_product_may_not_be_that_of_another_row(catalog):
    text = 'id,image,prompt\nA,"a.jpg,b.jpg",red\nA/2,c.jpg,red\n'
    *_, last = open_manifest(catalog(text)).rows()
    assert isinstance(last, BadRow)
    assert last.code == "id_duplicate"


def test_a_row_without_an_id_is_one_bad_row_however_many_images_it_names(catalog):
    (row,) = open_manifest(catalog('id,image,prompt\n,"a.jpg,b.jpg",red\n')).rows()
    assert row.code == "id_missing"


@pytest.mark.parametrize(
    ("cell", "image"),
    [
        ("https://x.com/a.jpg, ", "https://x.com/a.jpg"),
        ("https://x.com/a.jpg,", "https://x.com/a.jpg"),
        ("a.jpg;", "a.jpg"),
        ("a.jpg, a.jpg", "a.jpg"),
        (" a.jpg", " a.jpg"),
        ("a,", "a,"),
    ],
)
def test_a_separator_behind_the_only_image_belongs_to_no_name(catalog, cell, image):
    rows = open_manifest(catalog(f'id,image\n1,"{cell}"\n'), defaults=WHITE).rows()
    assert ids(rows) == [("1", (image,))]


def test_a_long_run_of_separators_costs_no_more_than_its_length(catalog):
    cells = (
        "https://a" + " " * 60_000 + "x",
        "https://a" + ", " * 30_000 + "x",
        "a.jpg" + "," * 60_000 + "b",
    )
    text = "id,image\n" + "".join(f'{place},"{cell}"\n' for place, cell in enumerate(cells))
    started = time.process_time()
    manifest = open_manifest(catalog(text), defaults=WHITE)
    assert len(list(manifest.rows())) == 3
    assert time.process_time() - started < 2
    assert max(map(len, manifest.understanding.sentences())) < 300


INTERLEAVED = (
    "Handle,Title,Image Src\na,Mug,images/1.jpg\nb,Cup,images/2.jpg\na,,images/3.jpg\nb,,images/4.jpg\n"
)


def test_the_rows_of_a_product_may_stand_apart(catalog):
    rows = open_manifest(catalog(INTERLEAVED), defaults=RowDefaults(instruction="write {Title}")).rows()
    assert [(row.id, row.params.instruction) for row in rows] == [
        ("a", "write Mug"), ("b", "write Cup"), ("a/2", "write Mug"), ("b/2", "write Cup"),
    ]  # fmt: skip


def test_a_failed_further_image_still_knows_the_texts_of_its_product(catalog, tmp_path):
    defaults = RowDefaults(instruction="write {Title}")
    manifest = open_manifest(catalog(INTERLEAVED), defaults=defaults)
    failed = list(manifest.rows())[2:]
    path = tmp_path / "errors.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        errors = ErrorsWriter(stream, manifest.header, "", Extras(own=manifest.own, image="Image Src"))
        for row in failed:
            errors.write(row.cells, FAILED)
    again = open_manifest(path, defaults=defaults).rows()
    assert [row.params.instruction for row in again] == ["write Mug", "write Cup"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*Action(SiteID=US),CustomLabel,PicURL\nAdd,S1,https://x.io/a.jpg|https://x.io/b\n", ["S1", "S1/2"]),
        ("TITLE,IMAGE1,IMAGE2,SKU\nMug,https://x.com/a.jpg,https://x.com/b.jpg,S1\n", ["S1"]),
        ("sku,name,base_image,additional_images\nS1,Mug,m/a.jpg,m/b.jpg\n", ["S1"]),
        ("Product ID;Name;Image URLs (x,y,z...)\n7;Mug;https://x.io/a.jpg,https://x.io/b\n", ["7", "7/2"]),
        ("商品编码,商品名称,图片\n1,杯子,a.jpg\n", ["1"]),
        ("宝贝标题,商家编码,宝贝主图\n杯子,1,a.jpg\n", ["1"]),
        # An id of the shop's own precedes a number of the system.
        ("Product ID,SKU,Image URLs\n7,S1,a.jpg\n", ["S1"]),
    ],
)  # fmt: skip
def test_other_shops_and_marketplaces_are_read_as_they_are(catalog, text, expected):
    rows = open_manifest(catalog(text), defaults=WHITE).rows()
    assert [row.id for row in rows] == expected


def test_the_handle_is_the_id_of_a_shopify_export_that_has_other_ids_too(catalog):
    text = "ID,Handle,Title,Image Src,Variant ID,Variant SKU\n7,m,Mug,a.jpg,9,S1\n7,m,,b.jpg,10,S2\n"
    assert [row.id for row in open_manifest(catalog(text), defaults=WHITE).rows()] == ["m", "m/2"]
