"""Clauses that change the number of pixels or the way up: resize, rotate, flip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import Axis, Flip, Resize, Rotate
from qie_batch.engines.classic.grammar.clause import LINKS, Refused, kinds
from qie_batch.images import DEFAULT_LIMITS, MIN_SIDE

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Clause, Number

_IMAGE = LINKS | kinds("it image usage")
_RESIZES = _IMAGE | kinds(
    "joint resize size width height longest number factor change by with on more square add"
)
_ROTATES = _IMAGE | kinds("rotate quarter turning place number by change more add on corner")
_FLIPS = _IMAGE | kinds("joint flip axis quarter change on by add swap")

#: Sides of a result, in pixels, and factors.
LEAST_SIDE, MOST_SIDE = MIN_SIDE, DEFAULT_LIMITS.max_side
_FACTORS = (0.01, 10.0)
#: "20 % smaller" is smaller by 20 %.
_COMPARED = {"smaller", "bigger", "larger"}
#: "Three times smaller".
_TIMES = {"two times", "three times", "两倍", "二倍", "2倍", "三倍", "3倍"}


def resize(clause: Clause) -> tuple[Operation, ...] | Refused | None:  # noqa: PLR0911 - one return for each reason
    if not clause.has("resize", "size", "width", "height", "longest", "number", "factor"):
        return None
    if not clause.only(_RESIZES):
        return None
    sizes, numbers, factors = clause.values("size"), clause.values("number"), clause.values("factor")
    if len(sizes) + len(factors) + bool(numbers) != 1:
        return None
    if sizes:
        width, height = sizes[0]
        if clause.has("more", "longest") or (clause.has("square") and width != height):
            return None
        return _checked(width=width, height=height)
    if clause.has("square"):
        return (
            _checked(width=round(numbers[0].amount), height=round(numbers[0].amount))
            if _is_pixels(numbers)
            else None
        )
    if factors:
        return _by_factor_word(clause, factors[0])
    if len(numbers) == 2:
        return _of_two_sides(clause)
    return _of_one_number(clause, numbers[0]) if len(numbers) == 1 else None


def _is_pixels(numbers: list[Number]) -> bool:
    return len(numbers) == 1 and numbers[0].unit == "px" and not numbers[0].signed


def _by_factor_word(clause: Clause, factor: float) -> tuple[Operation, ...] | Refused | None:
    if not (clause.has("resize", "change", "more") or "size" in clause.words[0].text) or clause.has(
        "width", "height", "longest"
    ):
        return None
    times = clause.values("resize") == [-1] and any(word.text in _TIMES for word in clause)
    if times and not clause.has("by", "to"):
        return _scaled(1 / factor)
    grows = (set(clause.values("resize")) | set(clause.values("more"))) - {0}
    return None if (factor > 1 and -1 in grows) or (factor < 1 and 1 in grows) else _scaled(factor)


def _of_two_sides(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    """`width 800 height 600`, `800 wide and 600 high`."""
    order = [kind for word in clause for kind in ("width", "height", "number") if word.has(kind)]
    sides = [kind for kind in order if kind != "number"]
    if sorted(sides) != ["height", "width"] or order == ["width", "height", "number", "number"]:
        return None
    if any(number.unit not in {"", "px"} for number in clause.values("number")):
        return None
    first, second = (round(number.amount) for number in clause.values("number"))
    return _checked(**{sides[0]: first, sides[1]: second})


def _of_one_number(clause: Clause, number: Number) -> tuple[Operation, ...] | Refused | None:  # noqa: PLR0911 - one return for each reason
    sides = [kind for kind in ("width", "height", "longest") if clause.has(kind)]
    if number.unit in {"", "px"}:
        if len(sides) > 1 or number.signed or clause.has("by") or _changes_by(clause):
            return None
        if (
            not number.unit
            and any(word.text in {"scale", "rescale"} for word in clause)
            and number.amount <= 10
        ):
            return _scaled(number.amount)
        if number.unit != "px" and 0 < number.amount < 200:
            return None
        if sides:
            return _checked(**{sides[0]: round(number.amount)})
        pixels = number.unit == "px" and (clause.has("change") or (len(clause) == 1 and number.amount >= 100))
        named = clause.has("resize") or pixels
        return _checked(longest=round(number.amount)) if named else None
    if sides or number.signed:
        return Refused("A size is not negative.") if number.amount < 0 and clause.has("resize") else None
    if number.unit == "x" and clause.has("resize"):
        shrinks = -1 in clause.values("resize")
        return (
            _scaled(1 / number.amount if shrinks and number.amount > 1 else number.amount)
            if number.amount
            else None
        )
    return _of_percentage(clause, number.amount) if number.unit == "%" and clause.has("resize") else None


def _changes_by(clause: Clause) -> bool:
    """Whether a word asks for more or less; "600 px high" does not."""
    return any(word.has("more") and not word.has("height") for word in clause) and not clause.has("to")


def _of_percentage(clause: Clause, percent: float) -> tuple[Operation, ...] | Refused | None:
    signs = {sign for sign in clause.values("resize") if sign} | set(clause.values("more"))
    targeted = clause.has("to") or any(word.text[-1:] in "到为至成" for word in clause if word.has("resize"))
    if clause.has("by") and not signs:
        scales = any(word.text in {"scale", "rescale"} for word in clause)
        return _scaled(percent / 100) if scales else None
    if len(signs) > 1 or _is_compared(clause):
        return _scaled(1 + signs.pop() * percent / 100) if len(signs) == 1 else None
    if clause.has("by") or (signs and not targeted):
        sign = signs.pop()
        if not clause.has("by") and percent != 50:
            small, large = 100 - percent, 100 + percent
            return Refused(
                f"It is not clear whether to {percent:g} % or by {percent:g} %, "
                f"which gives {small if sign < 0 else large:g} %."
            )
        return _scaled(1 + sign * percent / 100)
    if signs and (percent > 100) != (signs == {1}):
        return None
    return _scaled(percent / 100)


def _is_compared(clause: Clause) -> bool:
    words = clause.words
    return any(word.text in _COMPARED and words[at - 1].has("number") for at, word in enumerate(words) if at)


def _scaled(factor: float) -> tuple[Operation, ...] | Refused:
    low, high = _FACTORS
    if not low <= factor <= high:
        return Refused(
            f"A picture is resized to {low:.0%} to {high:.0%} of its size, not to {factor:.4g}.".replace(
                "%", " %"
            )
        )
    return (Resize(factor=round(factor, 6)),)


def _checked(**sides: int) -> tuple[Operation, ...] | Refused:
    for side in sides.values():
        if not LEAST_SIDE <= side <= MOST_SIDE:
            return Refused(f"A side has {LEAST_SIDE} to {MOST_SIDE:,} pixels, not {side}.")
    return (Resize(**sides),)


def rotate(clause: Clause) -> tuple[Operation, ...] | Refused | None:  # noqa: PLR0911 - one return for each reason
    if not clause.has("rotate", "quarter", "turning", "number", "place") or not clause.only(_ROTATES):
        return None
    if clause.has("flip") and not clause.has("rotate"):
        return None
    ways = {1 if way == "right" else -1 if way == "left" else 0 for way in clause.values("place")}
    ways |= set(clause.values("turning"))
    numbers, quarters = clause.values("number"), clause.values("quarter")
    if any(
        word.has("corner") and word.text not in {"side", "hand side", "边", "侧", "方向"} for word in clause
    ):
        return None
    if len(ways) > 1 or 0 in ways or len(numbers) + len(quarters) > 1:
        return None
    turned = len(ways) == 1 and any(word.text == "turn" for word in clause)
    if (
        not clause.has("rotate", "quarter")
        and not turned
        and not (numbers and (clause.has("turning") or numbers[0].unit == "degrees"))
    ):
        return None
    if numbers and (numbers[0].unit not in {"", "degrees"} or (numbers[0].signed and ways)):
        return None
    if not (numbers or quarters or ways) or len(clause.values("more")) > 1 or -1 in clause.values("more"):
        return None
    degrees = numbers[0].amount if numbers else quarters[0] if quarters else 90.0
    if not 0 < abs(degrees) < 360:
        return Refused(f"A picture is rotated by more than 0 and less than 360 degrees, not by {degrees:g}.")
    return (Rotate(degrees=degrees * (ways.pop() if ways else 1)),)


def flip(clause: Clause) -> tuple[Operation, ...] | None:
    """Without a direction, left and right are exchanged."""
    if not clause.only(_FLIPS):
        return None
    flips = [word for word in clause if word.has("flip")]
    if not flips and not (clause.has("swap") and clause.has("axis")):
        return None
    axes = list(dict.fromkeys(clause.values("axis")))
    if clause.has("quarter"):
        axes = [*axes, *(["vertical"] if "vertical" not in axes else [])]
        if len(axes) > 1:
            return None
    if not axes:
        return (Flip(axis=Axis.HORIZONTAL),) if not any(word.has("rotate") for word in flips) else None
    return tuple(Flip(axis=Axis(axis)) for axis in axes)
