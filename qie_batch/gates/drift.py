"""The content moved: zoom, shift or rotation of the result against the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.model import Finding, Verdict

if TYPE_CHECKING:
    from qie_batch.gates.evidence import Evidence
    from qie_batch.vision.registration import Registration

NAME = "drift"
#: For each 1,000 pixels of the longer side, and at least for 1,000.
LIMIT = 0.8
UNIT = "px"

#: What is worth a word: zoom as a share, pixels, degrees.
_ZOOM, _SHIFT, _TURN = 0.001, 0.5, 0.05


def check(evidence: Evidence, limit: float) -> Finding | None:
    """How far the content that is in both images moved."""
    if evidence.intent.geometry:
        return None
    registration = evidence.registration
    if registration is None:
        if evidence.intent.background and evidence.intent.product:
            return None  # nothing need be left
        return Finding(
            gate=NAME,
            verdict=Verdict.UNCHECKED,
            limit=limit,
            sentence="input and result have too little in common to tell whether the content moved",
        )
    allowed = limit * max(1.0, max(registration.size) / 1000)
    figure = registration.moved
    failed = figure > allowed
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        figure=figure,
        limit=allowed,
        sentence=f"the content moved by up to {figure:.1f} px: {_words(registration)}" if failed else "",
    )


def _words(registration: Registration) -> str:
    (right, down), zoom, turn = registration.shift, registration.zoom - 1, registration.degrees
    words = []
    if abs(zoom) > _ZOOM:
        words.append(f"{'larger' if zoom > 0 else 'smaller'} by {abs(zoom):.1%}")
    if abs(right) > _SHIFT:
        words.append(f"{abs(right):.1f} px to the {'right' if right > 0 else 'left'}")
    if abs(down) > _SHIFT:
        words.append(f"{abs(down):.1f} px {'down' if down > 0 else 'up'}")
    if abs(turn) > _TURN:
        words.append(f"turned {'right' if turn > 0 else 'left'} by {abs(turn):.2f} degrees")
    return ", ".join(words) or "in a little of everything"
