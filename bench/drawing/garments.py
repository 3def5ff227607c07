"""Clothes as they lie or hang before a plain backdrop."""

from __future__ import annotations

import numpy as np

from drawing.canvas import Canvas, linear, woven
from drawing.outlines import Array, Point, blur, limb, mirrored, noise, reflected, stroke


def folds(canvas: Canvas, lines: list[list[Point]], height: float, width: float, soft: float) -> Array:
    """Ridges along the lines, higher in the middle of each."""
    total = np.zeros(canvas.shape, np.float32)
    for line in lines:
        total += height * stroke(canvas.shape, line, width, soft)
    return total


def both(lines: list[list[Point]], axis: float) -> list[list[Point]]:
    return lines + [reflected(line, axis) for line in lines]


def tee(canvas: Canvas, colour: str) -> None:
    """A T-shirt laid flat, with a round neck and a small print on the chest."""
    c = canvas
    c.studio("#e9e7e4")
    right = [(560, 150, 1), (650, 178), (740, 222), (812, 330), (868, 424, 1), (752, 482, 1), (704, 408)]
    right += [(700, 470), (706, 640), (712, 858, 1), (600, 872)]
    body = c.mask(mirrored(right, 500))
    inner = c.mask([(432, 140, 1), (500, 128), (568, 140, 1), (552, 196), (500, 222), (448, 196)])
    c.cast(body, (10, 16, 16, 0.38))
    c.paint(c.mask([(430, 152, 1), (500, 134), (570, 152, 1), (545, 205), (500, 228), (455, 205)]),
            woven(c, colour, 0.04) * 0.45, shadow=None)  # fmt: skip
    lines = both([[(708, 420), (640, 455), (560, 470)], [(700, 470), (650, 560), (640, 700)],
                  [(770, 300), (725, 370), (700, 410)], [(690, 850), (660, 760), (668, 640)],
                  [(560, 860), (570, 760), (548, 650)], [(610, 200), (640, 300), (690, 390)],
                  [(520, 870), (500, 780), (512, 700)]], 500)  # fmt: skip
    relief = c.relief(body, 26, 0.3) + folds(c, lines, 9, 7, 9) + 3.5 * noise(c.shape, 70, 120, 4)
    sleeve = stroke(c.shape, [(700, 470), (706, 380), (672, 262), (640, 185)], 2.5, 1.2)
    relief -= 3 * (sleeve + sleeve[:, ::-1])
    hem = stroke(c.shape, [(288, 846), (500, 856), (712, 846)], 2, 0.8)
    relief -= 1.6 * hem
    c.paint(np.clip(body - inner, 0, 1), woven(c, colour, 0.045), relief, gloss=0.015, shine=8, shadow=None)
    collar = c.mask(limb([(436, 148), (452, 196), (500, 222), (548, 196), (564, 148)], [20, 22, 22, 22, 20]))
    c.paint(collar, woven(c, colour, 0.04, 9), c.relief(collar, 10, 0.3), shadow=(1, 2, 3, 0.3))
    label = c.mask([(482, 150, 1), (518, 150, 1), (518, 172, 1), (482, 172, 1)])
    c.paint(label, "#f2efe8", shadow=None)
    # A sunrise in three strokes, printed: it follows the cloth.
    print_ = np.zeros(c.shape, np.float32)
    for reach in (22, 44, 66):
        arc = [(500 + reach * np.cos(a), 420 + reach * np.sin(a)) for a in np.linspace(np.pi, 2 * np.pi, 9)]
        print_ = np.maximum(print_, stroke(c.shape, arc, 9))
    print_ = np.maximum(print_, stroke(c.shape, [(426, 436), (574, 436)], 8))
    c.light[:] = c.light * (1 - 0.93 * print_[..., None]) + 0.93 * print_[..., None] * linear("#f6f1e6") * np.clip(
        blur(c.light.mean(-1), 4) / max(float(c.light[840, 1000].mean()), 0.05), 0.75, 1.15)[..., None]  # fmt: skip


