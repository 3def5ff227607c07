"""Which texts of an image become which: by the glossary. A text without an entry is refused, not guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic.rewriting.finding import Target
from qie_batch.engines.classic.rewriting.painting import Change
from qie_batch.engines.classic.rewriting.refusals import named
from qie_batch.errors import Rejected
from qie_batch.text import many
from qie_batch.vision.ocr.spelling import folded, is_chinese

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.engines.classic.rewriting.glossary import Glossary
    from qie_batch.vision.ocr.lines import TextLine


def translations(lines: Sequence[TextLine], glossary: Glossary | None, language: str) -> list[Change]:
    """The changes; Rejected (glossary_missing, glossary_term_missing) where one is not known."""
    if glossary is None:
        raise Rejected(
            "A translation needs a glossary, and none is set.",
            code="glossary_missing",
            hint="set QIE_GLOSSARY to a CSV file of term,translation; or say: replace the text “…” with “…”",
            subject="instruction",
        )
    known = glossary.towards(language)
    done = set(map(folded, known.values()))
    changes, missing = [], []
    for line in lines:
        term = folded(line.text)
        if term in known and folded(known[term]) != term:
            changes.append(Change(target=Target(line=line, text=line.text), new=known[term]))
        elif term not in known and term not in done and _is_foreign(line.text, language):
            missing.append(line.text)
    if missing:
        raise Rejected(
            f"The glossary {glossary.name} lacks {many(len(set(missing)), 'text')} of the picture: "
            f"{named(missing)}.",
            code="glossary_term_missing",
            hint="add term,translation for each; for a text that stays as it is, itself twice",
            subject="instruction",
        )
    return changes


def _is_foreign(text: str, language: str) -> bool:
    """Whether the text has to be translated: not numbers, and not what is in the language already."""
    if not any(letter.isalpha() for letter in text):
        return False
    return not language or is_chinese(text) is not (language == "chinese")
