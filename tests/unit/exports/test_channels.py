"""Each file that a channel gets meets all its rules, read by other programs than the one that wrote it."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from qie_batch.exports.checking import failed_rules
from qie_batch.exports.reading import channel_names, read_channel
from qie_batch.exports.rendering import render
from tests.support import channel_reader, products, requires

ENDINGS = {"jpeg": "jpg", "png": "png", "webp": "webp"}


def test_every_rule_of_every_channel_holds_for_another_reader(tmp_path):
    """`bench/channels.py` reads more images."""
    requires.exiftool()
    files = {}
    sources = {"white": products.on("white"), "blue": products.on("#5a78c8")}
    for channel in map(read_channel, channel_names()):
        for stem, image in sources.items() if channel.name == "amazon" else (("white", sources["white"]),):
            path = tmp_path / f"{stem}-{channel.name}.{ENDINGS[channel.format]}"
            made = render(image, channel, name=path.name)
            assert failed_rules(made.findings, channel) == []
            path.write_bytes(made.data)
            files[path] = channel
    seen = channel_reader.exif(list(files))
    for path, channel in files.items():
        missed, looked_at = channel_reader.failed(path, seen[path], channel.name)
        assert missed == [], path
        assert looked_at >= 5


@pytest.mark.parametrize("name", channel_names())
def test_a_channel_says_when_and_where_its_rules_were_read(name):
    channel = read_channel(name)
    assert date(2026, 1, 1) < channel.dated
    assert channel.sources
    for source in channel.sources:
        assert source.url.startswith(("https://", "http://"))
        assert source.read <= channel.dated
        assert source.says


def test_the_revision_changes_with_a_rule_and_not_with_a_source(tmp_path):
    text = (channel_reader.CHANNELS / "amazon.toml").read_text(encoding="utf-8")
    own = tmp_path / "mine.toml"
    revisions = set()
    for changed in (text, text.replace("https://", "http://"), text.replace("aim = 2000", "aim = 1999")):
        assert tomllib.loads(changed)
        own.write_text(changed, encoding="utf-8")
        revisions.add(read_channel("mine", own).revision)
    assert len(revisions) == 2
