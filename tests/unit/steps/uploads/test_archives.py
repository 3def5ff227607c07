"""ZIP files as people and attackers send them."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest

from qie_batch.errors import UsageError
from qie_batch.steps.uploads import archive
from qie_batch.steps.uploads.archive import open_archive
from tests.support.catalogs import zipped

PNG = b"\x89PNG"


def names(data: bytes, **limits: int) -> list[str]:
    allowed = {"max_files": 100, "max_bytes": 1_000_000_000, **limits}
    with open_archive(io.BytesIO(data), "a.zip", **allowed) as opened:
        return [entry.name for entry in opened.entries]


def refusal(data: bytes, **limits: int) -> str:
    with pytest.raises(UsageError) as refused:
        names(data, **limits)
    return refused.value.code


def with_entry(name: str, data: bytes = PNG, **fields: int) -> bytes:
    entry = zipfile.ZipInfo(name)
    for field, value in fields.items():
        setattr(entry, field, value)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr(entry, data)
    return file.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../a.png",
        "a/../../b.png",
        "/etc/passwd",
        "C:/a.png",
        "C:a.png",
        "..\\..\\a.png",
        "a\\..\\..\\b",
        "\\\\host\\a",
    ],
)
def test_a_name_that_leads_out_is_refused(name):
    assert refusal(with_entry(name)) == "file_name"


@pytest.mark.parametrize("name", ["a\nb.png", "a\x1b[2J.png", "\u202egnp.exe", "x" * 1001])
def test_a_name_that_no_file_has_is_refused(name):
    assert refusal(with_entry(name)) == "file_name"


def test_backslashes_and_needless_parts_are_folders():
    assert names(zipped({"a\\b\\c.png": PNG, "./d//e.png": PNG})) == ["a/b/c.png", "d/e.png"]


def test_what_operating_systems_add_is_left_out():
    sent = zipped(
        {"a.png": PNG, "__MACOSX/._a.png": PNG, "._a.png": PNG, ".DS_Store": PNG, "b/Thumbs.db": PNG}
    )
    assert names(sent) == ["a.png"]


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(mode):
    assert refusal(with_entry("a.png", b"/etc/passwd", external_attr=(mode | 0o777) << 16)) == "zip_link"


def test_an_encrypted_file_is_refused():
    data = bytearray(with_entry("a.png"))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(data)) == "zip_encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_take_any_memory_are_refused(method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as opened:
        opened.writestr("a.png", PNG)
    assert refusal(file.getvalue()) == "zip_method"


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(archive, "FREE", 1000)
    bomb = zipped({"a.png": bytes(10_000_000)})
    assert refusal(bomb) == "zip_bomb"
    assert refusal(bomb, max_bytes=1_000_000) == "upload_too_large"


def test_too_many_files_are_refused():
    assert refusal(zipped({f"{n}.png": PNG for n in range(11)}), max_files=10) == "upload_too_many"


def test_a_directory_without_end_stays_out_of_memory(monkeypatch):
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 100_000)
    assert refusal(zipped({f"{n:0200}.png": b"" for n in range(1000)})) == "zip_broken"


def test_what_is_no_whole_zip_file_is_refused():
    whole = zipped({"a.png": PNG * 100})
    for broken in (b"", b"PK", whole[:-30], b"x" * 100):
        assert refusal(broken) == "zip_broken"


def test_bytes_that_were_changed_are_noticed():
    data = bytearray(with_entry("a.png", b"x" * 1000))
    data[200] ^= 1
    with (
        open_archive(io.BytesIO(bytes(data)), "a.zip", max_files=10, max_bytes=10_000) as opened,
        pytest.raises(UsageError, match="no whole ZIP file"),
        opened.open(opened.entries[0]) as stream,
    ):
        stream.read()


def raw_named(*given: bytes) -> bytes:
    """As programs write them that set no mark for UTF-8."""
    data = zipped({f"{number}{'x' * (len(name) - 1)}": PNG for number, name in enumerate(given)})
    for number, name in enumerate(given):
        data = data.replace(f"{number}{'x' * (len(name) - 1)}".encode(), name)
    return data


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_chinese_names_without_a_mark_are_read(codec):
    given = ["商品主图/红色连衣裙.png", "商品主图/白色运动鞋正面.png", "商品目录.csv"]
    assert names(raw_named(*(name.encode(codec) for name in given))) == given


def test_accents_are_composed():
    assert names(zipped({"Cafe\u0301.png": PNG})) == ["Café.png"]
