"""Places outside, for moods of the whole picture."""

from __future__ import annotations

import cv2
import numpy as np

from drawing.canvas import Canvas, linear, woven
from drawing.garments import folds
from drawing.outlines import SAMPLES, blur, box, limb, mirrored, noise, stroke


def leaves(
    canvas: Canvas, middle: tuple[float, float], reach: tuple[float, float], count: int, seed: int,
    colours: tuple[str, ...], size: tuple[float, float] = (5, 11),
) -> None:  # fmt: skip
    """A crown of a tree: leaf upon leaf, those above and to the left in the light."""
    generator = np.random.default_rng(seed)
    angle, part = generator.uniform(0, 2 * np.pi, count), np.sqrt(generator.uniform(0, 1, count))
    lumps = 1 + 0.14 * np.sin(angle * 5 + seed) + 0.08 * np.sin(angle * 9)
    x = middle[0] + reach[0] * part * np.cos(angle) * lumps
    y = middle[1] + reach[1] * part * np.sin(angle) * lumps
    order = np.argsort(-y + generator.normal(0, reach[1] * 0.4, count))
    for index in order:
        toward = -0.5 * (x[index] - middle[0]) / reach[0] - 0.8 * (y[index] - middle[1]) / reach[1]
        bright = np.clip(0.72 + 0.42 * toward + generator.normal(0, 0.14), 0.16, 1.6)
        colour = linear(colours[generator.integers(len(colours))]) * bright
        large = generator.uniform(*size) * SAMPLES
        cv2.ellipse(canvas.light, (int(x[index] * SAMPLES), int(y[index] * SAMPLES)), (int(large), int(large * 0.55)),
                    float(generator.uniform(0, 180)), 0, 360, [float(v) for v in colour], -1, cv2.LINE_8)  # fmt: skip


GREENS = ("#5d8f2f", "#78a83a", "#47782b", "#93b84a", "#3c6a2c")


def bokeh(canvas: Canvas, seed: int, below: float) -> None:
    """Foliage far out of focus."""
    generator = np.random.default_rng(seed)
    canvas.gradient("#a9c47a", "#4a7034")
    for large, count in ((90, 60), (46, 130), (24, 150)):
        layer = canvas.light.copy()
        for _ in range(count):
            at = (int(generator.uniform(0, canvas.shape[1])), int(generator.uniform(0, below * SAMPLES)))
            colour = linear(GREENS[generator.integers(len(GREENS))]) * generator.uniform(0.5, 1.7)
            cv2.circle(
                layer,
                at,
                int(large * generator.uniform(0.5, 1.1) * SAMPLES),
                [float(v) for v in colour],
                -1,
                cv2.LINE_AA,
            )
        canvas.light[:] = blur(0.55 * canvas.light + 0.45 * layer, large * 0.12)
    spots = np.zeros(canvas.shape, np.float32)
    for _ in range(46):
        at = (int(generator.uniform(0, canvas.shape[1])), int(generator.uniform(0, below * 0.75 * SAMPLES)))
        cv2.circle(
            spots,
            at,
            int(generator.uniform(8, 24) * SAMPLES),
            float(generator.uniform(0.15, 0.5)),
            -1,
            cv2.LINE_AA,
        )
    canvas.light += blur(spots, 1.5)[..., None] * linear("#f4f3b8") * 0.55


def deck(canvas: Canvas, top: float) -> None:
    """Wooden boards that run towards the camera."""
    c, width = canvas, canvas.size[0]
    ground = c.mask(box(0, top, width, c.size[1]))
    depth = np.clip((c.y - top) / (c.size[1] - top), 0.001, 1)
    across = (c.x - width / 2) / (0.5 + depth)
    board = np.floor(across / 84)
    tone = (
        1 + 0.10 * np.sin(board * 12.9) + 0.10 * noise(c.shape, 5, 160, 5) + 0.05 * noise(c.shape, 2, 60, 6)
    )
    gap = np.abs((across / 84) % 1 - 0.5) > 0.485
    wood = linear("#b08a62") * (tone * (0.66 + 0.42 * depth) * (1 - 0.6 * gap))[..., None]
    c.paint(blur(ground, 1.5), wood, shadow=None)


