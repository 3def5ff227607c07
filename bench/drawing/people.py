"""Models in clothes, for swaps of the model and for colours beside a skin."""

from __future__ import annotations

import numpy as np

from drawing.canvas import Canvas, woven
from drawing.garments import folds
from drawing.heads import PEOPLE, Person, Place, hair_behind, head, skin
from drawing.outlines import Point, ellipse, limb, reflected, stroke


def bust(canvas: Canvas, name: str) -> None:
    """Head and shoulders in a teal top with a wide neck."""
    c, person, place = canvas, PEOPLE[name], Place(400, 296, 300)
    c.studio("#e9e7e5")
    hair_behind(c, place, person)
    tone = skin(c, person.skin)
    body = c.mask([(350, 486), (316, 516), (240, 541), (150, 590), (110, 700), (100, 830), (700, 830), (690, 700),
                   (650, 590), (560, 541), (484, 516), (450, 486)])  # fmt: skip
    bones = folds(c, both([[(412, 566), (470, 548), (560, 548)]]), 9, 8, 7)
    hollow = folds(c, both([[(424, 590), (480, 572), (560, 574)]]), 7, 9, 9) + folds(
        c, [[(400, 540), (400, 570)]], 8, 14, 9
    )
    c.cast(body, (10, 14, 18, 0.32))
    c.paint(body, tone, c.relief(body, 80, 0.3) + bones - hollow, gloss=0.035, shine=10, shadow=None)
    head(c, place, person)
    top = c.mask([(206, 541, 1), (262, 600), (330, 650), (400, 668), (470, 650), (538, 600), (594, 541, 1),
                  (686, 594), (726, 690), (738, 830, 1), (62, 830, 1), (74, 690), (114, 594)])  # fmt: skip
    drape = both([[(560, 590), (590, 680), (586, 820)], [(640, 590), (660, 690), (650, 820)], [(500, 650), (540, 730), (536, 820)],
                  [(600, 560), (560, 640), (470, 690)], [(420, 690), (440, 760), (430, 830)]])  # fmt: skip
    c.paint(top, woven(c, "#138a86", 0.045), c.relief(top, 40, 0.3) + folds(c, drape, 11, 8, 9), gloss=0.03, shine=9,
            shadow=(0, -2, 8, 0.4))  # fmt: skip
    hem = stroke(
        c.shape, [(212, 552), (266, 610), (332, 661), (400, 679), (468, 661), (534, 610), (588, 552)], 2, 0.8
    )
    c.paint(hem, "#0c5c5a", shadow=None, opacity=0.7)


def both(lines: list[list[Point]], axis: float = 400) -> list[list[Point]]:
    return lines + [reflected(line, axis) for line in lines]


def shoes(canvas: Canvas, places: tuple[tuple[float, float, int], ...], colour: str) -> None:
    for x, y, side in places:
        right = [
            (x - 17, y - 24),
            (x + 17, y - 24),
            (x + 24, y + 2),
            (x + 34, y + 16, 1),
            (x + 2, y + 20),
            (x - 18, y + 14),
        ]
        shoe = canvas.mask(right if side > 0 else reflected(right, x))
        canvas.paint(shoe, colour, canvas.relief(shoe, 12, 0.3), gloss=0.2, shadow=(2, 3, 5, 0.4))


def hand(canvas: Canvas, person: Person, x: float, y: float, side: int) -> None:
    """A hand that hangs at rest."""
    c = canvas
    palm = [
        (x - 14, y - 22),
        (x + 14, y - 22),
        (x + 16, y + 6),
        (x + 10, y + 36),
        (x, y + 46),
        (x - 10, y + 36),
        (x - 16, y + 6),
    ]
    thumb = limb([(x - side * 10, y - 6), (x - side * 20, y + 10), (x - side * 17, y + 27)], [11, 11, 7])
    mask = c.mask(palm, thumb)
    fingers = folds(c, [[(x + d, y + 10), (x + d * 0.7, y + 44)] for d in (-6, 0, 6)], 2.5, 1.5, 1)
    c.paint(mask, skin(c, person.skin), c.relief(mask, 12, 0.3) - fingers, gloss=0.03, shadow=(2, 3, 4, 0.3))


