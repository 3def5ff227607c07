"""Texts in an image that are replaced, taken away and translated."""

import sys

import numpy as np
import pytest

from qie_batch.engines.classic import INFO, create, info
from qie_batch.engines.classic.rewriting.finding import targets, with_its_end
from qie_batch.engines.classic.rewriting.glossary import Glossary
from qie_batch.engines.classic.rewriting.translating import translations
from qie_batch.errors import Misconfigured, Rejected
from qie_batch.vision.ocr.lines import TextLine
from qie_batch.vision.ocr.reader import shared_reader
from qie_batch.vision.ocr.spelling import same
from tests.support import requires
from tests.support.posters import RED, WHITE, poster
from tests.support.requests import edit_request

TITLE, LINE = ("新品上市", (240, 90), 64), ("Free shipping", (240, 260), 30)


def line(text, *, spans=()):
    return TextLine(text=text, polygon=((0, 0), (100, 0), (100, 20), (0, 20)), score=0.99, spans=spans)


def edited(image, instruction, **options):
    requires.text_models()
    request = edit_request(images=(image,), instruction=instruction)
    result = create(options).edit(request, lambda _step: None)
    return np.asarray(result.image), result.notes


def refused(image, instruction, **options):
    with pytest.raises(Rejected) as error:
        edited(image, instruction, **options)
    return error.value


def glossary_file(folder, content):
    path = folder / "terms.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_text_is_replaced_in_its_place_and_colour_and_the_rest_stays():
    before = poster([TITLE, LINE])
    after, _ = edited(before, "把图中文案“新品上市”改成英文“New Arrival”")
    lines = shared_reader()(after)
    assert same(lines[0].text, "New Arrival")
    assert same(lines[1].text, "Free shipping")
    changed = (after != np.asarray(before)).any(axis=-1)
    assert not changed[150:].any()
    inked = np.argwhere((after[:150].astype(int) > 200).all(axis=-1))
    assert abs((inked[:, 1].min() + inked[:, 1].max()) / 2 - 240) < 4
    assert abs((inked[:, 0].min() + inked[:, 0].max()) / 2 - 90) < 8
    assert tuple(np.median(after[inked[:, 0], inked[:, 1]], axis=0).astype(int)) == WHITE


def test_a_text_is_taken_away_without_a_trace():
    after, _ = edited(poster([TITLE, LINE]), 'remove the text "新品上市"')
    assert np.abs(after[:150].astype(int) - RED).max() <= 2


def test_a_text_that_is_not_there_is_refused_with_those_that_are():
    error = refused(poster([TITLE, LINE]), 'replace "Sold out" with "New"')
    assert error.code == "text_not_found"
    assert "“新品上市”" in error.message


def test_a_background_that_cannot_be_painted_over_is_refused():
    error = refused(poster([("新品上市", (240, 180), 100)], ground="busy"), 'replace "新品上市" with "New"')
    assert error.code in {"text_background", "text_not_found"}


def test_a_text_too_long_for_the_place_is_refused():
    error = refused(poster([TITLE]), f'replace "新品上市" with "{"very long " * 12}"')
    assert error.code == "text_does_not_fit"


def test_without_the_package_the_row_is_refused_with_what_to_install(monkeypatch):
    image = poster([TITLE])
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    monkeypatch.setattr(shared_reader(), "_models", None)
    request = edit_request(images=(image,), instruction='replace "A" with "B"')
    with pytest.raises(Rejected, match="needs rapidocr") as error:
        create({}).edit(request, lambda _step: None)
    assert error.value.code == "ocr_missing"


def test_all_texts_are_translated_by_the_glossary(tmp_path):
    path = glossary_file(tmp_path, "zh,en\n新品上市,New Arrival\n包邮,Free shipping\n")
    after, _ = edited(
        poster([TITLE, ("包邮", (240, 260), 40)]), "translate the text to English", glossary=path
    )
    assert [same(line.text, text) for line, text in zip(
        shared_reader()(after), ("New Arrival", "Free shipping"), strict=True
    )] == [True, True]  # fmt: skip


def test_a_term_that_the_glossary_lacks_is_named_and_nothing_is_edited():
    glossary = Glossary(name="terms.csv", pairs=(("新品上市", "New Arrival"),))
    with pytest.raises(Rejected, match=r"terms\.csv lacks 2 texts of the picture: “包邮”, “限时”") as error:
        translations([line("新品上市"), line("包邮"), line("限时"), line("SALE")], glossary, "english")
    assert error.value.code == "glossary_term_missing"


def test_a_translation_without_a_glossary_is_refused():
    with pytest.raises(Rejected, match="needs a glossary"):
        translations([line("新品")], None, "english")


@pytest.mark.parametrize(
    ("language", "texts", "expected"),
    [
        ("english", ("新品", "New", "Acme 7", "10"), ["New"]),
        ("chinese", ("新品", "New", "Acme", "10"), ["新品"]),
        ("", ("新品", "10"), ["New"]),
    ],
)
def test_a_glossary_is_read_towards_the_language(language, texts, expected):
    glossary = Glossary(name="g", pairs=(("新品", "New"), ("Acme", "Acme")))
    assert [change.new for change in translations(list(map(line, texts)), glossary, language)] == expected


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("新品上市\n", "line 1 of the glossary .* has no two terms"),
        ("", "has no terms"),
        ("新品,New\n新品,Novel\n", "translates “新品” twice"),
    ],
)
def test_a_file_that_is_no_glossary_is_refused_when_the_worker_starts(tmp_path, content, sentence):
    path = glossary_file(tmp_path, content)
    with pytest.raises(Misconfigured, match=sentence):
        create({"glossary": path})


def test_the_revision_changes_with_the_glossary(tmp_path):
    path = glossary_file(tmp_path, "新品,New\n")
    first = info({"glossary": path}).revision
    glossary_file(tmp_path, "新品,Novel\n")
    assert first.startswith(f"{INFO.revision}+glossary-")
    assert info({"glossary": path}).revision != first
    with pytest.raises(Misconfigured, match="cannot be read"):
        info({"glossary": tmp_path / "none.csv"})


def test_a_part_of_a_line_is_found_by_its_letters():
    letters = "全场八折New"
    spans = tuple((letter, 10.0 * at, 10.0 * at + 9) for at, letter in enumerate(letters))
    (target,) = targets("全场八折", [line("全场八折 New", spans=spans)])
    assert (target.text, target.part) == ("全场八折", (0.0, 39.0))
    assert targets("场八", [line("全场八折 New", spans=spans)])
    assert not targets("Ne", [line("全场八折 New", spans=spans)])


def test_the_mark_at_the_end_of_a_line_stays():
    assert with_its_end("New Arrival", "新品上市！", "新品上市") == "New Arrival!"  # noqa: RUF001
    assert with_its_end("New!", "新品上市！", "新品上市") == "New!"  # noqa: RUF001
