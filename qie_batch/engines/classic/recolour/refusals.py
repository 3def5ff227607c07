"""Sentences for recolours that would be a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qie_batch.colours import COLOURS
from qie_batch.engines.classic.recolour.survey import CHROMATIC
from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from qie_batch.colours import HueFamily
    from qie_batch.engines.classic.recolour.survey import Survey
    from qie_batch.vision.arrays import Flags

FAMILIES = tuple({colour.family.name: colour.family for colour in COLOURS if colour.family}.values())
#: A smaller share of the pixels is not worth naming.
_WORTH_NAMING = 0.02
_ALONE = "Use a picture of the product alone, or one with a transparent background."


def not_found(family: HueFamily, survey: Survey, product: Flags | None) -> Rejected:
    where = "product" if product is not None and not product.all() else "picture"
    seen = [
        f"{named(other)} ({share:.0%})".replace("%", " %")
        for other, share in shares(survey, survey.valid if product is None else product)
        if share >= _WORTH_NAMING and other is not family
    ]
    has = f"it has {_listed(seen)}" if seen else "it is nearly without colour"
    return Rejected(
        f"The {where} has practically nothing {named(family)} in it to recolour; {has}.",
        code="colour_not_found",
        hint="Name the colour that the picture shows.",
    )


def everywhere(family: HueFamily) -> Rejected:
    return Rejected(
        f"Nearly the whole picture is {named(family)}, background and all.",
        code="colour_everywhere",
        hint=_ALONE,
    )


def backdrop(family: HueFamily) -> Rejected:
    return _not_separable(
        f"The {named(family)} of the picture is background too, and cannot be told from the product.",
        hint="To change a plain background, say “make the background white”; for the product, use a picture "
        "before a backdrop of another colour.",
    )


def several(family: HueFamily) -> Rejected:
    return _not_separable(
        f"Several unlike things in the picture are {named(family)}; which of them is meant is a guess."
    )


def like_skin(family: HueFamily) -> Rejected:
    return _not_separable(
        f"The {named(family)} of the product cannot be told from skin, hair or wood in this picture."
    )


def no_edge(family: HueFamily) -> Rejected:
    return _not_separable(f"The {named(family)} of the picture has no clear edge where it ends.")


def no_product() -> Rejected:
    return Rejected(
        "No product stands out from a plain background in this picture, so its own colour is unknown.",
        code="product_not_found",
        hint="Name the colour to be changed: “change the blue bottle to green”.",
    )


def no_own_colour(survey: Survey, product: Flags) -> Rejected:
    seen = [named(family) for family, share in shares(survey, product) if share >= _WORTH_NAMING]
    return Rejected(
        "The product has no one colour that could be recoloured; "
        f"it is {_listed(seen) or 'white, grey or black'}.",
        code="colour_not_found",
        hint="Name the colour to be changed: “change the blue bottle to green”.",
    )


def _not_separable(sentence: str, hint: str = _ALONE) -> Rejected:
    return Rejected(sentence, code="colour_not_separable", hint=hint)


def _listed(words: list[str]) -> str:
    """As in a sentence: red; red and blue; red, blue and green."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def named(family: HueFamily) -> str:
    return "orange or brown" if family.name == "orange" else family.name


def shares(survey: Survey, within: Flags) -> list[tuple[HueFamily, float]]:
    """The families with their shares of the pixels, the largest first."""
    chromatic = within & (survey.chroma > CHROMATIC)
    away = np.stack([survey.off_middle(family)[chromatic] for family in FAMILIES])
    counts = np.bincount(away.argmin(axis=0), minlength=len(FAMILIES)) / max(int(within.sum()), 1)
    return sorted(zip(FAMILIES, counts.tolist(), strict=True), key=lambda pair: -pair[1])
