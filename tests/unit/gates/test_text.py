import sys

from qie_batch.gates import text
from qie_batch.gates.evidence import Evidence
from qie_batch.model import Checks, Edited, Verdict
from tests.support import requires
from tests.support.posters import poster


def found(lines, instruction="", **checks):
    image = poster(lines)
    edited = Edited(before=image, after=image, instruction=instruction)
    return text.check(Evidence(edited, Checks(**checks)), text.LIMIT)


def test_a_row_that_asks_for_no_text_is_not_read(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    assert found([("SALE", (240, 180), 60)], "make the background white") is None


def test_without_the_package_the_gate_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    finding = found([("SALE", (240, 180), 60)], 'add the text "SALE"')
    assert finding.verdict is Verdict.UNCHECKED
    assert "install qie-batch[text]" in finding.sentence


def test_letters_that_are_not_read_are_not_judged():
    requires.text_models()
    assert found([("SALE", (240, 180), 60)], expect_text=("Скидка",)).verdict is Verdict.UNCHECKED


def test_the_wanted_text_is_read_and_a_misspelt_one_is_named():
    requires.text_models()
    lines = [("New Arrival", (240, 90), 56), ("限时特惠", (240, 250), 56)]
    assert found(lines, expect_text=("new arrival", "限时特惠")).verdict is Verdict.PASSED
    finding = found(lines, "把“限时特惠”改成“New Arrivals”")
    assert (finding.verdict, finding.figure) == (Verdict.FAILED, 4.0)
    assert "“New Arrivals” should be readable, and “newarrival” is read" in finding.sentence
    assert "“限时特惠” should be gone and is still read" in finding.sentence


def test_a_limit_allows_wrong_letters():
    assert text._compared(["New Arrival"], [], ["New Arival"], 1.0).verdict is Verdict.PASSED
    assert text._compared(["New Arrival"], [], ["New Arival"], 0.0).verdict is Verdict.FAILED
