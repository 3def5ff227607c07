"""What an instruction, in English or Chinese, allows to change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    #: What is behind the product.
    background: bool = False
    #: The product itself: another colour, material, garment or object.
    product: bool = False
    #: Words on the image.
    text: bool = False
    #: Where things are: crop, rotation, mirror, zoom, pose, canvas.
    geometry: bool = False
    #: Mood, light or tone of the whole image.
    style: bool = False


def intent_of(instruction: str) -> Intent:
    """Everything may change where nothing is understood."""
    del instruction
    return Intent(background=True, product=True, text=True, geometry=True, style=True)
