"""Names of images as people write them, and the files that they mean."""

from __future__ import annotations

import os
import unicodedata

import pytest

from qie_batch.errors import Rejected
from qie_batch.images import DEFAULT_LIMITS
from qie_batch.steps.submit.sources import ImageSources, is_file


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("plain.jpg", "with space.jpg", " lead.jpg", "UPPER.JPG"):
        (tmp_path / "images" / name).write_bytes(name.encode())
    return tmp_path


@pytest.fixture
def read(folder):
    def read(name, **options):
        return ImageSources(str(folder), _no_bucket, DEFAULT_LIMITS, _no_web, **options).read(name)

    return read


def _no_bucket(name):
    raise AssertionError(name)


def _no_web(address):
    raise AssertionError(address)


def advice(read, name, **options):
    with pytest.raises(Rejected) as caught:
        read(name, **options)
    return caught.value.message.partition("); ")[2] or caught.value.message


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_accents_may_be_composed_or_not(read, folder, on_disk, written):
    name = "Café-Größe/é.jpg"
    path = folder / unicodedata.normalize(on_disk, name)
    path.parent.mkdir()
    path.write_bytes(b"accents")
    assert read(unicodedata.normalize(written, name)) == b"accents"
    assert read(unicodedata.normalize(written, name), confined=True) == b"accents"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("images\\plain.jpg", "plain.jpg"),
        (" images/plain.jpg", "plain.jpg"),
        ("images/ lead.jpg", " lead.jpg"),
        (".\\images\\with space.jpg", "with space.jpg"),
    ],
)
def test_backslashes_and_spaces_around_a_name_are_understood(read, name, meant):
    assert read(name).decode() == meant


def test_a_name_that_begins_with_a_space_precedes_the_one_without(read, folder):
    (folder / " a.jpg").write_bytes(b"with")
    assert read(" a.jpg") == b"with"
    (folder / "a.jpg").write_bytes(b"without")
    assert read(" a.jpg") == b"with"
    assert read("a.jpg") == b"without"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Images/plain.jpg", "the folder is 'images'"),
        ("photos/plain.jpg", "there is no folder 'photos'"),
        ("images\\none\\x.jpg", "write / instead of \\"),
        ("C:\\shop\\images\\plain.jpg", "this is a path on a Windows disk; write one"),
        ("~/images/plain.jpg", "write the whole path instead of ~"),
        ('"images/plain.jpg"', "leave out the quotes around the name"),
        ("“images/plain.jpg”", "leave out the quotes around the name"),
        ("images/plain.jpg images/UPPER.JPG", "the cell seems to name several pictures: put a comma"),
        ("images/with%20space.jpg", "did you mean 'images/with space.jpg'?"),
        ("images/UPPER.jpg", "did you mean 'images/UPPER.JPG'?"),
        ("plain.jpg", "check its spelling"),
        ("images/", "this is a folder; name a file in it"),
    ],
)
def test_a_name_that_no_file_has_gets_the_advice_that_helps(read, name, sentence):
    assert advice(read, name).startswith(sentence)


@pytest.mark.parametrize(
    ("codec", "name", "called"), [("gbk", "商品-1.jpg", "gbk"), ("cp1252", "Foto-für-Katalog.jpg", "cp1252")]
)
def test_a_name_on_disk_that_is_not_utf_8_is_told_as_that(read, folder, codec, name, called):
    (folder / "images" / os.fsdecode(name.encode(codec))).write_bytes(b"x")
    told = advice(read, f"images/{name}")
    assert told == (
        "the file is there, but its name on disk is not UTF-8: rename it with"
        f" `convmv -f {called} -t utf-8 --notest`"
    )
    told = advice(read, "images/other.jpg")
    assert told == "check its spelling; 1 name in its folder not in UTF-8"
    assert told.isprintable()


def test_no_spelling_leads_a_scheduled_catalog_out_of_its_folder(read, folder):
    (folder.parent / "secret.jpg").write_bytes(b"x")
    assert "in its own folder" in advice(read, "..\\secret.jpg", confined=True)
    assert not is_file(str(folder), "../secret.jpg")
    assert is_file(str(folder), "images/plain.jpg")
    assert not is_file("s3://shop/catalogs", "images/plain.jpg")
