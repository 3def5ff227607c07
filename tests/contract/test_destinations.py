"""What every destination of an export promises: a folder, a ZIP file, and a prefix on a real SeaweedFS."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import zipfile
from contextlib import suppress

import pytest

from qie_batch.errors import Conflict, Unavailable, UsageError
from qie_batch.steps.collect import writing
from qie_batch.steps.export import ArchiveDestination, BucketDestination, FolderDestination
from qie_batch.stores.s3 import S3Store

JPEG = "image/jpeg"


@pytest.fixture(params=["folder", "archive", "bucket"])
def place(request, tmp_path):
    """Gives the destination anew, as a later export does."""
    if request.param == "folder":
        yield lambda: FolderDestination(tmp_path / "new" / "out")
    elif request.param == "archive":
        yield lambda: ArchiveDestination(tmp_path / "new" / "out.zip")
    else:
        s3 = request.getfixturevalue("s3")
        store = S3Store(s3.client, s3.bucket)
        store.put("exports/amazon-other/x", b"a neighbour's", JPEG)
        yield lambda: BucketDestination(store, "exports/amazon/")
        for stored in list(store.list("")):
            store.delete(stored.key)


def holds(place, name, data):
    return place.holds(name, len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("name", ["a.jpg", "帽子/红 1.jpg"])
def test_what_was_written_is_there_for_the_next_export(place, name):
    with place() as files:
        assert files.read(name) is None
        assert not holds(files, name, b"first")
        files.write(name, b"first", JPEG)
        files.write("table.csv", io.BytesIO(b"id\r\n"), "text/csv")
        assert files.address(name).endswith(name)
    with place() as files:
        assert (files.read(name), files.read("table.csv")) == (b"first", b"id\r\n")
        assert holds(files, name, b"first")
        assert not holds(files, name, b"second")


def test_a_file_is_replaced_and_the_others_stay(place):
    with place() as files:
        files.write("a.jpg", b"first", JPEG)
        files.write("b.jpg", b"other", JPEG)
    with place() as files:
        files.write("a.jpg", b"the second", JPEG)
    with place() as files:
        assert (files.read("a.jpg"), files.read("b.jpg")) == (b"the second", b"other")


def test_what_an_interrupted_export_found_is_not_lost(place):
    with place() as files:
        files.write("a.jpg", b"first", JPEG)
    with suppress(RuntimeError), place() as files:
        files.write("b.jpg", b"other", JPEG)
        raise RuntimeError
    with place() as files:
        assert files.read("a.jpg") == b"first"
        assert files.read("b.jpg") in (None, b"other")


def test_an_archive_to_which_nothing_is_written_is_not_touched(tmp_path):
    path = tmp_path / "out.zip"
    with ArchiveDestination(path) as files:
        files.write("a.jpg", b"first", JPEG)
    before = path.stat()
    with ArchiveDestination(path) as files:
        assert holds(files, "a.jpg", b"first")
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert list(tmp_path.iterdir()) == [path]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def test_a_damaged_entry_is_not_taken_for_the_file(tmp_path):
    path = tmp_path / "out.zip"
    with ArchiveDestination(path) as files:
        files.write("a.jpg", b"the first bytes", JPEG)
    path.write_bytes(path.read_bytes().replace(b"the first bytes", b"the FIRST bytes"))
    with ArchiveDestination(path) as files:
        assert not holds(files, "a.jpg", b"the first bytes")


def test_a_file_that_is_no_archive_is_left_alone(tmp_path):
    path = tmp_path / "out.zip"
    path.write_bytes(b"my own")
    with pytest.raises(Conflict, match="is there and is no ZIP file"), ArchiveDestination(path):
        pass
    assert path.read_bytes() == b"my own"


@pytest.mark.parametrize("kind", [FolderDestination, ArchiveDestination])
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, kind):
    (tmp_path / "file").write_bytes(b"no folder")
    place = tmp_path / "file" / "out.zip"
    with pytest.raises(UsageError, match="cannot be written: "), writing(place), kind(place) as files:
        files.write("a.jpg", b"x", JPEG)


@pytest.mark.parametrize("kind", [FolderDestination, ArchiveDestination])
def test_a_full_disk_is_one_sentence_and_takes_nothing_away(tmp_path, kind):
    """The file that was there stays."""
    place = tmp_path / "out.zip"
    with kind(place) as files:
        files.write("a.jpg", b"first", JPEG)

    class Full(io.BytesIO):
        def read(self, _size=-1):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(Unavailable, match="No space left on device"), writing(place), kind(place) as files:
        files.write("a.jpg", Full(b"second"), JPEG)
    with kind(place) as files:
        assert files.read("a.jpg") == b"first"
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".qie-")]
