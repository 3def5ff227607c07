import pytest

from qie_batch.vision.ocr.spelling import folded, letters_apart, occurrences, readable, same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("New Arrival", "NEW ARRIVAL!"),
        ("50% off", "５０％ OFF"),  # noqa: RUF001 - full width
        ("Café Größe", "CAFE GROSSE"),
        ("新品 上市", "新品上市。"),
        ("Oil 10", "0il I0"),
    ],
)
def test_case_width_accents_spaces_and_marks_make_no_other_text(one, other):
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("19.99", "1999"), ("Sale", "Sales"), ("新品", "新晶"), ("A-1", "A-2")]
)
def test_another_letter_or_number_makes_another_text(one, other):
    assert not same(one, other)


@pytest.mark.parametrize(
    ("wanted", "lines", "apart"),
    [
        ("New Arrival", ["SUMMER", "New Arrival 2026"], 0),
        ("New Arrival", ["New", "Arrival"], 0),
        ("New Arrival", ["NewArrival"], 0),
        ("New Arrival", ["New Arival"], 1),
        ("ART", ["START"], 2),
        ("新品上市", ["限时新品上市"], 0),
        ("新品上市", ["新品止市"], 1),
        ("新品上市", [], 4),
    ],
)
def test_a_text_is_as_far_as_the_letters_that_are_wrong_in_the_nearest_words(wanted, lines, apart):
    assert letters_apart(wanted, lines)[0] == apart


def test_a_text_is_counted_as_whole_words():
    assert occurrences("sale", ["Sale, SALE", "wholesale", "sale"]) == 3


def test_letters_that_the_models_do_not_know_are_told_apart():
    assert readable("New Größe 新品 50 %")
    assert not readable("Новинка")
    assert folded("★ ☆") == ""
