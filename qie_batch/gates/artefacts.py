"""What no edit asks for: a blank result, black areas, a grid, a seam, noise, lost highlights or shadows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.model import Finding, Verdict
from qie_batch.vision.arrays import shrunk
from qie_batch.vision.artefacts.exposure import clipped, new_black, other_than_one_colour
from qie_batch.vision.artefacts.grid import grid_strength
from qie_batch.vision.artefacts.noise import noise_level
from qie_batch.vision.artefacts.seams import find_seam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.gates.evidence import Evidence
    from qie_batch.vision.arrays import Pixels

NAME = "artefacts"
LIMIT = 1.0
UNIT = "times what is tolerated"

#: What is tolerated. Levels of a grid, of a seam, and of noise beyond a multiple of the input's.
_GRID, _SEAM, _NOISE, _NOISE_BEFORE = 0.6, 1.5, 3.0, 1.6
#: Shares of the image: new black areas, and new plain white or black pixels; the share of detail lost.
_BLACK, _CLIPPED, _LOST = 0.01, 0.05, 0.06
#: The share of pixels of another colour that a result must have, unless the input has as few.
_BLANK = 0.003
#: Pixels of the longer side of the copies in which areas and colours are looked for.
_SIDE = 384
#: Instructions that ask for what would be a fault.
_DARK = re.compile(
    r"dark|black|night|shadow|silhouette|low.key|noir|cyberpunk|moody|contrast"
    r"|黑|暗|夜|影|赛博|对比"
)
_LIGHT = re.compile(
    r"white|bright|light|clean|transparen|cut.?out|remove the back|no back|high.key|expos|contrast"
    r"|白|亮|抠|透明|去背|去除背景|去掉背景|曝光|对比|高调"
)
_PATTERNED = re.compile(
    r"pattern|strip|dots|dotted|check|grid|plaid|tile|brick|mosaic|halftone|pixel|weave|knit|mesh|lattice"
    r"|格|条纹|波点|花纹|砖|马赛克|像素|网|编织|针织"
)
_GRAINY = re.compile(
    r"grain|noise|noisy|film|vintage|retro|rain|snow|sand|sketch|glitter|sparkl|sharpen"
    r"|颗粒|噪|胶片|复古|雨|雪|沙|素描|锐化|闪"
)


def check(evidence: Evidence, limit: float) -> Finding | None:
    """The worst fault, each as a multiple of what is tolerated."""
    figure, sentence = max(_faults(evidence), key=lambda fault: fault[0])
    figure = round(figure, 2)
    failed = figure > limit
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        figure=figure,
        limit=limit,
        sentence=sentence if failed else "",
    )


def _faults(evidence: Evidence) -> Iterator[tuple[float, str]]:
    asked = evidence.instruction.lower()
    before, after = _luma(evidence.before), _luma(evidence.after)
    small_before, small_after = (shrunk(_luma(each), _SIDE) for each in evidence.copies)
    # What compares places is left out where the instruction may move things.
    in_place = not evidence.intent.geometry
    yield _blank(evidence)
    if not _DARK.search(asked):
        share = new_black(small_before, small_after, in_place=in_place)
        yield share / _BLACK, f"{share:.0%} of the result is plain black where the input was not"
    if in_place and not _DARK.search(asked):
        yield _clipping(small_before, small_after, white=False)
    if in_place and not _LIGHT.search(asked):
        yield _clipping(small_before, small_after, white=True)
    if not _PATTERNED.search(asked):
        levels = grid_strength(before, after)
        yield levels / _GRID, f"a regular grid of {levels:.1f} levels lies over the result"
    if not _GRAINY.search(asked):
        yield _noise(before, after)
    if in_place:
        yield _seam(before, after)


def _luma(pixels: Pixels) -> Pixels:
    luma: Pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return luma


def _blank(evidence: Evidence) -> tuple[float, str]:
    had, share = (other_than_one_colour(shrunk(each, 128)) for each in evidence.copies)
    if evidence.after_alpha is not None:
        alpha = shrunk(evidence.after_alpha, 128)
        share = max(share, float(np.minimum((alpha > 127).mean(), (alpha < 128).mean())))
    sentence = "the result is blank: nearly all of it has one colour"
    return (min(had, _BLANK) / max(share, 1e-4) if had > 2 * share else 0.0), sentence


def _clipping(before: Pixels, after: Pixels, *, white: bool) -> tuple[float, str]:
    found = clipped(before, after, white=white)
    end = "white" if white else "black"
    sentence = f"{found.rise:.0%} of the result became plain {end} and {found.lost:.0%} of the detail went"
    return min(found.rise / _CLIPPED, found.lost / _LOST), sentence


def _noise(before: Pixels, after: Pixels) -> tuple[float, str]:
    level, had = noise_level(after), noise_level(before)
    tolerated = _NOISE + _NOISE_BEFORE * had
    return level / tolerated, f"noise of {level:.1f} levels lies over the result, the input has {had:.1f}"


def _seam(before: Pixels, after: Pixels) -> tuple[float, str]:
    seam = find_seam(before, after)
    line = "column" if seam.upright else "row"
    return seam.step / _SEAM, f"a straight seam of {seam.step:.1f} levels runs through {line} {seam.at}"
