"""What a gate sees: two images as arrays, made into its evidence; and a drawn scene to begin with."""

import numpy as np
from PIL import Image, ImageDraw

from qie_batch.gates.evidence import Evidence
from qie_batch.model import Checks, Edited

SIDE = 384
#: Left, top, right and bottom of the drawn product.
BODY = (120, 90, 270, 290)


def evidence(before, after, instruction="", **checks):
    edited = Edited(before=Image.fromarray(before), after=Image.fromarray(after), instruction=instruction)
    return Evidence(edited, Checks(**checks))


def scene(backdrop=(150, 160, 170), product=(60, 90, 180), *, body=BODY, noise=1.0):
    """A rounded product with a label before an even backdrop with a little noise."""
    image = Image.new("RGB", (SIDE, SIDE), backdrop)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle(body, 30, fill=product)
    left, top, right, bottom = body
    across, down = (right - left) / 15, (bottom - top) / 20
    draw.rectangle(
        (left + 3 * across, top + 7 * down, right - 3 * across, bottom - 5 * down), fill=(235, 230, 220)
    )
    for line in range(3):
        at = top + (8.5 + 2 * line) * down
        draw.rectangle((left + 4 * across, at, right - 4 * across, at + 0.7 * down), fill=(40, 40, 45))
    pixels = np.asarray(image) + np.random.default_rng(1).normal(0, noise, (SIDE, SIDE, 3))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