def in_a_dress(canvas: Canvas) -> None:
    """Standing, weight on one leg, arms at rest, in a raspberry dress."""
    c, person, place = canvas, PEOPLE["tan"], Place(400, 152, 136)
    c.studio("#e6e4e2", floor=0.87)
    c.ground_shadow(398, 1052, 96, 13, 0.5)
    hair_behind(c, place, person)
    tone = skin(c, person.skin)
    for points, wide in (([(374, 600), (370, 800), (376, 910), (372, 1030)], (76, 56, 50, 24)),
                         ([(432, 600), (434, 800), (428, 910), (440, 1026)], (76, 56, 50, 24))):  # fmt: skip
        leg = c.mask(limb(points, wide))
        c.paint(leg, tone, c.relief(leg, 30, 0.3), gloss=0.04, shine=9, shadow=(3, 2, 6, 0.25))
    shoes(c, ((372, 1034, -1), (441, 1030, 1)), "#2a2226")
    body = c.mask(
        [(366, 246), (330, 262), (300, 300), (330, 420), (470, 420), (500, 300), (470, 262), (434, 246)]
    )
    c.paint(body, tone, c.relief(body, 40, 0.3), gloss=0.03, shadow=None)
    for side, points in (
        (-1, [(334, 276), (304, 316), (290, 400), (282, 480), (284, 566)]),
        (1, [(466, 276), (496, 316), (510, 400), (520, 480), (520, 566)]),
    ):
        arm = c.mask(limb(points, [30, 48, 42, 36, 27]))
        c.paint(arm, tone, c.relief(arm, 19, 0.3), gloss=0.035, shadow=(3, 4, 6, 0.3))
        hand(c, person, points[-1][0], points[-1][1] + 18, side)
    head(c, place, person)
    dress = c.mask([(340, 256, 1), (352, 300), (400, 336), (448, 300), (460, 256, 1), (494, 270), (486, 340), (464, 404),
                    (458, 440), (490, 520), (536, 690), (566, 836, 1), (480, 852), (400, 846), (310, 854), (236, 834, 1),
                    (270, 690), (310, 520), (342, 440), (336, 404), (314, 340), (306, 270)])  # fmt: skip
    skirt = [[(400 + 12 * i, 450), (400 + 26 * i, 640), (400 + 40 * i, 850)] for i in range(-3, 4)]
    bodice = both(
        [
            [(470, 400), (440, 390), (410, 400)],
            [(486, 320), (455, 345), (425, 352)],
            [(462, 430), (430, 424), (404, 430)],
        ]
    )
    relief = c.relief(dress, 34, 0.3) + folds(c, skirt, 13, 8, 9) + folds(c, bodice, 6, 5, 6)
    c.paint(dress, woven(c, "#b3184f", 0.035), relief, gloss=0.03, shine=9, shadow=(3, 6, 8, 0.4))
    c.paint(stroke(c.shape, [(342, 434), (400, 442), (458, 434)], 9), "#7d0f38", shadow=None)


