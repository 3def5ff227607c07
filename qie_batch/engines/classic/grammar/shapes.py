"""Clauses that cut the image or add margin: crop, trim, pad."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from qie_batch.colours import BY_WORD
from qie_batch.colours.codes import agreed
from qie_batch.engines.classic.edits import Crop, Pad, Resize, Trim
from qie_batch.engines.classic.grammar.borders import Measure, measure
from qie_batch.engines.classic.grammar.clause import LINKS, UNKNOWN, Refused, kinds

if TYPE_CHECKING:
    from qie_batch.colours import Colour
    from qie_batch.engines.classic.edits import Operation
from qie_batch.engines.classic.grammar.clause import Clause

_IMAGE = LINKS | kinds("it image usage")
_RATIO = _IMAGE | kinds("square ratio ratioword portrait landscape change add")
_CROPS = _RATIO | kinds("trim snip crop size place centring from by around with on away tight")
_RATIOS = _RATIO | kinds("resize size with fill colour joint margin edges plain")
_TRIMS = _IMAGE | kinds(
    "snip trim crop tight margin parts edges empty colour item unknown around remove from away border "
    "transparent plain on by ground"
)
_PADS = _IMAGE | kinds(
    "joint pad margin square ratio ratioword number by with add change around colour item unknown "
    "empty plain slight more edges size resize colourword under"
)

#: Margin where the clause does not say how much: shares of the longer side.
_MARGINS = {"": 0.1, "slight": 0.05, "strong": 0.2}
_SMALL_OR_RATIO = "It may be a size in pixels or a ratio; say “resize to 1000x1000”, or “crop to 4:5”."
#: What is added at the edges, and is margin.
_BARS = {"bars", "strips", "edges", "边", "边条"}


def _ratio(clause: Clause) -> tuple[int, int] | Refused | None:
    """The one ratio that the clause names."""
    found = {_whole(*ratio) for ratio in clause.values("ratio")} | (
        {(1, 1)} if clause.has("square") else set()
    )
    if len(found) != 1:
        return None
    width, height = found.pop()
    if not (width and height and 1 / 10 <= width / height <= 10):
        return Refused("A ratio lies between 1:10 and 10:1.")
    upright = clause.has("portrait") and width >= height
    if upright or (clause.has("landscape") and width <= height):
        return Refused(f"The ratio {width}:{height} is not {'upright' if upright else 'landscape'}.")
    return (width, height)


def _whole(width: float, height: float) -> tuple[int, int]:
    wide, tall = (round(width * 100), round(height * 100))
    if width == int(width) and height == int(height):
        return (int(width), int(height))
    common = gcd(wide, tall) or 1
    return (wide // common, tall // common)


def crop(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    if (
        not clause.has("crop", "trim", "snip")
        or not clause.only(_CROPS)
        or {*clause.values("place")} - {"centre"}
    ):
        return None
    sizes = clause.values("size")
    if sizes:
        return _cropped_to(sizes, clause)
    ratio = _ratio(clause)
    if ratio is None or isinstance(ratio, Refused):
        return ratio
    return (Crop(ratio=ratio),)


def _cropped_to(sizes: list[tuple[int, int]], clause: Clause) -> tuple[Operation, ...] | None:
    """A crop to pixels is one to their ratio, and a resize."""
    width, height = sizes[0]
    if len(sizes) > 1 or clause.has("ratio") or (clause.has("square") and width != height):
        return None
    if not (width >= 16 and height >= 16):
        return None
    common = gcd(width, height)
    return (Crop(ratio=(width // common, height // common)), Resize(width=width, height=height))


def ratio(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    """A shape without "crop": margin is added, so that nothing is lost."""
    if not clause.has("square", "ratio") or not clause.only(_RATIOS) or clause.has("size"):
        return None
    if clause.has("resize"):
        fraction = _resized(clause)
        if fraction is not None:
            return fraction
    filled = clause.has("with", "fill") or any(word.text == "填充" for word in clause)
    if clause.has("joint", "margin", "edges", "plain", "with") and not (filled and clause.has("colour")):
        return None
    colour = agreed(clause.values("colour"))
    if clause.has("colour") and (not filled or colour is None):
        return None
    found = _ratio(clause)
    return found if found is None or isinstance(found, Refused) else (Pad(ratio=found, colour=colour),)


def _resized(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    """`resize to 1/2`; None for a ratio such as "resize to 4:5"."""
    written = "".join(word.text for word in clause if word.has("ratio"))
    signs = {*clause.values("resize")} - {0}
    if "x" in written or "*" in written:
        return Refused(_SMALL_OR_RATIO)
    if "/" not in written and not signs:
        return None
    targeted = clause.has("to") or any(word.text[-1] in "到为至成" for word in clause if word.has("resize"))
    width, height = clause.values("ratio")[0] if clause.has("ratio") else (0, 0)
    if "/" in written and targeted and 0 < width < height and 1 not in signs:
        return (Resize(factor=round(width / height, 6)),)
    return Refused("Say the size in percent, as in “resize to 50 %”, or a shape, as in “crop to 4:5”.")


def trim(clause: Clause) -> tuple[Operation, ...] | None:  # noqa: PLR0911 - one return for each reason
    if not clause.only(_TRIMS) or any(word.text.startswith("留") for word in clause):
        return None
    if any(colour is not BY_WORD["white"] for colour in clause.values("colour")):
        return None
    unknown = clause.positions(UNKNOWN)
    if unknown and not (
        len(unknown) <= 3
        and clause.words[unknown[0] - 1].has("around", "to", "the", "from", "tight", "of")
        and unknown[0]
    ):
        return None
    if unknown and not clause.has("around", "to", "tight"):
        return None
    margin = clause.has("margin", "empty") or (
        clause.has("edges", "border") and clause.has("colour", "transparent")
    )
    if clause.has("border") and not clause.has("colour", "empty", "transparent", "trim"):
        return None
    if clause.has("ground") and not clause.has("trim") and not (clause.has("empty") and clause.has("around")):
        return None
    aimed = clause.has("item", "tight") or bool(unknown)
    cuts = (
        clause.has("trim") or (clause.has("crop") and (aimed or margin)) or (clause.has("remove") and margin)
    )
    cuts = cuts or (margin and clause.has("away") and clause.has("by", "from", "snip"))
    return (Trim(),) if cuts else None


def pad(clause: Clause) -> tuple[Operation, ...] | Refused | None:  # noqa: PLR0911 - one return for each reason
    edged = clause.has("add") and any(word.text in _BARS for word in clause) and clause.has("colour")
    if (
        not (clause.has("pad", "margin") or edged)
        or not clause.only(_PADS)
        or not _surrounded_is_named(clause)
    ):
        return None
    colours = clause.values("colour")
    if (
        -1 in clause.values("more")
        or _is_existing(clause)
        or (clause.has("resize") and not clause.has("size"))
    ):
        return None
    colour = agreed(colours) if colours else None
    if colours and colour is None:
        return None
    measured = _margin(clause) if clause.has("number", "margin") or edged else Measure()
    if measured is None or isinstance(measured, Refused):
        return measured
    sizes = clause.values("size")
    if sizes:
        return _padded_to(sizes, clause, measured, colour)
    if clause.has("square", "ratio"):
        found = _ratio(clause)
        if found is None or isinstance(found, Refused):
            return found
        own = (
            [Pad(pixels=measured.pixels, share=measured.share, colour=colour)]
            if clause.has("number", "joint") and measured.given
            else []
        )
        return (*own, Pad(ratio=found, colour=colour))
    if not measured.given or _is_size(clause):
        return None
    return (Pad(pixels=measured.pixels, share=measured.share, colour=colour),)


def _is_size(clause: Clause) -> bool:
    """Whether the number of "pad to 1000" may be a side of the result."""
    percent = any(number.unit == "%" for number in clause.values("number"))
    return clause.has("number") and clause.has("to") and not clause.has("margin") and not percent


def _padded_to(
    sizes: list[tuple[int, int]], clause: Clause, measured: Measure, colour: Colour | None
) -> tuple[Operation, ...] | None:
    """`pad to 800x800`, `resize to 800x800 with 10 % white margin`: the size is that of the result."""
    joined = clause.has("with") and clause.has("margin")
    if len(sizes) > 1 or clause.has("joint", "ratio", "square") or not (clause.has("pad") or joined):
        return None
    width, height = sizes[0]
    common = max(1, gcd(width, height))
    own = clause.has("number") and measured.given
    margin = [Pad(pixels=measured.pixels, share=measured.share, colour=colour)] if own else []
    return (
        *margin,
        Pad(ratio=(width // common, height // common), colour=colour),
        Resize(width=width, height=height),
    )


def _is_existing(clause: Clause) -> bool:
    """Whether a margin that is there may be meant, which is to become of a colour."""
    margins, colours = clause.positions("margin"), clause.positions("colour")
    said = clause.has("add", "pad", "number", "around", "square", "ratio")
    return bool(margins and colours and margins[0] < colours[0]) and clause.has("change", "to") and not said


def _surrounded_is_named(clause: Clause) -> bool:
    """Whether names of objects stand behind "around" alone."""
    named = [at for at, word in enumerate(clause) if word.has(UNKNOWN, "item")]
    if named and clause.has("ba", "to", "change"):
        return False
    before = clause.words[: named[0]] if named else ()
    return not named or (named[-1] - named[0] < 3 and any(word.has("around", "for") for word in before))


def _margin(clause: Clause) -> Measure | Refused | None:
    numbers = clause.values("number")
    if len(numbers) > 1 or len({*clause.values("slight")}) > 1:
        return None
    if not numbers:
        return Measure(share=_MARGINS["".join({*clause.values("slight")})])
    return measure(numbers[0], "A margin", most_percent=100)
