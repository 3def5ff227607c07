"""Names of encodings: what people call them, and the codecs that read them."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from qie_batch.model import InvalidManifest
from qie_batch.text import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    #: Python's codec.
    codec: str
    #: For people; `--encoding` takes the name as well.
    name: str


UTF_8 = Encoding(codec="utf-8", name="UTF-8")
UTF_8_MARKED = Encoding(codec="utf-8-sig", name="UTF-8")
UTF_16 = Encoding(codec="utf-16", name="UTF-16")
UTF_16_LE = Encoding(codec="utf-16-le", name="UTF-16LE")
UTF_16_BE = Encoding(codec="utf-16-be", name="UTF-16BE")
UTF_32 = Encoding(codec="utf-32", name="UTF-32")
GB18030 = Encoding(codec="gb18030", name="GB18030")

#: Byte order mark -> encoding; UTF-32 goes first, as its mark begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: UTF_32,
    codecs.BOM_UTF32_BE: UTF_32,
    codecs.BOM_UTF8: UTF_8_MARKED,
    codecs.BOM_UTF16_LE: UTF_16,
    codecs.BOM_UTF16_BE: UTF_16,
}

#: Codec -> name of all others that `--encoding` takes.
NAMES = {
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp1257": "Windows-1257",
    "cp1258": "Windows-1258",
    "cp874": "Windows-874",
    "cp932": "Shift_JIS",
    "euc_jp": "EUC-JP",
    "iso2022_jp": "ISO-2022-JP",
    "cp949": "CP949",
    "iso2022_kr": "ISO-2022-KR",
    "johab": "Johab",
    "cp950": "Big5",
    "big5hkscs": "Big5-HKSCS",
    "hz": "HZ-GB-2312",
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "mac-roman": "Macintosh",
    "mac-cyrillic": "Mac-Cyrillic",
    **{f"iso8859-{part}": f"ISO-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    **{f"cp{page}": f"CP{page}" for page in (437, 737, 850, 852, 855, 857, 861, 862, 864, 865, 866)},
}

#: Codec -> the codec of the same language that reads more characters.
_WIDER = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "cp950",
    "iso8859-1": "cp1252",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "utf-8": "utf-8-sig",
}
#: Names that Python does not know.
_ALIASES = {
    "windows-874": "cp874",
    "windows-31j": "cp932",
    "windows-932": "cp932",
    "windows-936": "gb18030",
    "windows-949": "cp949",
    "windows-950": "cp950",
}
_UNICODE = {found.codec: found for found in (UTF_8_MARKED, UTF_16, UTF_16_LE, UTF_16_BE, UTF_32, GB18030)}
_EXAMPLES = "utf-8, utf-16, gb18030, windows-1252, windows-1250, windows-1251, shift_jis, euc-jp, euc-kr, big5"



def encoding_of(codec: str) -> Encoding:
    return _UNICODE.get(codec) or Encoding(codec=codec, name=NAMES[codec])


def named_encoding(name: str) -> Encoding:
    """Raises InvalidManifest for a name that means no encoding of a text file."""
    plain = name.strip().lower().replace("_", "-")
    try:
        codec = codecs.lookup(_ALIASES.get(plain, plain)).name
        return encoding_of(_WIDER.get(codec, codec))
    except (LookupError, ValueError):  # ValueError: a name with a NUL character
        raise InvalidManifest(
            f"--encoding {printable(name)}: qie-batch knows no encoding of that name",
            hint=f"Names that work: {_EXAMPLES}",
        ) from None