def dress(canvas: Canvas, colour: str) -> None:
    """A sleeveless dress with a wide skirt on a wooden hanger."""
    c = canvas
    c.studio("#eceae6")
    hook = stroke(c.shape, [(500, 128), (500, 92), (516, 72), (500, 54), (482, 66)], 6)
    c.paint(hook, "#9a9ca0", c.relief(hook, 3), gloss=0.5, shadow=(6, 9, 5, 0.3))
    hanger = c.mask(limb([(352, 192), (430, 150), (500, 128), (570, 150), (648, 192)], [20, 18, 20, 18, 20]))
    wood = linear("#b07a46") * (1 + 0.12 * noise(c.shape, 60, 2.5, 5))[..., None]
    c.paint(hanger, wood, c.relief(hanger, 9), gloss=0.12, shadow=(6, 10, 7, 0.35))
    right = [(584, 156, 1), (640, 178, 1), (612, 250), (622, 320), (596, 408, 1), (640, 560), (720, 760)]
    right += [(768, 896, 1), (640, 926)]
    left_strap = [(2 * 500 - p[0], *p[1:]) for p in reversed(right)]
    front = c.mask([*right, *left_strap, (416, 156, 1), (440, 232), (500, 268), (560, 232)])
    back = c.mask([(412, 158, 1), (500, 176), (588, 158, 1), (560, 240), (500, 276), (440, 240)])
    c.cast(front, (12, 18, 18, 0.36))
    c.paint(back, woven(c, colour, 0.04) * 0.4, shadow=None)
    pleats = both([[(500 + 14 * i, 412), (500 + 34 * i, 640), (500 + 52 * i, 920)] for i in range(1, 6)], 500)
    valleys = both([[(507 + 14 * i, 412), (517 + 34 * i, 640), (526 + 52 * i, 920)] for i in range(5)], 500)
    relief = c.relief(front, 30, 0.35) + folds(c, pleats, 13, 9, 7) - folds(c, valleys, 8, 6, 6)
    bodice = both([[(612, 250), (560, 300), (520, 320)], [(600, 380), (560, 360), (530, 330)]], 500)
    relief += folds(c, bodice, 6, 6, 8) + 2 * noise(c.shape, 60, 90, 8)
    c.paint(front, woven(c, colour, 0.035), relief, gloss=0.03, shine=10, shadow=None)
    belt = c.mask([(402, 392, 1), (500, 404), (598, 392, 1), (601, 424, 1), (500, 437), (399, 424, 1)])
    c.paint(belt, woven(c, "#f1ebdd", 0.03), c.relief(belt, 9), gloss=0.05, shadow=(0, 3, 4, 0.4))
    bow = c.mask(limb([(500, 416), (462, 394), (452, 424), (500, 418)], [14, 22, 22, 12]),
                 limb([(500, 416), (538, 394), (548, 424), (500, 418)], [14, 22, 22, 12]),
                 limb([(498, 418), (484, 470), (472, 520)], [10, 16, 22]),
                 limb([(502, 418), (516, 470), (530, 514)], [10, 16, 22]))  # fmt: skip
    c.paint(bow, woven(c, "#f1ebdd", 0.03), c.relief(bow, 8), gloss=0.05, shadow=(2, 4, 4, 0.4))


def sweater(canvas: Canvas, colour: str) -> None:
    """A cable-knit jumper laid flat."""
    c = canvas
    c.studio("#e6e8ea")
    right = [
        (570, 168, 1),
        (660, 196),
        (724, 250),
        (704, 420),
        (700, 600),
        (702, 800, 1),
        (690, 812),
        (600, 818),
    ]
    body = c.mask(mirrored(right, 500))
    arm = limb([(640, 236), (736, 340), (796, 510), (824, 700)], [90, 128, 116, 96])
    arms = c.mask(arm, reflected(arm, 500))
    cuff = limb([(820, 660), (828, 700), (834, 782)], [84, 82, 74])
    cuffs = c.mask(cuff, reflected(cuff, 500))
    every = np.maximum(np.maximum(body, arms), cuffs)
    c.cast(every, (10, 16, 16, 0.38))
    stitch = knit(c)
    ribs = 2.2 * np.abs(np.sin(c.x * np.pi / 9))
    c.paint(cuffs, woven(c, colour, 0.05, 3), c.relief(cuffs, 26, 0.3) + ribs, shadow=None)
    bent = folds(
        c, both([[(720, 420), (790, 430)], [(740, 560), (830, 540)], [(700, 330), (770, 310)]], 500), 8, 8, 9
    )
    c.paint(arms, woven(c, colour, 0.05, 4), c.relief(arms, 44, 0.2) + stitch + bent, shadow=(0, 3, 5, 0.3))
    relief = c.relief(body, 34, 0.3) + stitch + cables(c) + 3 * noise(c.shape, 80, 130, 6)
    relief += folds(c, both([[(700, 440), (640, 500), (620, 600)]], 500), 7, 8, 12)
    c.paint(body, woven(c, colour, 0.05), relief, shadow=(0, 4, 9, 0.42))
    hem = c.mask([(297, 796, 1), (500, 808), (703, 796, 1), (696, 868, 1), (500, 880), (304, 868, 1)])
    c.paint(hem, woven(c, colour, 0.05, 5), c.relief(hem, 14) + ribs, shadow=(0, 2, 4, 0.35))
    hole = c.mask([(428, 178, 1), (500, 158), (572, 178, 1), (548, 214), (500, 232), (452, 214)])
    c.paint(hole, woven(c, colour, 0.05) * 0.4, shadow=None)
    neck = c.mask(limb([(428, 166), (450, 218), (500, 240), (550, 218), (572, 166)], [34, 36, 38, 36, 34]))
    round_ = 2 * np.abs(np.sin(np.arctan2(c.y - 150, c.x - 500) * 34))
    c.paint(neck, woven(c, colour, 0.05, 6), c.relief(neck, 16) + round_, shadow=(0, 3, 5, 0.42))
    behind = c.mask(limb([(432, 172), (500, 154), (568, 172)], [22, 24, 22]))
    c.paint(behind, woven(c, colour, 0.05, 7), c.relief(behind, 12) + round_, shadow=(0, 3, 5, 0.3))


def knit(canvas: Canvas) -> Array:
    """Rows of V-shaped stitches."""
    slanted = canvas.y / 5.0 + 0.55 * np.abs(((canvas.x / 9.0) % 2) - 1) * 2
    return 0.9 * np.abs(np.sin(slanted * np.pi)) + 0.7 * np.abs(np.sin(canvas.x * np.pi / 9.0))


def cables(canvas: Canvas) -> Array:
    """Three plaits down the front."""
    total = np.zeros(canvas.shape, np.float32)
    y = np.linspace(240, 796, 48)
    for middle in (412, 500, 588):
        for phase in (0.0, np.pi):
            line = [(middle + 15 * np.sin(at / 26 + phase), at) for at in y]
            total = np.maximum(total, 9 * stroke(canvas.shape, line, 11, 3.5))
        for side in (-34, 34):
            total -= 4 * stroke(canvas.shape, [(middle + side, 236), (middle + side, 796)], 4, 2)
    return total
