"""Whether a text was replaced as it should be: read again by OCR, and compared with what was there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from qie_batch.vision.ocr.spelling import letters_apart, occurrences, same

if TYPE_CHECKING:
    from posters.drawing import Poster
    from qie_batch.vision.ocr.lines import Reader, TextLine

RIGHT, REFUSED, WRONG = "right", "refused", "wrong"
#: Mean levels, over 5 pixels, by which a place that was painted over may differ from what is behind it.
_TRACE = 24.0
#: Around the lines that may change, in units of their height.
_AROUND = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    word: str
    why: str = ""
    #: Levels; see _TRACE.
    trace: float = 0.0


def judged(poster: Poster, after: np.ndarray[Any, Any], read: Reader) -> Verdict:  # noqa: PLR0911 - one return for each fault
    before, found = read(poster.pixels), read(after)
    texts = [line.text for line in found]
    apart, nearest = letters_apart(poster.new, texts)
    if apart:
        return Verdict(word=WRONG, why=f"“{nearest}” is read and not “{poster.new}”")
    if occurrences(poster.old, texts) > occurrences(poster.old, [poster.new, *poster.others]):
        return Verdict(word=WRONG, why=f"“{poster.old}” is still read")
    for line in before:
        if same(line.text, poster.old) and not same(line.read_again(found), poster.new):
            return Verdict(word=WRONG, why=f"the line reads “{line.read_again(found)}”")
    lost = [text for text in poster.others if letters_apart(text, texts)[0]]
    if lost and not any(letters_apart(text, [line.text for line in before])[0] for text in lost):
        return Verdict(word=WRONG, why=f"“{lost[0]}” is no longer read")
    places = _may_change(poster, before, found)
    changed = (after != poster.pixels).any(axis=-1) & ~places
    if changed.any():
        return Verdict(word=WRONG, why=f"{int(changed.sum())} pixels beside the text changed")
    trace = _trace(poster, after)
    if trace > _TRACE:
        return Verdict(word=WRONG, why=f"the old text shows, by {trace:.0f} levels", trace=trace)
    return Verdict(word=RIGHT, trace=trace)


def _may_change(poster: Poster, before: list[TextLine], after: list[TextLine]) -> np.ndarray[Any, Any]:
    places = np.zeros(poster.pixels.shape[:2], np.uint8)
    old = [line for line in before if same(line.text, poster.old) or occurrences(poster.old, [line.text])]
    new = [line for line in after if same(line.text, poster.new) or occurrences(poster.new, [line.text])]
    for line in (*old, *new):
        corners = np.array(line.polygon)
        tall = float(np.hypot(*(corners[3] - corners[0])))
        cv2.fillConvexPoly(places, np.round(corners).astype(np.int32), 1)
        cv2.polylines(
            places,
            [np.round(corners).astype(np.int32)],
            isClosed=True,
            color=1,
            thickness=max(2, round(2 * _AROUND * tall)),
        )
    return places > 0


def _trace(poster: Poster, after: np.ndarray[Any, Any]) -> float:
    """Of drawn posters: how far what is not under the new text is from the empty poster."""
    if poster.empty is None:
        return 0.0
    rest = after.astype(np.float32) - poster.empty
    # The new letters have the colour of the old ones.
    ink = poster.pixels.astype(np.float32) - poster.empty
    strong = np.abs(ink).max(axis=-1) > 60
    if not strong.any():
        return 0.0
    colour = np.median(ink[strong], axis=0)
    length = float(colour @ colour)
    share = np.clip(rest @ colour / length, 0, 1)
    lettered = cv2.dilate((share > 0.5).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    smooth = cv2.blur(rest, (5, 5))
    seen = np.where(lettered[..., None], 0, smooth)
    return (
        float(np.percentile(np.abs(seen).max(axis=-1)[strong & ~lettered], 99))
        if (strong & ~lettered).any()
        else 0.0
    )
