"""Which texts an instruction wants on the image, and which it wants gone: its quoted words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qie_batch.quotes import taken_out

#: Words around a quoted text, within one clause.
_CHANGES = re.compile(
    r"\b(?:replac|chang|turn|translat|swap|renam|substitut|updat|convert|edit|make|modif|correct|rewrit)"
    r"|[改换译]|替|->|→|=>"
)
_BECOMES = re.compile(
    r"\b(?:to|with|into|by|becomes?|as|read|say|reads|says|for)\b|->|→|=>|[成为]|改|换|译", re.IGNORECASE
)
_REMOVES = re.compile(
    r"\b(?:remov|delet|eras|without|get rid of|take (?:away|off|out)|no longer|clear|hide|drop|instead of"
    r"|rather than)|\bno\b|去掉|去除|删|移除|擦|抹|清除|不要|而不是|消除"
)
_ASKS = re.compile(
    r"\b(?:text|words?|wording|titles?|captions?|slogans?|headlines?|headings?|labels?|lettering|phrase|sign"
    r"|inscription|tagline|logo|brand|name|banner|sticker|badge|price|print(?:ed|s)?|writ(?:e|es|ing|ten)"
    r"|say(?:s|ing)?|read(?:s|ing)?|add(?:ed|s)?|put|stamp|spell(?:s|ing)?|letters?|typography|overlay)\b"
    r"|文字|文案|文本|字样|标题|标语|口号|广告语|字|写|印|加上|添加|加|显示|内容|标签|品牌|价格",
)
_KEEPS = re.compile(r"\b(?:keep|preserv|retain|unchanged|leave|style|named|called|like)|保留|不变|保持|风格")
_CLAUSE = re.compile(r"[.;!?。；！？\n]")  # noqa: RUF001 - the marks of Chinese
#: What may join one change to the next.
_JOINS = " ,，、and和与并"  # noqa: RUF001
_PLACE = re.compile(r'"(\d+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    wanted: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def wording_of(instruction: str) -> Wording:
    plain, texts = taken_out(instruction)
    wanted: list[str] = []
    gone: list[str] = []
    start = 0
    for end in [*(mark.start() for mark in _CLAUSE.finditer(plain)), len(plain)]:
        _read(plain[start:end].lower(), texts, wanted, gone)
        start = end
    return Wording(wanted=_distinct(wanted), gone=_distinct([text for text in gone if text not in wanted]))


def _read(clause: str, texts: list[str], wanted: list[str], gone: list[str]) -> None:
    """Add the quoted texts of one clause to those wanted and those gone."""
    places = list(_PLACE.finditer(clause))
    at, changes = 0, False
    while at < len(places):
        start = places[at - 1].end() if at else 0
        before, text = clause[start : places[at].start()], texts[int(places[at][1])]
        following = places[at + 1] if at + 1 < len(places) else None
        behind = clause[places[at].end() : following.start() if following else len(clause)]
        changes = bool(_CHANGES.search(before) or _CHANGES.search(behind)) or (
            changes and not before.strip(_JOINS)
        )
        if following and changes and _becomes(behind):
            gone.append(text)
            wanted.append(texts[int(following[1])])
            at += 2
            continue
        if _REMOVES.search(before) or (not following and re.match(r"\s*(?:去掉|去除|删|移除|擦|抹)", behind)):
            gone.append(text)
        elif not _KEEPS.search(before) and (_ASKS.search(before) or not before.strip(" ,，") or wanted):  # noqa: RUF001
            wanted.append(text)
        at += 1


def _becomes(between: str) -> bool:
    """Whether the text before these words of a change is to become the one behind them."""
    return bool(_BECOMES.search(between) and not re.search(r"\band\b|[,，和与]", between))  # noqa: RUF001


def _distinct(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))
