"""Every column names a result by the same rules as in an instruction."""

from __future__ import annotations

import pytest

from qie_batch.errors import UsageError
from qie_batch.manifest.stored import StoredHeader
from qie_batch.model import BadRow, EditParams, ManifestRow
from qie_batch.steps.result_names import ResultNames
from tests.support.jobs import item
from tests.support.ledgers import spec

HEADER = StoredHeader(
    header=("Handle", "Image Src", "Prompt", "Colour", "Ref"),
    folder="/shop",
    format="csv",
    manifest_key="manifests/0",
    columns={"id": "Handle", "image": "Image Src", "instruction": "Prompt", "ref_image_2": "Ref"},
)
CELLS = {
    "Handle": "bag",
    "Image Src": " pics/bag-front.jpg ",
    "Prompt": "make it red",
    "Colour": "navy blue",
    "Ref": "fabrics/silk.png",
}


def row(images=("pics/bag-front.jpg", "fabrics/silk.png"), **cells) -> ManifestRow:
    params = EditParams(instruction="make it red")
    return ManifestRow(line=2, id="bag", images=images, params=params, cells=CELLS | cells)


def name(template, header=HEADER, given=None, output="jpeg") -> str:
    names = ResultNames(template, header, ())
    given = given or row()
    one = item(row_id="bag", spec=spec("red", output=output))
    return names.of_row(given, [one])[one.id]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{id}", "bag.jpg"),
        ("{stem}", "bag-front.jpg"),
        ("{folder}/{stem}", "pics/bag-front.jpg"),
        ("{image}", "pics_bag-front.jpg"),
        ("{Image Src}", "pics_bag-front.jpg"),
        ("{IMAGE SRC}-{colour}", "pics_bag-front-navy_blue.jpg"),
        ("{handle}", "bag.jpg"),
        ("{ref_image_2}", "fabrics_silk.jpg"),
        ("{ref}", "fabrics_silk.jpg"),
        ("{instruction}", "make_it_red.jpg"),
    ],
)
def test_a_template_may_ask_for_headers_and_for_what_they_mean(template, expected):
    assert name(template) == expected


@pytest.mark.parametrize(("output", "end"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")])
def test_the_suffix_is_of_the_result(output, end):
    assert name("{stem}", output=output) == f"bag-front.{end}"


def test_of_several_images_in_a_cell_the_items_own_counts():
    several = row(images=("pics/back.jpg",), **{"Image Src": "pics/front.jpg, pics/back.jpg"})
    assert name("{stem} {image}", given=several) == "back_pics_back.jpg"


def test_the_folder_that_a_row_of_an_errors_file_brings_is_where_its_paths_start():
    again = row(images=("/old/shop/pics/a.jpg",), qie_folder="/old/shop")
    assert name("{folder}/{stem}", given=again) == "pics/a.jpg"


def test_rows_of_earlier_versions_know_their_image():
    earlier = StoredHeader(header=HEADER.header, folder="/shop", format="csv", manifest_key="manifests/0")
    assert name("{image}-{colour}", header=earlier) == "pics_bag-front-navy_blue.jpg"
    line = earlier.line().replace(b',"columns":{}', b"")
    assert b"columns" not in line
    assert StoredHeader.parse(line) == earlier
    assert StoredHeader.parse(HEADER.line()) == HEADER


def test_a_name_that_is_no_column_is_refused_with_those_that_are():
    with pytest.raises(UsageError) as refused:
        name("{size}")
    assert "{colour}, {folder}, {handle}, {id}, {image}, {image src}" in refused.value.hint


def test_a_row_that_was_not_understood_takes_its_name_too():
    bad = BadRow(line=2, id="bag", column="Prompt", code="instruction_empty", reason="-", cells=CELLS)
    names = ResultNames("{stem}", HEADER, ())
    first, second = item(id="job.0", row_id="bag", spec=None), item(id="job.1", row_id="cup", spec=None)
    assert names.of_row(bad, [first]) == {"job.0": "bag-front.png"}
    assert names.of_row(bad, [second])["job.1"].startswith("bag-front-")


def test_a_row_whose_cell_names_no_image_has_a_name():
    bad = BadRow(line=2, id="", column="", code="row_ragged", reason="-", cells={})
    assert list(ResultNames("{folder}/{stem}", HEADER, ()).of_row(bad, [item(spec=None)]).values()) == [
        "_.png"
    ]
