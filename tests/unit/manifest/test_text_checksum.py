from __future__ import annotations

import pytest

from qie_batch.manifest import ErrorsWriter, ResultsWriter, RowOutcome, open_manifest
from qie_batch.manifest.text_checksum import checksum_of, is_intact
from qie_batch.model import BadRow, InvalidManifest, ManifestRow, ReadingOptions

FAILED = RowOutcome(status="failed", error_code="image_missing", error="There is no picture 'a.png'")
HEADER = ("id", "image", "instruction")
GERMAN = "Schreibe „Größe 42“ an die Wand, 5 €"
CHINESE = "把背景换成白色，保留红色的鞋子，去掉水印"


@pytest.fixture
def written(tmp_path):
    def write(*instructions, writer=ErrorsWriter):
        path = tmp_path / "errors.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            lines = writer(stream, HEADER, *(["/data"] if writer is ErrorsWriter else []))
            for number, instruction in enumerate(instructions):
                cells = dict(zip(HEADER, (f"A{number}", "a.png", instruction), strict=True))
                lines.write(cells, FAILED)
        return path

    return write


def save_again(path, codec, delimiter=","):
    """As a spreadsheet does in its own encoding: what that lacks becomes a question mark."""
    text = path.read_text(encoding="utf-8-sig").replace('","', f'"{delimiter}"')
    path.write_bytes(text.encode(codec, errors="replace"))


def rows(path, encoding=""):
    return list(open_manifest(path, ReadingOptions(encoding=encoding)).rows())


@pytest.mark.parametrize("writer", [ErrorsWriter, ResultsWriter])
@pytest.mark.parametrize("codec", ["cp1252", "cp1251", "ascii", "iso8859-15"])
def test_chinese_that_a_western_spreadsheet_lost_is_refused_and_plain_rows_go_on(written, codec, writer):
    path = written(CHINESE, "Make the shoe red", writer=writer)
    save_again(path, codec, ";")
    lost, plain = rows(path)
    assert (lost.code, lost.id, lost.line) == ("text_damaged", "A0", 2)
    assert "CSV UTF-8" in lost.reason
    assert isinstance(plain, ManifestRow)


def test_western_text_of_a_western_spreadsheet_comes_back_once_its_encoding_is_named(written):
    path = written(GERMAN, CHINESE)
    save_again(path, "cp1252", ";")
    with pytest.raises(InvalidManifest) as caught:
        rows(path)
    assert "--encoding Windows-1252" in caught.value.hint
    kept, lost = rows(path, "windows-1252")
    assert kept.params.instruction == GERMAN
    assert lost.code == "text_damaged"


def test_utf_8_that_was_opened_as_a_western_encoding_is_refused(written):
    path = written(GERMAN)
    text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    path.write_text(text, encoding="utf-8")
    (row,) = rows(path)
    assert row.code == "text_damaged"


def test_utf_8_that_was_opened_as_a_western_encoding_with_its_mark_is_refused(written):
    path = written(GERMAN)
    path.write_text(path.read_bytes().decode("latin-1"), encoding="utf-8")
    with pytest.raises(InvalidManifest):
        rows(path)


def test_chinese_of_a_chinese_spreadsheet_comes_back(written):
    path = written(CHINESE)
    save_again(path, "gbk")
    (row,) = rows(path)
    assert row.params.instruction == CHINESE


def test_german_that_a_chinese_spreadsheet_lost_is_refused(written):
    path = written(CHINESE, GERMAN)
    save_again(path, "gbk")
    kept, lost = rows(path)
    assert kept.params.instruction == CHINESE
    assert lost.code == "text_damaged"


def test_what_a_japanese_spreadsheet_lost_is_refused_when_its_encoding_is_named(written):
    path = written(CHINESE)
    save_again(path, "cp932")
    with pytest.raises(InvalidManifest):
        rows(path)
    (row,) = rows(path, "shift_jis")
    assert row.code == "text_damaged"


def test_damage_stays_known_in_the_next_errors_csv_until_its_cell_is_emptied(written, tmp_path):
    path = written(CHINESE)
    save_again(path, "cp1252")
    (lost,) = rows(path)
    again = tmp_path / "again.csv"
    with again.open("w", encoding="utf-8", newline="") as stream:
        ErrorsWriter(stream, HEADER, "/data").write(lost.cells, FAILED)
    (still_lost,) = rows(again)
    assert still_lost.code == "text_damaged"
    check = lost.cells["qie_check"]
    again.write_text(again.read_text(encoding="utf-8").replace(check, "").replace("????", "red"), "utf-8")
    (mended,) = rows(again)
    assert not isinstance(mended, BadRow)


@pytest.mark.parametrize("text", ["", "plain", "Größe", "a\u3000b\u200bc", "换成；=1", "é" * 9, "字" * 300])
def test_a_check_that_nobody_touched_survives(text):
    assert is_intact(checksum_of([text]))
    assert not checksum_of(["plain"])
