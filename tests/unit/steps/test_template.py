from __future__ import annotations

import io

from qie_batch.manifest import open_manifest
from qie_batch.model import BadRow, ReadingOptions
from qie_batch.steps.template import EXAMPLE, write_example, write_template

EXPORT = (
    "Handle,Title,Image Src\nmug,Mug {big},images/a.jpg\nmug,,images/b.jpg\n"
    "cap,Cap,https://cdn.example/c.jpg\ncap,,\n,Bag,d.jpg\n"
)


def written(tmp_path, instruction="", folder="", export=EXPORT):
    """The template and the rows of the catalog."""
    path = tmp_path / "export.csv"
    path.write_text(export)
    out = io.StringIO(newline="")
    template = write_template(path, ReadingOptions(), instruction, out, folder=folder)
    catalog = tmp_path / "catalog.csv"
    catalog.write_text(out.getvalue())
    return template, catalog


def test_the_example_is_a_catalog(tmp_path):
    path = tmp_path / "catalog.csv"
    with path.open("w", newline="") as stream:
        write_example(stream)
    rows = open_manifest(path).rows()
    assert [(row.id, row.images[0], row.params.instruction) for row in rows] == list(EXAMPLE)


def test_the_catalog_of_an_export_has_its_rows_with_their_ids_and_images(tmp_path):
    template, catalog = written(tmp_path, "write {Title}", folder="/shop")
    rows = list(open_manifest(catalog).rows())
    assert [(row.id, row.images) for row in rows[:3]] == [
        ("mug", ("/shop/images/a.jpg",)),
        ("mug/2", ("/shop/images/b.jpg",)),
        ("cap", ("https://cdn.example/c.jpg",)),
    ]
    assert rows[1].params.instruction == "write Mug {big}"
    assert (template.rows, len(template.shown), template.instructed) == (4, 3, True)


def test_a_row_that_cannot_be_edited_is_there_to_be_mended(tmp_path):
    _, catalog = written(tmp_path, "make it white")
    *_, last = open_manifest(catalog).rows()
    assert isinstance(last, BadRow)
    assert (last.code, last.cells["image"]) == ("id_missing", "d.jpg")


def test_without_an_instruction_the_column_is_left_to_be_filled(tmp_path):
    template, catalog = written(tmp_path)
    assert not template.instructed
    assert {row.code for row in open_manifest(catalog).rows()} == {"instruction_empty", "id_missing"}


def test_columns_that_are_used_come_along(tmp_path):
    _, catalog = written(tmp_path, export="sku,url,edit,steps\nA,a.jpg,make it white,20\n")
    (row,) = open_manifest(catalog).rows()
    assert (row.id, row.params.instruction, row.params.steps) == ("A", "make it white", 20)
