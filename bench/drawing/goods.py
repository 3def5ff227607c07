"""Things with a hard surface or a cushion, standing in a studio."""

from __future__ import annotations

import numpy as np

from drawing.canvas import Canvas, linear, woven
from drawing.garments import folds
from drawing.lettering import letters, printed, spaced
from drawing.outlines import blur, box, ellipse, limb, mirrored, noise, reflected, stroke


def perfume(canvas: Canvas) -> None:
    """A flacon of amber glass with a lacquered cap."""
    c = canvas
    c.studio("#e8e3dc", floor=0.74)
    c.ground_shadow(500, 822, 196, 26, 0.6)
    glass = c.mask(box(316, 372, 684, 832, 46))
    liquid = c.mask(box(340, 430, 660, 806, 34))
    down = ((c.y - 372) / 460)[..., None]
    body = linear("#e2a35a") * (1 - down) + linear("#a85a22") * down
    side = np.abs((c.x - 500) / 184) ** 4
    c.paint(
        glass,
        body * (1 - 0.45 * side[..., None]),
        c.relief(glass, 30, 0.25),
        gloss=0.22,
        shine=26,
        shadow=None,
    )
    c.paint(liquid, linear("#d98a37") * (1.25 - 0.55 * down), c.relief(liquid, 18, 0.3) * 0.7, gloss=0.10, shine=20,
            shadow=None, opacity=0.75)  # fmt: skip
    c.light += blur(c.mask(box(352, 436, 392, 780, 18)), 6)[..., None] * 0.32
    c.light += blur(c.mask(box(636, 470, 648, 760, 5)), 4)[..., None] * 0.22
    neck = c.mask(box(444, 322, 556, 384, 8))
    c.paint(neck, metal(c, "#c9a862", 500, 56), c.relief(neck, 8), gloss=0.25, shadow=(2, 4, 5, 0.3))
    cap = c.mask(box(420, 176, 580, 332, 20))
    c.paint(
        cap, metal(c, "#2b2624", 500, 80), c.relief(cap, 22, 0.3), gloss=0.18, shine=30, shadow=(2, 5, 6, 0.4)
    )
    label = c.mask(box(398, 520, 602, 700, 6))
    c.paint(label, "#f6efe2", c.relief(label, 3), shadow=(1, 3, 4, 0.35))
    printed(c, spaced(c, "AMBRE", 500, 588, 40, 7), "#3a2a1c")
    printed(c, spaced(c, "EAU DE PARFUM", 500, 640, 14, 3), "#8a6a44")
    printed(c, stroke(c.shape, [(440, 664), (560, 664)], 1.5), "#b58b55")


def metal(canvas: Canvas, colour: str, middle: float, half: float) -> np.ndarray:
    """A turned or lacquered cylinder: bright and dark bands from left to right."""
    part = (canvas.x - middle) / half
    bands = 0.75 + 0.75 * np.exp(-(((part + 0.45) / 0.16) ** 2)) + 0.3 * np.exp(-(((part - 0.5) / 0.1) ** 2))
    bands -= 0.45 * np.abs(part) ** 5
    return linear(colour) * np.clip(bands, 0.15, None)[..., None]


def headphones(canvas: Canvas, colour: str) -> None:
    c = canvas
    c.studio("#dfe5e8", floor=0.8)
    c.ground_shadow(330, 842, 96, 18, 0.5)
    c.ground_shadow(670, 842, 96, 18, 0.5)
    arch = [(308, 560), (292, 380), (372, 230), (500, 182), (628, 230), (708, 380), (692, 560)]
    inner = [(330, 470), (326, 380), (396, 264), (500, 222), (604, 264), (674, 380), (670, 470)]
    pad = c.mask(limb(inner, [18, 30, 40, 44, 40, 30, 18]))
    c.paint(pad, woven(c, "#3a3d42", 0.06), c.relief(pad, 16, 0.3), gloss=0.03, shadow=None)
    band = c.mask(limb(arch, [26, 34, 42, 46, 42, 34, 26]))
    c.paint(band, colour, c.relief(band, 15, 0.25), gloss=0.20, shine=22, shadow=(0, 5, 6, 0.4))
    for side in (-1, 1):
        x = 500 + side * 182
        arm = c.mask(limb([(500 + side * 196, 452), (500 + side * 202, 560)], [18, 18]))
        c.paint(
            arm, metal(c, "#b9bdc2", 500 + side * 198, 10), c.relief(arm, 7), gloss=0.3, shadow=(1, 3, 4, 0.3)
        )
        cushion = c.mask(ellipse(x - side * 40, 690, 74, 152))
        ring = 1.2 * np.abs(np.sin(np.arctan2(c.y - 690, (c.x - x + side * 40) * 2) * 20))
        c.paint(
            cushion,
            woven(c, "#33363b", 0.06),
            c.relief(cushion, 42, 0.2) + ring,
            gloss=0.04,
            shadow=(3, 6, 8, 0.4),
        )
        cup = c.mask(ellipse(x + side * 14, 686, 92, 150))
        c.paint(cup, colour, c.relief(cup, 52, 0.25), gloss=0.24, shine=26, shadow=(2, 4, 7, 0.45))
        plate = c.mask(ellipse(x + side * 22, 686, 58, 106))
        c.paint(plate, colour, -0.6 * c.relief(plate, 16, 0.4), gloss=0.12, shine=40, shadow=None)
        printed(c, letters(c, "o", x + side * 22, 676, 54), "#eef2f4", 0.85)


