"""Results whose content moved a little, beside another backdrop, another colour or another light."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planted.moving import EDITS, Motion

if TYPE_CHECKING:
    from planted.cases import Case, Kinds, Maker
    from planted.material import Material


def zoom(rng: np.random.Generator) -> Motion:
    return Motion(zoom=rng.choice([0.99, 1.01]))


def shift(rng: np.random.Generator) -> Motion:
    way = rng.uniform(0, 2 * np.pi)
    return Motion(shift=(3 * np.cos(way), 3 * np.sin(way)))


def turn(rng: np.random.Generator) -> Motion:
    return Motion(degrees=rng.choice([-0.5, 0.5]))


def all_of_it(rng: np.random.Generator) -> Motion:
    return Motion(
        zoom=rng.uniform(0.94, 1.06),
        degrees=rng.uniform(-2, 2),
        shift=(rng.uniform(4, 12), rng.uniform(-12, 12)),
    )


def still(_rng: np.random.Generator) -> Motion:
    return Motion()


def nearly_still(rng: np.random.Generator) -> Motion:
    """Half a pixel, as the resampling of an engine with sizes of its own may leave."""
    return Motion(shift=(rng.uniform(-0.35, 0.35), rng.uniform(-0.35, 0.35)))


MOTIONS = {
    "zoom by 1 %": zoom,
    "shift by 3 px": shift,
    "turn by 0.5 degrees": turn,
    "moved by much": all_of_it,
}


def _maker(edit: str, motion: object) -> Maker:
    def make(material: Material, rng: np.random.Generator) -> Case:
        return EDITS[edit](material, motion(rng), rng).case

    return make


FAULTS: Kinds = {
    f"{name}, another {edit}": _maker(edit, motion) for name, motion in MOTIONS.items() for edit in EDITS
}
CLEAN: Kinds = {
    f"{name}, another {edit}": _maker(edit, motion)
    for name, motion in {"still": still, "half a pixel": nearly_still}.items()
    for edit in EDITS
}
