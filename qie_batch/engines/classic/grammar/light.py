"""Clauses about light, colour and detail of the whole image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import (
    AutoLevels,
    BalanceWhite,
    MakeGrey,
    SetBrightness,
    SetContrast,
    SetSaturation,
    SetTone,
    Sharpen,
    Tone,
)
from qie_batch.engines.classic.grammar.clause import LINKS, Refused, kinds

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Clause, Number

_IMAGE = LINKS | kinds("it image usage")
_ADJUSTS = _IMAGE | kinds(
    "details joint edges more bright brightness contrast contrasty saturation vivid desaturate sharp "
    "colourword look change add slight number by with"
)
_TONES = _IMAGE | kinds("tone look more change add slight too with levels colourword plain on")
_GREYS = _IMAGE | kinds("grey desaturate look change add with plain colourword on")
_AUTO = _IMAGE | kinds(
    "joint automatic levels contrast adjusting enhance change add on brightness colourword"
)
_WHITE = _IMAGE | kinds(
    "joint wb cast automatic adjusting change add remove colour colourword tone from away look too on"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How far an operation goes: shares of 1."""

    name: str
    slight: float
    usual: float
    strong: float
    #: The largest percentage that may be asked for.
    most: int

    def change(self, degrees: set[str], number: Number | None, sign: int) -> float | Refused | None:
        """The share to change by; None where degree and number contradict each other."""
        if number is None:
            if len(degrees) > 1:
                return None
            return sign * {"slight": self.slight, "strong": self.strong}.get("".join(degrees), self.usual)
        if degrees or number.unit not in {"", "%"}:
            return None
        percent = abs(number.amount)
        if not number.unit and (percent < 3 or percent != int(percent)):
            return Refused(f"Say by how many percent, as in “{self.name.lower()} +20 %”.")
        if not 1 <= percent <= self.most:
            return Refused(f"{self.name} changes by 1 to {self.most} %, not by {percent:g} %.")
        return sign * percent / 100


_SCALES = {
    "brightness": Scale(name="Brightness", slight=0.1, usual=0.2, strong=0.35, most=75),
    "contrast": Scale(name="Contrast", slight=0.1, usual=0.2, strong=0.4, most=100),
    "saturation": Scale(name="Saturation", slight=0.12, usual=0.25, strong=0.5, most=100),
    "sharp": Scale(name="Sharpness", slight=0.5, usual=1.0, strong=1.5, most=200),
}
#: The adjectives and verbs with a direction of their own.
_DIRECTED = {"bright": "brightness", "contrasty": "contrast", "vivid": "saturation"}


def adjust(clause: Clause) -> tuple[Operation, ...] | Refused | None:  # noqa: PLR0911 - one return for each reason
    """Brightness, contrast, saturation, sharpness: one, or several nouns with one direction."""
    if not clause.only(_ADJUSTS) or (clause.has("edges") and not clause.has("sharp")):
        return None
    nouns = [kind for word in clause for kind in _SCALES if word.has(kind)]
    directed = [(kind, word.meanings[kind]) for word in clause for kind in _DIRECTED if word.has(kind)]
    if clause.has("desaturate") and (clause.has("slight", "number")):
        directed.append(("vivid", -1))
    elif clause.has("desaturate"):
        return None
    if not nouns and not directed and clause.has("more") and _names_colours(clause):
        nouns = ["saturation"]
    numbers = clause.values("number")
    if len(numbers) > 1 or (numbers and clause.has("to") and not numbers[0].signed):
        return None
    if len(directed) == 1 and len(set(nouns) | {_DIRECTED[directed[0][0]]}) == 1:
        kinds, sign = [_DIRECTED[directed[0][0]]], directed[0][1] * min(clause.values("more"), default=1)
    elif nouns and not directed:
        kinds, sign = list(dict.fromkeys(nouns)), _sign(clause)
        if len(kinds) > 1 and not _shares_direction(clause):
            return None
    else:
        return None
    if not sign or len({*clause.values("more")}) > 1:
        return None
    return _changes(clause, kinds, sign, numbers[0] if numbers else None)


def _shares_direction(clause: Clause) -> bool:
    """Whether one direction and one degree are said of all the nouns, before or behind them."""
    nouns = [at for at, word in enumerate(clause) if word.has(*_SCALES)]
    between = clause.words[nouns[0] : nouns[-1]]
    verbs = [word for word in clause if word.has("more", "add") or word.text in {"sharpen", "锐化"}]
    return len(verbs) <= 1 and not any(word.has("more", "add", "number", "slight") for word in between)


def _names_colours(clause: Clause) -> bool:
    return any(word.text in {"colours", "colour", "色彩", "颜色"} for word in clause) and not clause.has("to")


