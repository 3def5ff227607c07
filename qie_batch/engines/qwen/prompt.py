"""Makes a manifest's text safe for the chat template: no control tokens, limited length."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Tokens of one text. The pipeline declares 1,024 as its longest sequence; the transformer's position table,
#: 4,096 long and shared with up to three images, fails with a crash at about 3,400.
MAX_TOKENS = 1024
#: A longer text is refused without tokenising, since no text has 32 characters in each token.
_MAX_CHARACTERS = 32 * MAX_TOKENS


def neutralise(text: str, control_tokens: Iterable[str]) -> str:
    """The text with a space inside each control token, so that the token is read as plain characters.

    Lone surrogates, which no tokenizer takes, become question marks.
    """
    text = text.encode("utf-8", "replace").decode()
    pattern = "|".join(re.escape(token) for token in sorted(control_tokens, key=len, reverse=True))
    return re.sub(pattern, lambda match: match[0][0] + " " + match[0][1:], text) if pattern else text


def check_length(text: str, what: str, count_tokens: Callable[[str], int]) -> None:
    check_characters(text, what)
    if (tokens := count_tokens(text)) > MAX_TOKENS:
        raise _too_long(what, f"{tokens:,} tokens")


def check_characters(text: str, what: str) -> None:
    if len(text) > _MAX_CHARACTERS:
        raise _too_long(what, f"{len(text):,} characters")


def _too_long(what: str, size: str) -> Rejected:
    return Rejected(
        f"The {what} is too long for the model: {size}, and it takes at most {MAX_TOKENS:,} tokens.",
        code="instruction_too_long",
        hint="Say it in fewer words; a few sentences serve best.",
        subject=what,
    )