def armchair(canvas: Canvas, colour: str) -> None:
    """Velvet on wooden legs."""
    c = canvas
    c.studio("#ece8e2", floor=0.72)
    for points, wide in (
        ([(300, 760), (276, 872)], (34, 18)),
        ([(700, 760), (724, 872)], (34, 18)),
        ([(370, 760), (362, 846)], (26, 14)),
        ([(630, 760), (638, 846)], (26, 14)),
    ):
        leg = c.mask(limb(points, wide))
        grain = linear("#96602f") * (1 + 0.14 * noise(c.shape, 3, 50, 3))[..., None]
        c.paint(leg, grain, c.relief(leg, 10), gloss=0.1, shadow=(4, 4, 6, 0.3))
    pile = 1.1 * noise(c.shape, 55, 75, 21)
    velvet = woven(c, colour, 0.05, 31)
    back = c.mask(mirrored([(500, 196), (620, 206), (694, 276), (706, 420), (694, 640, 1), (500, 650)], 500))
    buttons = [
        (x, y) for y, row in ((330, (400, 500, 600)), (430, (450, 550)), (520, (400, 500, 600))) for x in row
    ]
    dents = sum(stroke(c.shape, [(x, y), (x + 1, y)], 12, 14) for x, y in buttons)
    creases = folds(c, [[a, b] for a in buttons for b in buttons if 0 < b[1] - a[1] < 120 and abs(a[0] - b[0]) < 80],
                    3.5, 3, 4)  # fmt: skip
    c.paint(
        back, velvet, c.relief(back, 58, 0.25) + pile - 46 * dents - creases, gloss=0.05, shine=7, shadow=None
    )
    for x, y in buttons:
        button = c.mask(ellipse(x, y, 7, 7))
        c.paint(button, velvet, c.relief(button, 6), gloss=0.1, shadow=(1, 2, 2, 0.5))
    base = c.mask(box(252, 690, 748, 784, 26))
    c.paint(base, velvet, c.relief(base, 28, 0.3) + pile, gloss=0.05, shine=7, shadow=(0, 8, 12, 0.4))
    seat = c.mask(mirrored([(500, 584), (640, 590), (676, 612), (684, 664), (668, 702), (500, 712)], 500))
    seam = stroke(c.shape, [(322, 662), (500, 676), (678, 662)], 2, 0.8)
    c.paint(
        seat, velvet, c.relief(seat, 44, 0.3) + pile - 3 * seam, gloss=0.05, shine=7, shadow=(0, 8, 12, 0.45)
    )
    arm = [(708, 470), (772, 486), (790, 540), (782, 700), (764, 782), (686, 784), (676, 640), (668, 520)]
    arms = c.mask(arm, reflected(arm, 500))
    c.paint(arms, velvet, c.relief(arms, 46, 0.25) + pile, gloss=0.06, shine=7, shadow=(0, 6, 12, 0.42))