def backpack(canvas: Canvas) -> None:
    """A canvas backpack on a deck before a wood in summer."""
    c = canvas
    bokeh(c, 3, 640)
    deck(c, 640)
    c.ground_shadow(450, 800, 220, 30, 0.75)
    cloth = woven(c, "#7d7f4a", 0.07)
    straps = c.mask(limb([(300, 360), (246, 480), (250, 640), (290, 740)], [34, 40, 38, 26]),
                    limb([(600, 360), (654, 480), (650, 640), (610, 740)], [34, 40, 38, 26]))  # fmt: skip
    c.paint(straps, cloth * 0.8, c.relief(straps, 14, 0.3), shadow=(4, 6, 8, 0.4))
    loop = c.mask(limb([(414, 226), (420, 176), (450, 160), (480, 176), (486, 226)], [18, 18, 18, 18, 18]))
    c.paint(loop, "#6b3f22", c.relief(loop, 8), gloss=0.08, shadow=(3, 5, 6, 0.35))
    body = c.mask(
        mirrored([(450, 210), (560, 222), (622, 300), (640, 480), (648, 700), (622, 796), (450, 806)], 450)
    )
    lines = [
        [(300, 520), (290, 640), (310, 760)],
        [(600, 520), (612, 640), (592, 760)],
        [(330, 780), (450, 792), (570, 780)],
    ]
    c.paint(body, cloth, c.relief(body, 70, 0.25) + folds(c, lines, 8, 8, 9) + 2 * noise(c.shape, 60, 90, 4), gloss=0.02,
            shadow=None)  # fmt: skip
    for side in (-1, 1):
        pocket = c.mask(
            limb([(450 + side * 196, 600), (450 + side * 204, 690), (450 + side * 190, 770)], [46, 60, 46])
        )
        c.paint(pocket, cloth * 0.92, c.relief(pocket, 24, 0.3), shadow=(3, 4, 7, 0.4))
    front = c.mask(mirrored([(450, 560), (566, 566), (584, 600), (586, 740), (562, 774), (450, 780)], 450))
    c.paint(front, cloth * 1.05, c.relief(front, 34, 0.3), shadow=(3, 6, 9, 0.45))
    seam = stroke(c.shape, [(340, 606), (450, 600), (560, 606)], 2, 0.5)
    c.paint(seam, "#4d4f2c", shadow=None, opacity=0.8)
    flap = c.mask(mirrored([(450, 214), (566, 226), (628, 300), (636, 420), (610, 486), (450, 500)], 450))
    c.paint(
        flap,
        cloth * 1.02,
        c.relief(flap, 44, 0.3) + 2 * noise(c.shape, 70, 70, 9),
        gloss=0.02,
        shadow=(2, 9, 10, 0.5),
    )
    for side in (-1, 1):
        x = 450 + side * 84
        belt = c.mask(box(x - 17, 380, x + 17, 622, 7))
        c.paint(belt, linear("#7a4726") * (1 + 0.06 * noise(c.shape, 4, 4, 8))[..., None], c.relief(belt, 7), gloss=0.08,
                shadow=(2, 4, 5, 0.45))  # fmt: skip
        ring = np.clip(
            c.mask(box(x - 25, 516, x + 25, 560, 8)) - c.mask(box(x - 16, 525, x + 16, 551, 4)), 0, 1
        )
        c.paint(ring, "#c9b27a", c.relief(ring, 4), gloss=0.5, shadow=(1, 2, 3, 0.5))
    patch = c.mask(box(404, 644, 496, 704, 6))
    c.paint(patch, "#6b3f22", c.relief(patch, 5), shadow=(1, 2, 3, 0.4))
    peaks = c.mask([(420, 690, 1), (443, 658, 1), (456, 676, 1), (464, 666, 1), (482, 690, 1)])
    c.paint(peaks, "#e8dcc0", shadow=None)


