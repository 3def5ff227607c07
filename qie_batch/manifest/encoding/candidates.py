"""The encodings that a text without a mark may be in, each with the likelihood of what the text then says."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.manifest.encoding import likelihood
from qie_batch.manifest.encoding.decoding import lines_beyond_ascii
from qie_batch.manifest.encoding.names import Encoding, encoding_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qie_batch.manifest.encoding.likelihood import Language

#: Bits by which the likeliest candidate precedes the next one where the text is evidence: 1,000 to 1.
_MARGIN = 10.0
#: Bits by which a candidate precedes UTF-8 where bytes decode as UTF-8 by chance.
_CHANCE = 3.0
_MOST_SUGGESTED = 4
#: Bits by which an encoding that few programs write is less likely.
_RARITY = 6.0

#: Of equally likely ones the first is suggested first.
_LANGUAGES: dict[str, Language] = {
    "gb18030": likelihood.CHINESE,
    "cp1252": likelihood.LATIN,
    "cp1250": likelihood.LATIN,
    "cp1251": likelihood.CYRILLIC,
    "cp949": likelihood.KOREAN,
    "cp932": likelihood.JAPANESE,
    "cp950": likelihood.TAIWANESE,
    "cp1253": likelihood.GREEK,
    "cp1254": likelihood.LATIN,
    "cp1255": likelihood.HEBREW,
    "cp1256": likelihood.ARABIC,
    "cp1257": likelihood.LATIN,
    "cp1258": likelihood.VIETNAMESE,
    "cp874": likelihood.THAI,
    "euc_jp": likelihood.JAPANESE,
    "koi8-r": likelihood.CYRILLIC,
}
_RARE: dict[str, Language] = {
    "koi8-u": likelihood.CYRILLIC,
    "iso8859-2": likelihood.LATIN,
    "iso8859-5": likelihood.CYRILLIC,
    "iso8859-6": likelihood.ARABIC,
    "iso8859-7": likelihood.GREEK,
    "iso8859-8": likelihood.HEBREW,
    "iso8859-15": likelihood.LATIN,
    "iso8859-16": likelihood.LATIN,
    "mac-roman": likelihood.LATIN,
    "mac-cyrillic": likelihood.CYRILLIC,
    "cp850": likelihood.LATIN,
    "cp852": likelihood.LATIN,
    "cp437": likelihood.LATIN,
    "cp866": likelihood.CYRILLIC,
    "cp857": likelihood.LATIN,
    "cp737": likelihood.GREEK,
    "cp862": likelihood.HEBREW,
    "johab": likelihood.KOREAN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    encoding: Encoding
    bits: float


def candidates(path: Path) -> list[Candidate]:
    """Of the first lines with characters beyond ASCII, the likeliest first."""
    sample = lines_beyond_ascii(path)
    found = []
    for codec, language in (_LANGUAGES | _RARE).items():
        try:
            bits = language.bits(_decoded(sample, codec))
        except UnicodeDecodeError:
            continue
        found.append(Candidate(encoding=encoding_of(codec), bits=bits + (_RARITY if codec in _RARE else 0)))
    return sorted(found, key=lambda candidate: candidate.bits)


def is_certain(encoding: Encoding, found: Sequence[Candidate]) -> bool:
    """Whether no other candidate is nearly as likely."""
    others = (candidate.bits for candidate in found[1:])
    return (
        bool(found) and found[0].encoding == encoding and min(others, default=1e9) - found[0].bits >= _MARGIN
    )


def suggested(found: Sequence[Candidate]) -> list[Encoding]:
    near = [candidate.encoding for candidate in found if candidate.bits - found[0].bits < 1.5 * _MARGIN]
    return near[:_MOST_SUGGESTED]


def likelier_than_utf_8(path: Path) -> list[Candidate]:
    """The candidates of a file that decodes as UTF-8 by chance; [] where UTF-8 is likely."""
    bits = likelihood.ANY.bits(_decoded(lines_beyond_ascii(path), "utf-8"))
    return [candidate for candidate in candidates(path) if candidate.bits + _CHANCE < bits]


def _decoded(sample: bytes, codec: str) -> str:
    """The sample may end within a character."""
    return codecs.getincrementaldecoder(codec)().decode(sample)
