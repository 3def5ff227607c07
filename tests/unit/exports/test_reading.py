"""A channel is one file; one that cannot be understood is refused in a sentence, never half used."""

from __future__ import annotations

import pytest

from qie_batch.errors import Misconfigured, NotFound
from qie_batch.exports.reading import channel_names, read_channel

LEAST = 'dated = 2026-11-27\n[size]\naim = 1000\n[file]\nformat = "png"\n'


@pytest.fixture
def own(tmp_path):
    """Writes mine.toml into a folder of one's own."""

    def own(text):
        (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return own


def test_a_file_needs_a_date_a_size_and_a_format_alone(own):
    channel = read_channel("mine", own(LEAST))
    assert (channel.aim, channel.format, channel.accepts) == (1000, "png", ("png",))
    assert not channel.places_product


def test_ones_own_precede_those_that_ship_as_folder_or_file(own, tmp_path):
    folder = own(LEAST)
    (tmp_path / "amazon.toml").write_text(LEAST)
    assert read_channel("amazon", folder).aim == 1000
    assert read_channel("amazon").aim == 2000
    assert set(channel_names(folder)) == {*channel_names(), "mine"}
    assert read_channel("mine", folder / "mine.toml").aim == 1000


def test_a_channel_without_a_file_is_named_with_those_that_are_there():
    with pytest.raises(NotFound, match=r"no channel 'amason'; there are: amazon, google") as caught:
        read_channel("amason")
    assert "amason.toml" in caught.value.hint
    with pytest.raises(NotFound):
        read_channel("../../etc/passwd")


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(Misconfigured, match="no such file or folder"):
        read_channel("amazon", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dated = ", "mine.toml"),
        ("[size]\naim = 1000", "dated is no date"),
        ("dated = 2026-11-27", r"\[size\] aim is missing"),
        (LEAST.replace("1000", "0"), "aim is no whole number"),
        (LEAST.replace("1000", "true"), "aim is no whole number"),
        (LEAST.replace("png", "tiff"), "format is none of jpeg, png, webp"),
        (LEAST + "bytes = 5", r"bytes is not \[least, most\]"),
        (LEAST + "bytes = [5, 4]", r"bytes is not \[least, most\]"),
        (LEAST + "accepts = []", "accepts is no list"),
        (LEAST + "weight = 5", r"\[file\] weight is no rule"),
        (LEAST + "[colours]\nmode = 1", r"\[colours\] mode is no rule"),
        (LEAST + '[background]\ncolour = "white"', "colour is no colour such as #ffffff"),
        (LEAST + "[background]\npure = 1", "pure is neither true nor false"),
        (LEAST + "[product]\nfill = [0.5, 0.8]\naim = 0.9", "aim is not within fill"),
        (LEAST + "[product]\naim = 0.9\nmargin = 0.2", "margin leaves no room"),
        (LEAST.replace("aim", 'aspect = "square"\naim'), 'aspect is neither "any" nor such as "1:1"'),
        (LEAST + '[advice]\nrules = ["beauty"]', "rules names others than format"),
        ("sources = 5\n" + LEAST, "sources is no list"),
    ],
)
def test_a_wrong_file_is_one_sentence_with_file_and_place(own, text, problem):
    with pytest.raises(Misconfigured, match=problem) as caught:
        read_channel("mine", own(text))
    assert "mine.toml" in caught.value.message
    assert "\n" not in caught.value.message
