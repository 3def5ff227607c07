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

#: Bits by which the likeliest reading precedes the next one where the text is evidence: 1,000 to 1.
_MARGIN = 10.0
#: Bits by which a reading precedes UTF-8 where bytes decode as UTF-8 by chance.
_CHANCE = 3.0
#: More bytes beyond ASCII than this are never UTF-8 by chance.
_FEW = 32
_MOST_SUGGESTED = 4
#: Bits by which an encoding of few programs is suggested later.
_RARITY = 10.0

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
    # Those that follow are rivals as well, but few programs write them today.
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
class Reading:
    encoding: Encoding
    bits: float


def readings(path: Path) -> list[Reading]:
    """Of the first lines with characters beyond ASCII, the likeliest first."""
    sample, _ = lines_beyond_ascii(path)
    found = []
    for codec, language in _LANGUAGES.items():
        try:
            # The sample may end within a character.
            bits = language.bits(codecs.getincrementaldecoder(codec)().decode(sample))
        except UnicodeDecodeError:
            continue
        found.append(Reading(encoding=encoding_of(codec), bits=bits))
    return sorted(found, key=lambda reading: reading.bits)


def surely(encoding: Encoding, found: Sequence[Reading]) -> bool:
    """Whether no other reading is nearly as likely."""
    others = (reading.bits for reading in found[1:])
    return bool(found) and found[0].encoding == encoding and min(others, default=1e9) - found[0].bits >= _MARGIN


def suggested(found: Sequence[Reading]) -> list[Encoding]:
    """The likely ones, with regard to how common they are."""
    common = tuple(_LANGUAGES)[: tuple(_LANGUAGES).index("koi8-u")]
    bits = {
        reading.encoding: reading.bits + (0 if reading.encoding.codec in common else _RARITY)
        for reading in found
    }
    near = [encoding for encoding in bits if bits[encoding] - min(bits.values()) < 1.5 * _MARGIN]
    return sorted(near, key=bits.__getitem__)[:_MOST_SUGGESTED]


def utf_8_by_chance(path: Path) -> list[Reading]:
    """The readings that are likelier than UTF-8 of a file that decodes as UTF-8; [] where UTF-8 is likely."""
    sample, whole = lines_beyond_ascii(path)
    if not whole or sum(byte >= 0x80 for byte in sample) > _FEW:
        return []
    bits = likelihood.ANY.bits(sample.decode("utf-8"))
    return [reading for reading in readings(path) if reading.bits + _CHANCE < bits]


