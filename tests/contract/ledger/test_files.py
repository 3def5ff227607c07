from __future__ import annotations

import pytest

from qie_batch.errors import NotFound
from qie_batch.model import StoredFile


def stored(file_id, owner="acme", purpose="vision"):
    return StoredFile(
        id=file_id, owner=owner, name="a.png", purpose=purpose, object_key=f"files/{file_id}", size=3
    )


def test_a_file_is_its_tenants_alone(ledger, clock):
    files = ledger.owned_by("acme").files
    added = files.add(stored("file-1"))
    assert (added.created_at, added.size) == (clock.now, 3)
    assert files.get("file-1") == added
    other = ledger.owned_by("other").files
    assert (other.latest(10), other.remove("file-1")) == ([], False)
    with pytest.raises(NotFound):
        other.get("file-1")


def test_a_removed_file_is_gone(ledger):
    files = ledger.owned_by("acme").files
    files.add(stored("file-1"))
    assert (files.remove("file-1"), files.remove("file-1")) == (True, False)
    with pytest.raises(NotFound):
        files.get("file-1")


def test_files_are_read_newest_first_a_page_at_a_time(ledger, clock):
    files = ledger.owned_by("acme").files
    for number in range(4):
        clock.turn(number % 2)  # two of them in one moment
        files.add(stored(f"file-{number}", purpose="batch" if number == 1 else "vision"))
    first = files.latest(2)
    rest = files.latest(9, first[-1])
    assert [file.id for file in first + rest] == ["file-3", "file-2", "file-1", "file-0"]
    assert [file.id for file in files.latest(9, purpose="batch")] == ["file-1"]
