"""Clauses that draw a border, and how much border or margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.colours import BY_WORD
from qie_batch.colours.codes import agreed
from qie_batch.engines.classic.edits import AddBorder
from qie_batch.engines.classic.grammar.clause import LINKS, Refused, kinds

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Clause, Number

_BORDERS = LINKS | kinds(
    "it image usage outline joint border add change colour number thick around with by plain slight edges "
    "item on width colourword"
)
#: Where the clause does not say how much: the share of the shorter side.
_BORDER = 0.02
_MOST_PIXELS = 4000
_FRAMES = {"frame", "frames", "picture frame", "photo frame", "框", "框子", "外框", "画框", "相框"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """At most one of the two is given."""

    pixels: int | None = None
    share: float | None = None

    @property
    def given(self) -> bool:
        return self.pixels is not None or self.share is not None


def measure(number: Number, what: str, *, most_percent: int) -> Measure | Refused | None:
    """`pixels` or `share`; None for a unit that is neither."""
    if number.unit == "%":
        if not 0.5 <= number.amount <= most_percent:
            return Refused(f"{what} has 0.5 to {most_percent} %, not {number.amount:g} %.")
        return Measure(share=number.amount / 100)
    if number.unit not in {"", "px"}:
        return None
    if not 1 <= number.amount <= _MOST_PIXELS:
        return Refused(f"{what} has 1 to {_MOST_PIXELS} pixels, not {number.amount:g}.")
    return Measure(pixels=round(number.amount))


def border(clause: Clause) -> tuple[Operation, ...] | Refused | None:  # noqa: PLR0911 - one return for each reason
    outlined = clause.has("outline") and clause.has("image")
    if not (clause.has("border") or outlined) or not clause.only(_BORDERS):
        return None
    if any(word.has("change") and word.text not in {"make", "set", "做"} for word in clause):
        return None
    if _may_be_of_a_product(clause):
        return Refused(
            "The frame may be a part of the product; say “add a white border” for one around the picture."
        )
    colours, numbers, thick = clause.values("colour"), clause.values("number"), {*clause.values("thick")}
    colour = agreed(colours) if colours else BY_WORD["black"]
    if colour is None or len(numbers) > 1 or len(thick) > 1 or len({*clause.values("slight")}) > 1:
        return None
    if numbers:
        if thick - {2.0} or clause.has("slight"):
            return None
        measured = measure(numbers[0], "A border", most_percent=50)
        if measured is None or isinstance(measured, Refused):
            return measured
        return (AddBorder(pixels=measured.pixels, share=measured.share, colour=colour),)
    degree = {"slight": 0.5, "strong": 2.0}.get("".join({*clause.values("slight")}), 1.0)
    return (AddBorder(share=_BORDER * (thick.pop() if thick else degree), colour=colour),)


def _may_be_of_a_product(clause: Clause) -> bool:
    """Whether a frame is to become of a colour, as that of glasses or of a bicycle."""
    frames = [at for at, word in enumerate(clause) if word.text in _FRAMES]
    coloured = [at for at in clause.positions("colour") if frames and at > frames[0]]
    return bool(coloured) and clause.has("change", "to") and not clause.has("number", "around", "image")