def park(canvas: Canvas) -> None:
    """A path between trees, with a bench."""
    c, width = canvas, canvas.size[0]
    c.gradient("#9cc4e4", "#e8f0ea")
    c.light += (
        0.20 * np.clip(noise(c.shape, 220, 60, 2), 0, 2)[..., None] * np.clip(1 - c.y / 330, 0, 1)[..., None]
    )
    far = (*GREENS[2:], "#6f8f5a", "#86a06a")
    for x in range(-20, width + 80, 74):
        leaves(c, (x, 360 + 18 * np.sin(x)), (72, 74), 500, x + 50, far, (4, 8))
    c.light[:] = c.light * 0.86 + 0.14 * linear("#dfe8e0")
    lawn = c.mask(box(-10, 418, width + 10, 810))
    depth = np.clip((c.y - 418) / 382, 0, 1)
    blades = 1 + 0.16 * noise(c.shape, 2, 5, 7) + 0.16 * noise(c.shape, 90, 24, 8)
    c.paint(lawn, linear("#79a23e") * (blades * (1.12 - 0.34 * depth))[..., None], shadow=None)
    path = c.mask(
        [(488, 420), (520, 420), (600, 520), (760, 690), (880, 830), (240, 830), (380, 640), (470, 500)]
    )
    sand = (
        linear("#cdbb98")
        * (1 + 0.05 * noise(c.shape, 2, 2, 9) + 0.05 * noise(c.shape, 40, 10, 10))[..., None]
    )
    c.paint(blur(path, 2), sand * (0.9 + 0.15 * depth)[..., None], shadow=None)
    shade = blur(np.clip(noise(c.shape, 60, 18, 11), 0, 1) * lawn, 5)
    c.light *= (1 - 0.42 * np.clip(shade, 0, 1))[..., None]
    for x, base, high, wide, seed in (
        (96, 600, 330, 40, 1),
        (300, 500, 240, 22, 2),
        (716, 506, 250, 24, 3),
        (912, 620, 350, 44, 4),
    ):
        top = base - high
        trunk = c.mask(
            limb([(x + 4, base), (x, base - high * 0.5), (x - 3, top)], [wide * 1.3, wide, wide * 0.7])
        )
        bark = linear("#6e523c") * (1 + 0.22 * noise(c.shape, 3, 26, seed))[..., None]
        c.ground_shadow(x + wide, base, wide * 2.6, wide * 0.34, 0.5)
        c.paint(trunk, bark, c.relief(trunk, wide * 0.5), shadow=None)
        for number, (right, up, part) in enumerate(
            ((-0.42, 0.0, 0.8), (0.42, 0.02, 0.8), (0, -0.22, 1.0), (0, 0.14, 0.9))
        ):
            leaves(c, (x + right * high * 0.62, top + up * high), (high * 0.36 * part, high * 0.30 * part), int(high * 7),
                   seed * 10 + number, GREENS, (4, 9) if high > 300 else (3, 7))  # fmt: skip
    bench(c, 222, 596)


def bench(canvas: Canvas, x: float, y: float) -> None:
    c = canvas
    c.ground_shadow(x + 6, y + 92, 124, 12, 0.6)
    for at in (x - 92, x + 92):
        leg = c.mask(
            limb([(at, y - 46), (at - 4, y + 40), (at - 8, y + 92)], [11, 11, 11]),
            limb([(at, y + 36), (at + 12, y + 92)], [9, 9]),
        )
        c.paint(leg, "#2c2f31", c.relief(leg, 5), gloss=0.1, shadow=None)
    for top, high in ((-48, 15), (-27, 15), (-6, 15), (26, 11), (39, 11)):
        slat = c.mask(box(x - 118, y + top, x + 118, y + top + high, 4))
        c.paint(slat, linear("#a2622f") * (1 + 0.12 * noise(c.shape, 60, 2.5, int(top + 60)))[..., None], c.relief(slat, 5),
                gloss=0.06, shadow=(1, 5, 4, 0.45))  # fmt: skip
