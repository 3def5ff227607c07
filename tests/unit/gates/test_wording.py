import pytest

from qie_batch.gates.wording import Wording, wording_of


@pytest.mark.parametrize(
    ("instruction", "wanted", "gone"),
    [
        ('replace the text "新品上市" with "New Arrival"', ("New Arrival",), ("新品上市",)),
        ("把图中文案“新品上市”改成英文“New Arrival”", ("New Arrival",), ("新品上市",)),
        ('change "A" to "B" and "C" to "D"', ("B", "D"), ("A", "C")),
        ('make the headline "NEW" instead of "OLD"', ("NEW",), ("OLD",)),
        ('remove the text "SAMPLE"', (), ("SAMPLE",)),
        ("去掉文字“样品”", (), ("样品",)),
        ('a neon sign saying "OPEN", posters with the words "Big Sale"', ("OPEN", "Big Sale"), ()),
        ("右下角写“包邮”", ("包邮",), ()),
        ('translate "新品" to "New"; add the text "Hi"', ("New", "Hi"), ("新品",)),
    ],
)
def test_quoted_words_are_wanted_or_gone_by_what_is_around(instruction, wanted, gone):
    assert wording_of(instruction) == Wording(wanted=wanted, gone=gone)


@pytest.mark.parametrize(
    "instruction",
    [
        "change the jacket to red",
        'put her on a beach in the style of "Baywatch"',
        'keep the logo "Acme" unchanged, change the background to white',
        'change the cup into a "teapot"',
        "",
    ],
)
def test_an_instruction_that_asks_for_no_text_has_none(instruction):
    assert wording_of(instruction) == Wording()
