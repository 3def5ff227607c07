"""What a number stands for by its format: a date, a padded number, a percentage or itself."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from qie_batch.manifest.limits import MAX_NAME
from qie_batch.manifest.workbook.package import Damaged, XmlReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.manifest.workbook.package import Package

_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a sheet has no time zone
#: The last day is the last one of the year 9999.
_DAYS = 2_958_466
_MAX_FORMATS = 70_000

_DATE, _TIME, _BOTH, _SPAN = "yyyy-mm-dd", "h:mm:ss", "yyyy-mm-dd h:mm", "[h]:mm:ss"
#: Formats that a workbook names by number alone (ECMA-376 part 1, 18.8.30); 27 to 58 are East Asian dates.
_BUILTIN = {
    **dict.fromkeys((9, 10), "0%"),
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58), _DATE),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), _TIME),
    22: _BOTH,
    46: _SPAN,
}
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,39})", re.ASCII)
#: Quoted text, an escaped character, space as wide as a character, filling, then colours and conditions.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]|([0#])|(.)', re.DOTALL)
_PLACEHOLDERS = re.compile(r"[0#?.,/]+")


class NumberFormats:
    """How the cells of a workbook show their numbers."""

    def __init__(self, package: Package, part: str, *, date1904: bool) -> None:
        """`part` is "" in a workbook without styles."""
        self._epoch = _EPOCH_1904 if date1904 else _EPOCH
        styles = _Styles()
        if part:
            package.read(part, styles)
        self._by_style = {
            str(place): shown
            for place, number in enumerate(styles.numbers)
            if (shown := self._shower(styles.codes.get(number) or _BUILTIN.get(_number(number), "")))
        }

    def shown(self, text: str, style: str) -> str:
        """The number of a cell, as text in the workbook, as a person reads it."""
        show = self._by_style.get(style)
        if show:
            return show(text) or plain(text)
        return text if _WHOLE.fullmatch(text) else plain(text)

    def _shower(self, code: str) -> Callable[[str], str] | None:
        """None for formats that change nothing; the function gives "" for a number that it cannot show."""
        section = code.split(";", maxsplit=1)[0]
        bare = _LITERAL.sub("", section)
        if "general" in bare.casefold():
            return None
        letters = set(bare.casefold()) & set("ymdhs")
        if letters and "[" in bare:
            return _span
        if letters:
            time = bool(letters & set("hs"))
            # Without hours and seconds, m is the month.
            date = bool(letters & set("yd")) or not time
            return partial(_date, epoch=self._epoch, date=date, time=time)
        if "%" in bare:
            return _percent
        digits = _PLACEHOLDERS.findall(bare)
        if bare.count("0") > 1 and all(set(each) <= {"0", "#"} for each in digits):
            return partial(_padded, tokens=_TOKEN.findall(section)[::-1])
        return None


def plain(text: str) -> str:
    """With the 15 digits that a spreadsheet shows, never with an exponent, and no ".0"."""
    try:
        value = float(text)
    except ValueError:
        return text
    if value in (float("inf"), float("-inf")) or value != value:  # noqa: PLR0124 - NaN is not itself
        return text
    # The last digits of a fraction are noise of binary arithmetic, those of a whole number may be an id's.
    digits = repr(value) if value.is_integer() else f"{value:.15g}"
    return f"{Decimal(digits):f}".removesuffix(".0") if value else "0"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _days(text: str) -> float | None:
    try:
        days = float(text)
    except ValueError:
        return None
    return days if 0 <= days < _DAYS else None


def _date(text: str, epoch: datetime, *, date: bool, time: bool) -> str:
    days = _days(text)
    if days is None:
        return ""
    if epoch == _EPOCH and 0 < days < 60 and date:
        days += 1  # there, 1900 is a leap year
    # Milliseconds, as the digits of a day's fraction carry no more.
    try:
        moment = epoch + timedelta(milliseconds=round(days * 86_400_000))
    except OverflowError:
        return ""
    if not date:
        return moment.time().isoformat()
    if not time or moment.time() == moment.time().min:
        return moment.date().isoformat()
    return moment.isoformat()


def _span(text: str) -> str:
    """Hours, minutes and seconds, hours beyond 24 too."""
    days = _days(text)
    if days is None:
        return ""
    seconds = round(days * 86_400)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _percent(text: str) -> str:
    try:
        return f"{plain(repr(float(text) * 100))}%"
    except ValueError:
        return ""


def _padded(text: str, tokens: list[tuple[str, str, str, str]]) -> str:
    """A whole number with the leading zeros and fixed characters of its format; `tokens` come last first."""
    number = plain(text) if not _WHOLE.fullmatch(text) else text
    if not number.isdecimal():
        return ""
    places = sum(1 for token in tokens if token[2])
    shown = []
    for quoted, escaped, digit, other in tokens:
        if digit:
            places -= 1
            # The first place takes all digits that are left.
            taken, number = (number[-1:], number[:-1]) if places else (number, "")
            shown.append(taken or ("0" if digit == "0" else ""))
        else:
            shown.append(quoted or escaped or other)
    return "".join(reversed(shown))


class _Styles(XmlReader):
    def __init__(self) -> None:
        #: Number of a format -> its code.
        self.codes: dict[str, str] = {}
        #: The number of each style's format.
        self.numbers: list[str] = []
        self._of_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "cellXfs":
            self._of_cells = True
        elif name == "xf" and self._of_cells:
            self.numbers.append(attributes.get("numFmtId", "0"))
        elif name == "numFmt":
            # Differential styles, which come later, may repeat a number.
            self.codes.setdefault(attributes.get("numFmtId", ""), attributes.get("formatCode", "")[:MAX_NAME])
        if len(self.codes) + len(self.numbers) > _MAX_FORMATS:
            raise Damaged(f"it has more than {_MAX_FORMATS:,} cell formats")

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._of_cells = False
