"""Replaces texts of an image, and reads the result: what is not read as it should be is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.engines.classic.rewriting.finding import targets, with_its_end
from qie_batch.engines.classic.rewriting.painting import Change, painted
from qie_batch.engines.classic.rewriting.refusals import no_ground, not_found, still_there, unreadable
from qie_batch.engines.classic.rewriting.translating import translations
from qie_batch.errors import Misconfigured, Rejected
from qie_batch.vision.ocr.reader import shared_reader
from qie_batch.vision.ocr.spelling import occurrences, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.engines.classic.canvas import Canvas
    from qie_batch.engines.classic.edits import ReplaceText, TranslateText
    from qie_batch.engines.classic.rewriting.glossary import Glossary
    from qie_batch.vision.arrays import Pixels
    from qie_batch.vision.ocr.lines import Reader, TextLine

#: Least weights of the letters, in those of the font: where thin ones are not read, heavier ones may be.
_WEIGHTS = (0.0, 0.9)
#: A new text of less than this share of the old size is worth a note.
_SMALLER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTools:
    read: Reader = field(default_factory=shared_reader)
    #: None where no glossary is set.
    glossary: Glossary | None = None

    def lines_of(self, canvas: Canvas) -> list[TextLine]:
        """Rejected (ocr_missing) where the models are not installed."""
        try:
            return self.read(canvas.rgb)
        except Misconfigured as error:
            sentence = error.message[:1].upper() + error.message[1:]
            raise Rejected(f"{sentence}.", code="ocr_missing", hint=error.hint) from error


def replace_text(canvas: Canvas, operation: ReplaceText, tools: TextTools) -> Canvas:
    """Rejected: text_not_found, text_background, text_does_not_fit, text_unreadable."""
    lines = tools.lines_of(canvas)
    found = targets(operation.old, lines)
    if not found:
        raise not_found(operation.old, [line.text for line in lines])
    changes = [
        Change(target=target, new=with_its_end(operation.new, target.text, operation.old)) for target in found
    ]
    return _carried_out(canvas, changes, lines, tools.read)


def translate(canvas: Canvas, operation: TranslateText, tools: TextTools) -> Canvas:
    """Rejected: those of `replace_text`, glossary_missing, glossary_term_missing."""
    lines = tools.lines_of(canvas)
    changes = translations(lines, tools.glossary, operation.language)
    if not changes:
        return canvas.noted("no text to translate")
    return _carried_out(canvas, changes, lines, tools.read)


def _carried_out(canvas: Canvas, changes: list[Change], lines: list[TextLine], read: Reader) -> Canvas:
    _require_opaque(canvas, changes)
    refusal: Rejected | None = None
    for weight in _WEIGHTS:
        rgb, notes = canvas.rgb, []
        for change in changes:
            others = [line for line in lines if line is not change.target.line]
            rgb, share, outlined = painted(rgb, change, others, weight)
            notes += ["text set smaller"] if share < _SMALLER else []
            notes += ["outline or shadow of the text not drawn again"] if outlined and change.new else []
        refusal = _misread(changes, lines, rgb, read)
        if refusal is None:
            return canvas.painted(rgb, *dict.fromkeys(notes))
    assert refusal is not None
    raise refusal


def _require_opaque(canvas: Canvas, changes: Sequence[Change]) -> None:
    if canvas.alpha is None:
        return
    for change in changes:
        xs, ys = zip(*change.target.line.polygon, strict=True)
        part = canvas.alpha[max(0, int(min(ys))) : int(max(ys)) + 1, max(0, int(min(xs))) : int(max(xs)) + 1]
        if part.size and int(part.min()) < 255:
            raise no_ground("it is transparent")


def _misread(changes: list[Change], lines: list[TextLine], rgb: Pixels, read: Reader) -> Rejected | None:
    """The error, where a line does not read as it should, or an old text is still read anywhere."""
    after = read(rgb)
    wanted = _expected(changes, lines)
    texts = [line.text for line in after]
    for change in changes:
        found, line = change.target.line.read_again(after), wanted[id(change.target.line)]
        if not change.new and found and not line:
            return still_there(found)
        if not same(found, line):
            return unreadable(change.new or line, found)
        old = change.target.text
        if occurrences(old, texts) > occurrences(old, list(wanted.values())):
            return still_there(old)
    return None


def _expected(changes: list[Change], lines: list[TextLine]) -> dict[int, str]:
    """What each line should be after the changes, by the id of what was read."""
    texts = {id(line): line.text for line in lines}
    for change in changes:
        line, own = change.target.line, texts[id(change.target.line)]
        whole = change.target.part is None
        texts[id(line)] = change.new if whole else _with_part(own, change.target.text, change.new)
    return texts


def _with_part(line: str, old: str, new: str) -> str:
    """The line with the part replaced; its spaces may be others than those of the part."""
    plain = "".join(old.split())
    for start in range(len(line)):
        for end in range(start + len(plain), len(line) + 1):
            if "".join(line[start:end].split()) == plain:
                return f"{line[:start]} {new} {line[end:]}"
    return f"{line} {new}"
