"""Comments and docstrings are technical English, and identifiers are the terms of docs/architecture.md.

Only the product's code is read. Sentences for users are not prose of the code, so string literals other than
docstrings are left out.
"""

from __future__ import annotations

import ast
import re
import tokenize
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("qie_batch", "workers") for path in (CHECKOUT / folder).rglob("*.py"))

#: Figures of speech: processes do not live, hear or sleep, and an unnamed person does nothing in a program.
FIGURES = (
    "accuse",
    "accuses",
    "blameless",
    "dies of",
    "dies over",
    "die young",
    "eat",
    "eats",
    "fellow",
    "hear",
    "heard",
    "hears",
    "in peace",
    "in vain",
    "nobody",
    "said so",
    "somebody",
    "taken for dead",
    "taken for lost",
    "wants it",
    "whoever",
    "without us",
    "zombie",
)
#: Words with a term of their own: the image of an edit, the CUDA device, a decoder process.
SYNONYMS = ("card", "cards", "openers", "picture", "pictures", "slots")
#: Identifiers that had several meanings, or described the term instead of naming it.
RETIRED = (
    "abandon",
    "Bench",
    "bury",
    "Child",
    "Departure",
    "feel",
    "Flow",
    "heard",
    "Hint",
    "insist",
    "LONG_LOOK_SECONDS",
    "Lost",
    "LOOK_SECONDS",
    "Opener",
    "slot",
    "Wishes",
    "zombie",
)

FIGURE = re.compile(rf"\b({'|'.join(FIGURES)})\b", re.IGNORECASE)
SYNONYM = re.compile(rf"\b({'|'.join(SYNONYMS)})\b", re.IGNORECASE)
IDENTIFIER = re.compile(rf"\b_*({'|'.join(RETIRED)})s?\b")
#: Docstrings of commands are help texts, and help texts are sentences for users.
HELP = CHECKOUT / "qie_batch" / "cli"
#: "slots" of a dataclass; the model card of a published model is a document.
TERMS = re.compile(r"slots=True|model card")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def sources(pattern: re.Pattern[str]) -> Iterator[tuple[Path, str]]:
    """Files with a match anywhere; only these are worth parsing."""
    for path in FILES:
        source = read(path)
        if pattern.search(TERMS.sub("", source)):
            yield path, source


def prose_of(source: str) -> Iterator[str]:
    """Comments and docstrings."""
    for token in tokenize.generate_tokens(iter(source.splitlines(keepends=True)).__next__):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED):
            yield ast.get_docstring(node) or ""


def names_of(source: str) -> Iterator[str]:
    """Names that the source defines or assigns."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.arg(arg=name):
                yield name


def found_in_prose(pattern: re.Pattern[str], *, without: Path | None = None) -> list[str]:
    return [
        f"{path.relative_to(CHECKOUT)}: {match[0]!r} in {text!r}"
        for path, source in sources(pattern)
        if without not in path.parents
        for text in prose_of(source)
        for match in pattern.finditer(TERMS.sub("", text))
    ]


def test_no_comment_is_a_figure_of_speech():
    assert found_in_prose(FIGURE) == []


def test_an_image_is_no_picture_and_a_device_no_card():
    assert found_in_prose(SYNONYM, without=HELP) == []


def test_no_retired_name_comes_back():
    found = [
        f"{path.relative_to(CHECKOUT)}: {name}"
        for path, source in sources(IDENTIFIER)
        for name in sorted({*names_of(source)})
        if IDENTIFIER.fullmatch(name)
    ]
    assert found == []
