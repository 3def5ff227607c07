from __future__ import annotations

from itertools import count

import pytest

from qie_batch.errors import Unavailable
from qie_batch.manifest.duplicates import SeenIds


def test_the_first_line_keeps_the_id():
    with SeenIds() as seen:
        assert [seen.claim(row_id, line) for line, row_id in enumerate("aAbaA")] == [0, 1, 2, 0, 1]


def test_ids_are_told_apart_by_every_character():
    ids = ["1", "01", "1.0", "1e0", "é", "e\u0301", "\U0001f600", " 1", ""]
    with SeenIds() as seen:
        assert [seen.claim(row_id, line) for line, row_id in enumerate(ids)] == list(range(len(ids)))


def test_a_full_disk_is_told_as_such():
    with SeenIds() as seen:
        seen._run("PRAGMA max_page_count = 10")
        with pytest.raises(Unavailable) as caught:
            list(map(seen.claim, map(str, count()), count()))
    assert caught.value.code == "no_room"
    assert "TMPDIR" in caught.value.hint