def _sign(clause: Clause) -> int:
    """1 for more, -1 for less, 0 where the clause does not say."""
    more = set(clause.values("more"))
    number = next(iter(clause.values("number")), None)
    if number is not None and number.signed:
        own = 1 if number.amount > 0 else -1
        return own if more <= {own} else 0
    if more:
        return int(min(more))
    return 1 if clause.has("add", "sharp") else 0


def _changes(
    clause: Clause, kinds: list[str], sign: int, number: Number | None
) -> tuple[Operation, ...] | Refused | None:
    found: list[Operation] = []
    for kind in kinds:
        change = _SCALES[kind].change(set(clause.values("slight")), number, sign)
        if change is None or isinstance(change, Refused):
            return change
        if kind == "brightness":
            found.append(SetBrightness(change=change))
        elif kind == "contrast":
            found.append(SetContrast(change=change))
        elif kind == "saturation":
            found.append(SetSaturation(change=change))
        elif change > 0:
            found.append(Sharpen(strength=change))
        else:
            return None
    return tuple(found)


def complaint(clause: Clause) -> tuple[str, int] | None:
    """Of "too dark" the kind and the direction that mends it: ("brightness", 1)."""
    allowed = _IMAGE | {
        "too",
        "bright",
        "slight",
        "vivid",
        "blurry",
        "look",
        "contrasty",
        "sharp",
        "colourword",
        "more",
        "cast",
        "colour",
    }
    if clause.has("wb") and clause.has("away") and len(clause) <= 4 and clause.has("is"):
        return ("cast", 1)
    says = (
        clause.has("too")
        or (clause.has("cast") and not clause.has("wb"))
        or any(word.text in {"is", "are"} for word in clause)
    )
    if not says or not clause.only(allowed) or clause.has("change", "add"):
        return None
    if clause.has("cast", "colour"):
        return ("cast", 1)
    lacking = -1 if "lacking" in clause.values("too") else 1
    if clause.has("blurry"):
        return ("sharp", 1)
    if clause.has("sharp"):
        return ("sharp", 1) if lacking < 0 else None
    found = {(_DIRECTED[kind], -value * lacking) for kind in _DIRECTED for value in clause.values(kind)}
    return found.pop() if len(found) == 1 else None


def tone(clause: Clause) -> tuple[Operation, ...] | None:
    if (
        not clause.has("tone")
        or not clause.only(_TONES)
        or (-1 in clause.values("more") and not _cools_down(clause))
    ):
        return None
    tones, degrees = set(clause.values("tone")), set(clause.values("slight"))
    if len(tones) != 1 or len(degrees) > 1 or (clause.has("change") and not _looks(clause)):
        return None
    strength = {"slight": 0.5, "strong": 1.5}.get("".join(degrees), 1.0)
    return (SetTone(tone=Tone(tones.pop()), strength=strength),)


def _cools_down(clause: Clause) -> bool:
    return "cool" in clause.values("tone") and any(word.text == "down" for word in clause)


def _looks(clause: Clause) -> bool:
    """Whether a word that is a verb too, as "fall", is named as a look."""
    return clause.has("look") or not any(word.text in {"fall", "aged"} for word in clause)


def grey(clause: Clause) -> tuple[Operation, ...] | None:
    removes = clause.has("remove") and any(
        word.text in {"colour", "colours", "彩色", "颜色", "色彩"} for word in clause
    )
    if removes:
        return (MakeGrey(),) if clause.only(_IMAGE | {"remove", "colourword", "from", "away"}) else None
    if not clause.has("grey", "desaturate") or not clause.only(_GREYS):
        return None
    return (MakeGrey(),)


def auto(clause: Clause) -> tuple[Operation, ...] | None:
    if not clause.only(_AUTO):
        return None
    automatic = clause.has("automatic") and clause.has("levels", "contrast", "adjusting", "enhance")
    by_hand = clause.has("levels") and clause.has("adjusting")
    plainly = clause.has("enhance") and not clause.has(
        "contrast", "levels", "sharp", "brightness", "colourword"
    )
    return (AutoLevels(),) if automatic or by_hand or plainly else None


def white_balance(clause: Clause) -> tuple[Operation, ...] | None:
    if (
        not clause.has("wb", "cast")
        or not clause.only(_WHITE)
        or (clause.has("joint") and not clause.has("cast"))
    ):
        return None
    mends = clause.has("remove", "adjusting") or any(word.text == "adjust" for word in clause)
    if clause.has("wb"):
        named = clause.has("cast") or not clause.has("tone", "colour")
        return (BalanceWhite(),) if named and not (clause.has("remove") and not clause.has("cast")) else None
    return (BalanceWhite(),) if mends and not clause.has("add") else None