def in_a_coat(canvas: Canvas) -> None:
    """One hand on the hip, in an open camel coat over a dark jumper and trousers."""
    c, person, place = canvas, PEOPLE["brown"], Place(400, 152, 136)
    c.studio("#dfe3e6", floor=0.87)
    c.ground_shadow(400, 1052, 118, 14, 0.5)
    hair_behind(c, place, person)
    for points, wide in (
        ([(368, 540), (364, 780), (366, 1024)], (90, 74, 60)),
        ([(434, 540), (436, 780), (432, 1024)], (90, 74, 62)),
    ):
        leg = c.mask(limb(points, wide))
        crease = stroke(c.shape, points, 2, 2)
        c.paint(leg, woven(c, "#28303c", 0.05), c.relief(leg, 34, 0.3) + 5 * crease, shadow=(3, 3, 7, 0.3))
    shoes(c, ((364, 1032, -1), (434, 1032, 1)), "#51301d")
    jumper = c.mask(
        [(340, 250), (320, 300), (330, 430), (322, 600, 1), (478, 600, 1), (470, 430), (480, 300), (460, 250)]
    )
    c.paint(
        jumper,
        woven(c, "#2f3a4a", 0.06),
        c.relief(jumper, 40, 0.3) + 0.8 * np.abs(np.sin(c.x * np.pi / 5)),
        shadow=None,
    )
    head(c, place, person)
    neck = c.mask(
        [(370, 214), (400, 226), (430, 214), (438, 240), (448, 266), (400, 282), (352, 266), (362, 240)]
    )
    c.paint(
        neck,
        woven(c, "#2f3a4a", 0.06),
        c.relief(neck, 15) + 0.8 * np.abs(np.sin(c.x * np.pi / 5)),
        shadow=(0, 2, 5, 0.4),
    )
    cloth = woven(c, "#bd8a52", 0.05)
    left = [
        (346, 252, 1),
        (300, 268),
        (280, 310),
        (286, 430),
        (268, 600),
        (244, 868, 1),
        (340, 884, 1),
        (352, 620),
        (356, 420),
    ]
    right = [
        (454, 252, 1),
        (500, 268),
        (520, 310),
        (512, 430),
        (530, 600),
        (560, 868, 1),
        (462, 884, 1),
        (450, 620),
        (444, 420),
    ]
    for side, points, lines in (
        (
            -1,
            left,
            [
                [(300, 440), (292, 640), (280, 860)],
                [(330, 500), (322, 700), (316, 870)],
                [(350, 440), (320, 450), (296, 440)],
            ],
        ),
        (
            1,
            right,
            [
                [(500, 440), (512, 640), (524, 860)],
                [(470, 500), (480, 700), (488, 870)],
                [(450, 440), (480, 450), (506, 440)],
            ],
        ),
    ):
        front = c.mask(points)
        c.paint(
            front,
            cloth,
            c.relief(front, 26, 0.3) + folds(c, lines, 10, 7, 8),
            gloss=0.02,
            shine=8,
            shadow=(3, 6, 9, 0.42),
        )
        x = 400 + side * 92
        pocket = c.mask([(x - 36, 588, 1), (x + 36, 588, 1), (x + 36, 610, 1), (x - 36, 610, 1)])
        c.paint(pocket, cloth, c.relief(pocket, 7), shadow=(1, 3, 4, 0.35))
    hand(c, person, 270, 590, -1)
    hanging = c.mask(limb([(308, 292), (276, 400), (268, 490), (270, 578)], [62, 60, 54, 48]))
    c.paint(hanging, cloth, c.relief(hanging, 26, 0.3) + folds(c, [[(296, 430), (252, 450)], [(290, 470), (246, 480)]], 6, 6, 6),
            gloss=0.02, shadow=(4, 6, 9, 0.4))  # fmt: skip
    wrist = c.mask(limb([(530, 478), (500, 500), (478, 508)], [26, 26, 24]), ellipse(478, 512, 22, 16))
    c.paint(wrist, skin(c, person.skin), c.relief(wrist, 12), shadow=(1, 3, 5, 0.4))
    bent = c.mask(limb([(494, 292), (548, 376), (590, 440), (562, 470), (516, 492)], [62, 62, 58, 54, 44]))
    c.paint(bent, cloth, c.relief(bent, 26, 0.3) + folds(c, [[(560, 400), (600, 420)], [(556, 430), (590, 460)], [(548, 440), (560, 480)]], 7, 6, 6),
            gloss=0.02, shadow=(3, 6, 9, 0.4))  # fmt: skip
    lapels = c.mask([(350, 250, 1), (322, 262), (304, 330, 1), (326, 342, 1), (318, 362, 1), (358, 470, 1), (366, 380), (362, 300)],
                    reflected([(350, 250, 1), (322, 262), (304, 330, 1), (326, 342, 1), (318, 362, 1), (358, 470, 1), (366, 380), (362, 300)], 400))  # fmt: skip
    c.paint(lapels, cloth * 1.04, c.relief(lapels, 12, 0.3), gloss=0.02, shadow=(1, 4, 6, 0.42))