def helmet(canvas: Canvas, colour: str) -> None:
    """A motorcycle helmet with a dark visor, from the side."""
    c = canvas
    c.studio("#e3e6ea", floor=0.76)
    c.ground_shadow(505, 836, 240, 22, 0.42)
    shell = c.mask([(250, 560), (262, 400), (350, 262), (500, 204), (640, 226), (744, 316), (782, 440), (776, 560),
                    (784, 690), (744, 800), (640, 834, 1), (420, 838), (330, 812, 1), (290, 700)])  # fmt: skip
    c.paint(shell, colour, c.relief(shell, 190, 0.12), gloss=0.34, shine=30, shadow=None)
    stripe = c.mask(
        [(300, 350), (420, 250), (520, 222), (640, 242, 1), (560, 262), (450, 300), (340, 410), (270, 520, 1)]
    )
    c.paint(stripe, "#15181d", c.relief(shell, 190, 0.12), gloss=0.3, shine=30, shadow=None)
    visor = c.mask([(472, 420, 1), (600, 360), (728, 356), (786, 420, 1), (796, 520), (782, 590, 1), (660, 604),
                    (520, 580), (476, 520)])  # fmt: skip
    rim = blur(visor, 5) > 0.08
    c.paint(
        blur(rim.astype(np.float32), 0.8) * shell,
        "#101216",
        c.relief(shell, 190, 0.12),
        gloss=0.1,
        shadow=None,
    )
    tint = (
        linear("#1d2733") * (1.5 - (c.y / 1000))[..., None]
        + linear("#27415c") * 0.5 * ((c.x - 470) / 330)[..., None]
    )
    c.paint(
        visor, np.clip(tint, 0, None), c.relief(visor, 90, 0.25), gloss=0.45, shine=40, shadow=(1, 3, 4, 0.4)
    )
    c.light += (blur(c.mask([(540, 410), (640, 376), (730, 378), (640, 420), (560, 452)]), 5) * visor)[
        ..., None
    ] * 0.35
    for points in ([(690, 690), (772, 676)], [(700, 716), (768, 704)], [(708, 742), (760, 732)]):
        c.paint(stroke(c.shape, points, 11), "#14171b", shadow=None)
    hinge = c.mask(ellipse(462, 500, 30, 30))
    c.paint(hinge, metal(c, "#8d939b", 462, 30), c.relief(hinge, 9), gloss=0.3, shadow=(1, 3, 4, 0.5))
    seam = stroke(c.shape, [(300, 742), (440, 716), (560, 700), (664, 650), (700, 606)], 3, 0.6)
    c.paint(seam * shell, "#22262c", shadow=None, opacity=0.8)
    c.light += (blur(c.mask([(340, 400), (420, 300), (470, 286), (400, 360), (350, 460)]), 7) * shell)[
        ..., None
    ] * 0.35
    base = c.mask(limb([(326, 818), (480, 842), (648, 832)], [16, 20, 16]))
    c.paint(base, "#1b1e23", c.relief(base, 8), shadow=None)


def speaker(canvas: Canvas, colour: str) -> None:
    """A round wireless loudspeaker covered with cloth."""
    c = canvas
    c.studio("#dcdfe4", floor=0.78)
    c.ground_shadow(500, 836, 214, 28, 0.55)
    body = c.mask(
        mirrored([(500, 226), (640, 240), (700, 300), (706, 480), (700, 760), (640, 836), (500, 846)], 500)
    )
    dots = np.sin(c.x * np.pi / 5.0) * np.sin(c.y * np.pi / 5.0)
    part = np.clip((c.x - 500) / 206, -1, 1)
    cloth = linear(colour) * (1 - 0.16 * (dots > 0.1) - 0.5 * np.abs(part) ** 4)[..., None]
    c.paint(body, cloth, c.relief(body, 150, 0.15), gloss=0.05, shine=10, shadow=None)
    foot = c.mask(box(330, 806, 670, 846, 18))
    c.paint(foot * body, metal(c, "#2a2d33", 500, 200), shadow=None)
    top = c.mask(ellipse(500, 266, 158, 34))
    c.paint(top, "#23262c", c.relief(top, 10, 0.3), gloss=0.14, shine=20, shadow=None)
    ring = np.clip(c.mask(ellipse(500, 264, 124, 24)) - c.mask(ellipse(500, 264, 113, 20)), 0, 1)
    printed(c, ring, "#49d8e8")
    c.glow(ring, "#49d8e8", 7, 0.9)
    plate = c.mask(box(452, 690, 548, 722, 9))
    c.paint(plate, metal(c, "#c3c7cc", 500, 48), c.relief(plate, 4), gloss=0.2, shadow=(1, 2, 3, 0.4))
    printed(c, spaced(c, "ORBIT", 500, 705, 17, 3), "#1d2025")
