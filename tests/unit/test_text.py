from __future__ import annotations

import pytest

from qie_batch.text import LoneBrace, Template, duration, percent, printable, quoted


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.042, "0.04 s"),
        (0.996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (86_399, "1 d 0 h"),
        (100_000, "1 d 4 h"),
    ],
)
def test_durations_read_in_two_units(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.001, "less than 1 %"), (0.62, "62 %"), (0.999, "99 %"), (1, "100 %")],
)
def test_a_share_is_none_or_all_only_where_it_is(share, text):
    assert percent(share) == text


def test_what_moves_a_cursor_is_never_printed_and_wide_spaces_are():
    assert printable("a\x1b[2J\nb\u202e") == "a\ufffd[2J\ufffdb\ufffd"
    assert printable("\u7ea2\u3000\u8272\u00a0x") == "\u7ea2\u3000\u8272\u00a0x"
    assert printable("x" * 61) == "x" * 60 + "\u2026"


def test_a_quoted_text_is_one_short_line():
    assert quoted("a\nb", 2) == "'a\\n\u2026'"


@pytest.mark.parametrize(
    ("text", "fields", "filled"),
    [
        ("", (), ""),
        ("plain", (), "plain"),
        ("{a}", ("a",), "1"),
        ("{a}{b c}-{a}", ("a", "b c", "a"), "12-1"),
        ("{{a}}", (), "{a}"),
        ("{{{a}}}", ("a",), "{1}"),
        ("{{}}{}", ("",), "{}3"),
    ],
)
def test_fields_are_filled_and_double_braces_are_plain_ones(text, fields, filled):
    template = Template.parse(text)
    assert template.fields == fields
    assert template.fill({"a": "1", "b c": "2", "": "3"}) == filled


def test_a_value_is_no_template():
    assert Template.parse("{a}").fill({"a": "{b}{{"}) == "{b}{{"


@pytest.mark.parametrize(("text", "brace"), [("{a", "{"), ("a}", "}"), ("{{a}", "}"), ("{a{b}", "{")])
def test_a_brace_without_its_partner_is_refused(text, brace):
    with pytest.raises(LoneBrace) as refused:
        Template.parse(text)
    assert refused.value.brace == brace


def test_a_separator_inside_a_field_separates_nothing():
    values = {"b/c": "x/y"}
    parts = [part.fill(values) for part in Template.parse("a/{b/c}-d/{{e/f}}").split("/")]
    assert parts == ["a", "x/y-d", "{e", "f}"]
