"""The file of an offline sheet: each line is checked before any is written."""

from __future__ import annotations

import pytest

from qie_batch.errors import UsageError
from qie_batch.model import Decision
from qie_batch.steps.decisions import read_decisions

HEADER = '"job","item","version","decision","note","instruction","seed","reviewer","at"'
GOOD = '"j","j.1","2","rejected","\'=too dark","","","maria","2026-11-27T08:15:00Z"'


def read(tmp_path, *lines, encoding="utf-8-sig"):
    path = tmp_path / "decisions.csv"
    path.write_bytes("\r\n".join((*lines, "")).encode(encoding))
    return read_decisions(path, "tom")


def test_a_line_is_a_decision_with_who_and_which_version(tmp_path):
    again = '"j","j.2","1","rerolled","","make it\nred","7","","2026-11-27T08:15:00Z"'
    first, second = read(tmp_path, HEADER, GOOD, again)
    assert (first.asked.item_id, first.asked.version, first.asked.decision) == ("j.1", 2, Decision.REJECTED)
    assert (first.asked.note, first.reviewer) == ("=too dark", "maria (sheet, by tom)")
    assert (second.asked.instruction, second.asked.seed, second.reviewer) == ("make it\nred", 7, "tom")
    assert second.number == 4


def test_a_spreadsheet_may_have_saved_the_file_its_own_way(tmp_path):
    lines = (HEADER.replace(",", ";"), GOOD.replace(",", ";").replace("too dark", "太暗了看不清商标"))
    (line,) = read(tmp_path, *lines, encoding="gb18030")
    assert line.asked.note == "=太暗了看不清商标"


BAD = {
    "the decision is 'maybe'": GOOD.replace('"rejected"', '"maybe"'),
    "the version is 'two'": GOOD.replace('"2"', '"two"'),
    "the seed is '-1'": GOOD.replace('"","","maria"', '"","-1","maria"'),
    "'k.1' is no item of job 'j'": GOOD.replace("j.1", "k.1"),
    "a rejection needs a reason": GOOD.replace("'=too dark", ""),
    "is not the name of a reviewer": GOOD.replace("maria", "ma\x07ria"),
}


@pytest.mark.parametrize("says", BAD)
def test_a_line_that_is_no_decision_is_named_and_nothing_is_read(says, tmp_path):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, HEADER, GOOD, BAD[says])
    assert caught.value.message.startswith("decisions.csv has 1 line that cannot be read: line 3: ")
    assert says in caught.value.message


def test_many_faulty_lines_are_counted(tmp_path):
    with pytest.raises(UsageError, match=r"8 lines .*; and 3 more$"):
        read(tmp_path, HEADER, *[BAD["the version is 'two'"]] * 8)


@pytest.mark.parametrize("text", ["", "item,version\nj.1,2"])
def test_another_file_is_a_sentence(text, tmp_path):
    with pytest.raises(UsageError, match=r"decisions.csv has no column '(item|decision)'"):
        read(tmp_path, text)
