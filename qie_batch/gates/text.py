"""Whether the texts that a row asks for can be read on its result, spelt right, and the old ones are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.gates.wording import Wording, wording_of
from qie_batch.model import Finding, Verdict
from qie_batch.text import printable
from qie_batch.vision.ocr.reader import HOW_TO_GET, MISSING, installed, shared_reader
from qie_batch.vision.ocr.spelling import folded, letters_apart, occurrences, readable

if TYPE_CHECKING:
    from qie_batch.gates.evidence import Evidence

NAME = "text"
#: Wrong letters of the worst text.
LIMIT = 0.0
UNIT = "letters"


def check(evidence: Evidence, limit: float) -> Finding | None:
    """Not for a row that asks for no text: reading takes a second of CPU."""
    asked = wording_of(evidence.instruction)
    if evidence.checks.expect_text:
        asked = Wording(wanted=evidence.checks.expect_text, gone=asked.gone)
    wanted, gone = _with_letters(asked.wanted), _with_letters(asked.gone)
    if not wanted and not gone:
        return None
    unread = [text for text in (*wanted, *gone) if not readable(text)]
    if not installed() or unread:
        why = (
            f"{MISSING}; {HOW_TO_GET}"
            if not unread
            else f"letters as in “{printable(unread[0])}” are not read"
        )
        return Finding(gate=NAME, verdict=Verdict.UNCHECKED, limit=limit, sentence=why)
    return _compared(wanted, gone, [line.text for line in shared_reader()(evidence.after)], limit)


def _compared(wanted: list[str], gone: list[str], lines: list[str], limit: float) -> Finding:
    figure, sentences = 0, []
    for text in wanted:
        apart, nearest = letters_apart(text, lines)
        figure = max(figure, apart)
        if apart > limit:
            shown = f"“{printable(nearest)}” is" if nearest else "nothing like it is"
            sentences.append(f"“{printable(text)}” should be readable, and {shown} read")
    for text in gone:
        if occurrences(text, lines) > occurrences(text, wanted):
            figure = max(figure, len(folded(text)))
            sentences.append(f"“{printable(text)}” should be gone and is still read")
    failed = figure > limit
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        figure=float(figure),
        limit=limit,
        sentence="; ".join(sentences) if failed else "",
    )


def _with_letters(texts: tuple[str, ...]) -> list[str]:
    return [text for text in texts if folded(text)]
