"""English and Chinese: which of them a reader gets, and the texts of each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from qie_batch.errors import QieError
from qie_batch.report import viewer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: By code, each with its own name.
LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT = "en"
COOKIE = "language"
#: Sections of the viewer's texts.
SHARED = ("gates.", "units.", "decisions.")


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    #: By "section.name".
    texts: Mapping[str, str]

    @property
    def tag(self) -> str:
        """For the attribute `lang`."""
        return {"zh": "zh-CN"}.get(self.code, self.code)

    def __call__(self, key: str, /, **fields: object) -> str:
        """The text of this key; KeyError for one that is not there."""
        text = self.texts[key]
        return text.format(**fields) if fields else text

    def many(self, key: str, number: int, /, **fields: object) -> str:
        """The text of `key.one` or `key.other`."""
        return self(f"{key}.{'one' if number == 1 else 'other'}", number=f"{number:,}", **fields)

    def word(self, section: str, name: str) -> str:
        """The text of a state or a code; the name itself, with spaces, where there is none."""
        return self.texts.get(f"{section}.{name}") or name.replace("_", " ").capitalize()

    def failure(self, code: str, reason: str) -> tuple[str, str]:
        """What failed, in this language where it is known, and the sentence of the program beside it."""
        known = self.texts.get(f"failures.{code}", "") if self.code != DEFAULT else ""
        return (known, reason) if known else (reason, "")

    def error(self, error: QieError) -> tuple[str, str]:
        return self.failure(error.code, " ".join(error.sentences))


@cache
def language(code: str) -> Language:
    file = resources.files(__package__).joinpath("texts", f"{code}.toml")
    own = dict(_flat("", tomllib.loads(file.read_text("utf-8"))))
    return Language(code, {**_shared(code), **own})


def _shared(code: str) -> dict[str, str]:
    """Names that the viewer of reviews shows, too."""
    return {key: text for key, text in viewer.texts()[code].items() if key.startswith(SHARED)}


def chosen(cookie: str, accepted: str) -> Language:
    """The language that was switched to, else the first of Accept-Language that there is."""
    wanted = [cookie, *_by_preference(accepted)]
    return language(next((code for code in wanted if code in LANGUAGES), DEFAULT))


def _by_preference(header: str) -> list[str]:
    weighted = []
    for part in header[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=") or "1"
        try:
            weighted.append((float(weight), tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0]


def _flat(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            yield from _flat(key, value)
        else:
            yield key, str(value)
