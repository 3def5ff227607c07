"""How unlikely a text is in the language of an encoding, in bits: the least is the most likely.

ASCII characters cost nothing, as most encodings agree on them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.manifest.encoding import letters
from qie_batch.manifest.encoding.pairs import PAIRS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")
#: A letter of East Asia beside a small Latin one; "T恤" and "USB线" are common, "Gr鲞e" is not.
_TOUCHING = re.compile(r"[a-z](?=[^\W\d_a-zA-Z])|[^\W\d_a-zA-Z](?=[a-z])")
_LONG_RUN = re.compile(r"(?<=[^\x00-\x7f]{2})[^\x00-\x7f]")
_MISPLACED = re.compile(
    "(?<![ก-๎])[ะ-ฺ็-๎]"  # Thai marks need a letter before them
    "|[ךםןףץ](?=[א-ת])|[ةى](?=[ء-ي])"  # final forms of Hebrew and Arabic
    "|(?<![A-Za-zÂâĂăÊêÔôƠơƯư])[\u0300-\u0323]"  # tone marks of Vietnamese stand on vowels
)
_IMPOSSIBLE, _ODD = 40.0, 16.0


def _ranked(characters: str, share: float, offset: int = 25) -> dict[str, float]:
    """By Zipf's law: the frequency of a character is proportional to 1 / (its rank + offset)."""
    total = math.log((len(characters) + offset) / offset)
    return {
        character: math.log2(total * (rank + offset) / share) for rank, character in enumerate(characters)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    #: Bits of the common characters.
    common: Mapping[str, float]
    #: Bits of every other one.
    other: Callable[[str], float]
    #: Bits of what is odd in the order of the characters.
    order: Callable[[str], float]

    def bits(self, text: str) -> float:
        counted = Counter("".join(_NOT_ASCII.findall(text)))
        return self.order(text) + sum(
            number * self._character(character) for character, number in counted.items()
        )

    def average(self, counted: Mapping[str, int]) -> float:
        """Bits a character beyond ASCII of a text, whatever their order."""
        beyond = {character: number for character, number in counted.items() if character > "\x7f"}
        bits = sum(number * self._character(character) for character, number in beyond.items())
        return bits / max(1, sum(beyond.values()))

    def _character(self, character: str) -> float:
        bits = self.common.get(character)
        return self.other(character) if bits is None else bits


def _unexpected(character: str) -> float:
    """Of a character that no language of the encoding needs."""
    category = unicodedata.category(character)
    if category in {"Cc", "Cn", "Co", "Cs"}:
        return _IMPOSSIBLE
    return _ODD if category.startswith("L") else _ODD - 2


def _touching(text: str) -> float:
    return 3.0 * len(_TOUCHING.findall(text))


_PAIRS = frozenset(PAIRS[start : start + 2] for start in range(0, len(PAIRS), 2))


def _order_of_hanzi(text: str) -> float:
    runs = _NOT_ASCII.findall(text)
    known = sum(run[start : start + 2] in _PAIRS for run in runs for start in range(len(run) - 1))
    return _touching(text) - 6.0 * known


def _bytes_in(character: str, codec: str) -> bytes:
    return character.encode(codec, "ignore")


def _other_chinese(character: str) -> float:
    data = _bytes_in(character, "gb2312")
    if "\u4e00" <= character <= "\u9fff":
        if not data:
            return 17.0 if character in _TRADITIONAL else 24.0
        return 15.6 if data < b"\xd8" else 20.0
    if "\u3400" <= character <= "\u4dbf" or character >= "\U00010000":
        return 26.0
    if "\u3040" <= character <= "\u30ff":
        return 18.0
    if data and data < b"\xa4":
        return 12.0
    return max(_unexpected(character), 18.0)


def _other_korean(character: str) -> float:
    if "가" <= character <= "힣":
        return 15.0 if _bytes_in(character, "euc_kr") else 20.0
    if "\u4e00" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff":
        return 20.0
    return 12.0 if character in "·…“”‘’㎝㎜㎏①②③★☆■□●○※→℃×" else _unexpected(character)


def _other_japanese(character: str) -> float:
    if "\u4e00" <= character <= "\u9fff":
        return 15.5 if _bytes_in(character, "shift_jis") < b"\x98\x9f" else 20.0
    if "\uff61" <= character <= "\uff9f":
        return 8.0
    return 12.0 if "\uff00" <= character <= "\uffef" or "\u3000" <= character <= "\u303f" else _unexpected(
        character
    )


def _other_taiwanese(character: str) -> float:
    if "\u4e00" <= character <= "\u9fff":
        return 15.5 if _bytes_in(character, "big5") < b"\xc9" else 20.0
    return 12.0 if "\uff00" <= character <= "\uffef" or "\u3000" <= character <= "\u303f" else _unexpected(
        character
    )


def _order_of_letters(text: str) -> float:
    bits = 4.0 * len(_LONG_RUN.findall(text)) if _LATIN_TEXT.search(text) else 0.0
    bits += 8.0 * len(_MISPLACED.findall(text))
    for word in _WORD.findall(text):
        if not (word.islower() or word.isupper() or word[1:].islower() or word.upper() == word.lower()):
            bits += 6.0
        if _ASCII_LETTER.search(word) and _OTHER_SCRIPT.search(word):
            bits += 12.0
        if _ACCENTS_ALONE.fullmatch(word):
            bits += 8.0
    return bits


_ASCII_LETTER = re.compile("[A-Za-z]")
_OTHER_SCRIPT = re.compile("[\u0370-\u0e7f]")
_ACCENTS_ALONE = re.compile("[\u00c0-\u02ff]{2,}")
_LATIN_TEXT = re.compile("[\u00c0-\u024f]")
_TRADITIONAL = frozenset(letters.TRADITIONAL)
_PUNCTUATION = dict.fromkeys("，。、：；！？（）“”《》【】·…—￥", 8.5)
_SYMBOLS = dict.fromkeys("°®™€£«»„“”–—’‘…·№ºª²³×½¡¿\u00a0", 9.0)


def _letters(lower: str, share: float = 0.95, offset: int = 6) -> dict[str, float]:
    bits = _ranked(lower, share, offset)
    upper = {letter.upper(): cost + 1.5 for letter, cost in bits.items() if len(letter.upper()) == 1}
    return _SYMBOLS | upper | bits


CHINESE = Language(
    common=_PUNCTUATION | _ranked(letters.HANZI, 0.92), other=_other_chinese, order=_order_of_hanzi
)
TAIWANESE = Language(
    common=_PUNCTUATION | _ranked(letters.TRADITIONAL, 0.85), other=_other_taiwanese, order=_touching
)
KOREAN = Language(common=_ranked(letters.HANGUL, 0.94), other=_other_korean, order=_touching)
_KANA = "ーンスのルトをにラッいクのしイリたてるフシジドなアグでタがかとレはバコカッキプマらメれりムもすうサ"
JAPANESE = Language(
    common=_PUNCTUATION
    | _ranked(letters.KANJI, 0.45)
    | {chr(code): 7.0 for code in (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7), 0x30FC)},
    other=_other_japanese,
    order=_touching,
)
CYRILLIC, GREEK, HEBREW, ARABIC, THAI = (
    Language(common=_letters(lower), other=_unexpected, order=_order_of_letters)
    for lower in (letters.CYRILLIC, letters.GREEK, letters.HEBREW, letters.ARABIC, letters.THAI)
)
LATIN = Language(common=_letters(letters.LATIN, offset=20), other=_unexpected, order=_order_of_letters)
VIETNAMESE = Language(
    common=_letters(letters.LATIN + "\u0300\u0301\u0303\u0309\u0323", offset=20),
    other=_unexpected,
    order=_order_of_letters,
)


def _other_of_any(character: str) -> float:
    """Armenian, Syriac, Thaana and N'Ko letters are as good as others; those of phonetics are rare."""
    return 8.0 if "\u0530" <= character <= "\u058f" or "\u0700" <= character else _unexpected(character)


#: All languages of one alphabet each, as UTF-8 holds them with two bytes a character.
ANY = Language(
    common=VIETNAMESE.common
    | CYRILLIC.common
    | GREEK.common
    | HEBREW.common
    | ARABIC.common,
    other=_other_of_any,
    order=_order_of_letters,
)
