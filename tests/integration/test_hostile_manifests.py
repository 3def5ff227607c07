"""Every manifest of `tests.support.hostile`: refused as a whole, or read row by row, and nothing else."""

import re
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from qie_batch.manifest import MAX_CELL, open_manifest
from qie_batch.model import BadRow, InvalidManifest, ManifestRow
from tests.support.hostile import hostile_manifests

#: What would reach a terminal as more than letters.
UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")


class Read(NamedTuple):
    name: str
    #: Why the file is refused, "" if it is not.
    refusal: str
    rows: list[ManifestRow | BadRow]
    seconds: float
    #: MB on top of what this process held before.
    memory: float


def read(name, path):
    # From here on VmHWM counts anew.
    Path("/proc/self/clear_refs").write_text("5")
    before, began = peak(), time.monotonic()
    rows, refusal = [], ""
    try:
        rows = list(open_manifest(path).rows())
    except InvalidManifest as error:
        refusal = f"{error.message}: {error.hint}"
    return Read(name, refusal, rows, time.monotonic() - began, peak() - before)


def peak():
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manifests")
    answers = []
    for name, data in hostile_manifests():
        path = folder / f"catalog{Path(name).suffix}"
        path.write_bytes(data)
        answers.append(read(name, path))
    return answers


def test_each_is_refused_or_read_in_bounded_time_and_memory(files):
    assert len(files) > 400
    assert sum(bool(each.refusal) for each in files) > 80
    assert {type(row) for each in files for row in each.rows} == {ManifestRow, BadRow}
    for each in files:
        assert each.seconds < 10, each.name
        assert each.memory < 200, each.name


def test_every_sentence_is_short_and_safe_to_show(files):
    for each in files:
        reasons = [row.reason for row in each.rows if isinstance(row, BadRow)]
        for sentence in reasons if not each.refusal else [each.refusal]:
            assert sentence, each.name
            assert len(sentence) < 5000, each.name
            assert not UNSHOWABLE.search(sentence), each.name


def test_no_good_row_holds_more_than_it_may(files):
    for each in files:
        for row in each.rows:
            if isinstance(row, ManifestRow):
                assert not UNSHOWABLE.search(row.id), each.name
                assert len(row.params.instruction) <= MAX_CELL, each.name
                assert len(row.params.negative) <= MAX_CELL, each.name
                assert row.params.steps is None or 1 <= row.params.steps <= 100, each.name
                assert row.params.cfg is None or 0 <= row.params.cfg <= 20, each.name
                assert row.params.seed is None or 0 <= row.params.seed < 2**32, each.name


def test_text_that_grows_when_it_is_filled_in_is_refused(tmp_path):
    path = tmp_path / "catalog.csv"
    path.write_text(f"id,image,big,instruction\n1,1.jpg,{'a' * 60_000},{{big}} {{big}}\n2,1.jpg,a,{{big}}\n")
    bad, good = open_manifest(path).rows()
    assert bad.code == "cell_too_long"
    assert good.params.instruction == "a"


@pytest.mark.parametrize("name", ["catalog.csv", "catalog.jsonl"])
def test_column_name_longer_than_any_name_is_refused(tmp_path, name):
    path = tmp_path / name
    long = "k" * 1001
    path.write_text(
        f"id,image,instruction,{long}\n1,1.jpg,red,\n" if "csv" in name else f'{{"id": "1", "{long}": 1}}\n'
    )
    with pytest.raises(InvalidManifest, match="1,001 characters"):
        open_manifest(path)
