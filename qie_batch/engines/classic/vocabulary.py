"""Parses an instruction into operations, or says which part of the instruction is not understood.

Every word must belong to a clause that is understood, because an edit that follows only a part of an
instruction is wrong. The words and the clauses are in `grammar`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from qie_batch.engines.classic.edits import Operation, ReplaceText, WriteText
from qie_batch.engines.classic.grammar.contradictions import contradiction
from qie_batch.engines.classic.grammar.lexer import words_of
from qie_batch.engines.classic.grammar.nearest import meant_colour, nearest
from qie_batch.engines.classic.grammar.normalising import normalised
from qie_batch.engines.classic.grammar.parts import Failure, operations_of
from qie_batch.engines.classic.grammar.reasons import reason
from qie_batch.engines.classic.grammar.sentence import understood
from qie_batch.errors import Rejected
from qie_batch.quotes import taken_out
from qie_batch.text import printable

#: The names of the operations.
CAPABILITIES = (
    "background", "recolour", "tone", "brightness", "contrast", "saturation", "sharpen", "levels",
    "white balance", "black and white", "text", "crop", "trim", "pad", "resize", "rotate", "flip", "border",
    "shadow",
)  # fmt: skip

#: A longer instruction is parsed anew each time, so that the cache stays small.
_LONGEST_CACHED = 500
#: Characters that are read; a longer instruction is refused.
_LONGEST_READ = 4000
#: What may stand beside the only text of an instruction.
_AROUND_TEXT = '" 0.,;!?。'
#: Characters of a clause in an error.
_LONGEST_SHOWN = 80
_IMAGE_NAME = re.compile(r"[^/\s]+\.(?:png|jpe?g|webp|gif|svg|bmp|tiff?|psd|ai)", re.IGNORECASE)
_TEXT_NAMED = re.compile(r"\b(?:text|words?|title|caption|slogan|headline|label)\b|文字|字样|标题|文本|文案")
_IMAGE_AS_TEXT = (
    "An image such as “{name}” cannot be put into a picture; if its name is the text, "
    "say: add the text “{name}”"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unread:
    """A clause that is not understood, or a sentence that says why it is refused."""

    clause: str
    sentence: str = ""


def parse(instruction: str) -> tuple[Operation, ...]:
    """The operations in the order given; Rejected (instruction_not_understood) if any clause is unknown."""
    plain, texts = taken_out(instruction)
    if len(texts) == 1 and not plain.strip(_AROUND_TEXT):
        within = _within_marks(texts[0])
        if within:
            return within
    plain = normalised(plain[: _LONGEST_READ + 1])
    read = (_cached if len(plain) <= _LONGEST_CACHED else _read)(plain)
    if isinstance(read, _Unread):
        raise _refusal(read, texts)
    if not read:
        raise _not_understood("The instruction is empty.")
    operations = tuple([_with_texts_of(one, texts) for one in read])
    if any(isinstance(one, WriteText) for one in operations):
        _refuse_images(operations, plain)
    return operations


def _within_marks(text: str) -> tuple[Operation, ...] | None:
    """The operations of an instruction that stands in quotation marks as a whole; one word may be a text."""
    if len(words_of(normalised(text[:_LONGEST_CACHED]))) < 2:
        return None
    try:
        return parse(text)
    except Rejected:
        return None


def _read(plain: str) -> tuple[Operation, ...] | _Unread:
    """The operations, with each text as its number, or what is not understood."""
    if len(plain) > _LONGEST_READ:
        return _Unread(clause=plain[:_LONGEST_SHOWN])
    words = words_of(plain)
    parts = understood(words)
    if isinstance(parts, Failure):
        named = [word.text for word in words if word.has("file") and parts.start <= word.start < parts.end]
        sentence = f"{_IMAGE_AS_TEXT.format(name=named[0])}." if named else parts.sentence
        return _Unread(clause=plain[parts.start : parts.end], sentence=sentence)
    operations = operations_of(parts)
    excluded = contradiction(operations)
    if excluded:
        first, second = excluded
        return _Unread(
            clause=plain, sentence=f"“{first}” and “{second}” exclude each other; ask for one of them."
        )
    if not operations and plain.strip():
        return _Unread(clause=plain)
    return operations


_cached = lru_cache(maxsize=4096)(_read)


def _with_texts_of(operation: Operation, texts: list[str]) -> Operation:
    """The operation with its texts in the places of their numbers."""
    match operation:
        case WriteText(text=text):
            return replace(operation, text=_text(texts, text, "The text to add is empty."))
        case ReplaceText(old=old, new=new):
            was = _text(texts, old, "The text to replace is empty.")
            will = _text(texts, new, "The new text is empty; say: remove the text “SALE”.") if new else ""
            if was == will:
                raise _not_understood(f"Both texts are “{printable(was)}”.")
            return replace(operation, old=was, new=will)
        case _:
            return operation


def _text(texts: list[str], number: str, empty: str) -> str:
    text = " ".join(unicodedata.normalize("NFC", texts[int(number)]).split())
    if not text:
        raise _not_understood(empty)
    return text


def _refuse_images(operations: tuple[Operation, ...], plain: str) -> None:
    for one in operations:
        if isinstance(one, WriteText) and _IMAGE_NAME.fullmatch(one.text) and not _TEXT_NAMED.search(plain):
            raise _not_understood(f"{_IMAGE_AS_TEXT.format(name=printable(one.text))}.")


def _refusal(unread: _Unread, texts: list[str]) -> Rejected:
    clause = " ".join(unread.clause.split())
    shown = printable(_with_texts(clause, texts), _LONGEST_SHOWN)
    if unread.sentence:
        return _not_understood(_with_texts(unread.sentence, texts))
    colour = meant_colour(clause)
    if colour:
        return _not_understood(f"Did not understand “{shown}”. “{colour[0]}” may be “{colour[1]}”.")
    why = reason(clause)
    if why:
        return _not_understood(f"Did not understand “{shown}”. {why}")
    near = nearest(clause)
    advice = f"Nearest: “{near}”." if near else f"The classic engine can: {', '.join(CAPABILITIES)}."
    return _not_understood(f"Did not understand “{shown}”. {advice}")


def _with_texts(clause: str, texts: list[str]) -> str:
    return re.sub(r'"(\d+)"', lambda number: f'"{printable(texts[int(number[1])])}"', clause)


def _not_understood(what: str) -> Rejected:
    return Rejected(
        what,
        code="instruction_not_understood",
        hint="Reword it as docs/classic.md shows, or run the row with an engine that understands free text.",
        subject="instruction",
    )
