"""Which address goes into which cell of a feed."""

from __future__ import annotations

import csv
import io

import pytest

from qie_batch.manifest.stored import StoredHeader
from qie_batch.model import BadRow, EditParams, ManifestRow
from qie_batch.steps.export.destinations import FolderDestination
from qie_batch.steps.export.feed import Addresses, FeedRequest, open_feed, write_feed
from qie_batch.steps.export.record import Record

HEADER = StoredHeader(
    header=("Handle", "Image Src"),
    folder="/shop",
    format="csv",
    manifest_key="manifests/0",
    columns={"id": "Handle", "image": "Image Src"},
)


def row(line, handle, row_id=None):
    cells = {"Handle": handle, "Image Src": "old.jpg"}
    params = EditParams(instruction="make it red")
    return ManifestRow(line=line, id=row_id or handle, images=("old.jpg",), params=params, cells=cells)


@pytest.fixture
def written(tmp_path):
    """Writes a feed of these lines; gives the cells of its pictures and what was told."""

    def written(addresses, *lines):
        path = tmp_path / "feed.csv"
        path.write_text("\n".join(("Handle,Image Src", *lines, "")), encoding="utf-8")
        request = FeedRequest(path=path)
        with FolderDestination(tmp_path / "out") as files:
            told = write_feed(request, open_feed(request), addresses, files, Record({}))
        text = (tmp_path / "out" / "feed.csv").read_text(encoding="utf-8")
        return [cells["Image Src"] for cells in csv.DictReader(io.StringIO(text))], told

    return written


def test_rows_of_one_product_are_taken_in_their_order(written):
    addresses = Addresses(HEADER)
    for line, address in ((2, "bag-1.jpg"), (3, ""), (4, "bag-3.jpg")):
        addresses.add(row(line, "bag", f"bag-{line}"), address)
    cells, told = written(addresses, "hat,hat.jpg", "bag,a.jpg", "bag,b.jpg", "bag,c.jpg", "bag,d.jpg")
    assert cells == ["hat.jpg", "bag-1.jpg", "b.jpg", "bag-3.jpg", "d.jpg"]
    assert (told.cells, told.kept) == (2, 0)


def test_a_cell_with_several_pictures_gets_as_many_addresses_or_stays(written):
    addresses = Addresses(HEADER)
    for handle, line, exported in (("bag", 2, "x1"), ("bag", 2, "x2"), ("hat", 3, "y1"), ("hat", 3, "")):
        addresses.add(row(line, handle), exported)
    cells, told = written(addresses, '"bag","a.jpg | b.jpg"', '"hat","a.jpg, b.jpg"')
    assert cells == ["x1|x2", "a.jpg, b.jpg"]
    assert (told.cells, told.kept) == (1, 1)


def test_a_row_that_was_not_understood_keeps_its_place(written):
    addresses = Addresses(HEADER)
    bad = BadRow(line=2, id="bag", column="", code="x", reason="y", cells={"Handle": "bag"})
    addresses.add(bad, "")
    addresses.add(row(3, "bag", "bag-2"), "new.jpg")
    cells, _ = written(addresses, "bag,a.jpg", "bag,b.jpg")
    assert cells == ["a.jpg", "new.jpg"]


def test_a_product_without_an_id_is_found_by_its_other_one(tmp_path):
    """As in WooCommerce's exports, where a product may lack its SKU."""
    header = StoredHeader(
        header=("ID", "SKU", "Images"), folder="", format="csv", manifest_key="", columns={"id": "SKU"}
    )
    addresses = Addresses(header)
    params = EditParams(instruction="make it red")
    cells = {"ID": "77", "SKU": "", "Images": "a.jpg"}
    addresses.add(ManifestRow(line=2, id="77", images=("a.jpg",), params=params, cells=cells), "new.jpg")
    path = tmp_path / "feed.csv"
    path.write_text("ID,SKU,Images\n77,,a.jpg\n78,x,b.jpg\n")
    request = FeedRequest(path=path)
    with FolderDestination(tmp_path / "out") as files:
        write_feed(request, open_feed(request), addresses, files, Record({}))
    assert (tmp_path / "out" / "feed.csv").read_text() == "ID,SKU,Images\n77,,new.jpg\n78,x,b.jpg\n"
