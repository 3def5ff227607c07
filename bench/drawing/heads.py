"""Heads: skin, hair and faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drawing.canvas import Canvas, linear
from drawing.outlines import Array, Point, blur, ellipse, limb, noise, reflected, stroke


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    skin: str
    lips: str
    hair: str
    #: bun, bob, curls or short.
    style: str


PEOPLE = {
    "fair": Person(skin="#efc8b1", lips="#c4696a", hair="#a8672f", style="bun"),
    "tan": Person(skin="#d9a47c", lips="#b0585a", hair="#2c1d17", style="bob"),
    "brown": Person(skin="#9a623f", lips="#8c3f40", hair="#1d1412", style="curls"),
    "deep": Person(skin="#5f3a28", lips="#6e2d31", hair="#120e0d", style="short"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A head of this height around a middle; points are in heights of the head."""

    x: float
    y: float
    high: float

    def at(self, points: list[Point]) -> list[Point]:
        return [(self.x + p[0] * self.high, self.y + p[1] * self.high, *p[2:]) for p in points]

    def even(self, points: list[Point]) -> list[Point]:
        """The points, from top to bottom, and their mirror image."""
        return self.at([*points, *reversed([p for p in reflected(points, 0) if p[0]])])

    def pair(self, points: list[Point]) -> list[list[Point]]:
        return [self.at(points), self.at(reflected(points, 0))]


def skin(canvas: Canvas, colour: str) -> Array:
    uneven = 1 + 0.025 * noise(canvas.shape, 40, 40, 12) + 0.012 * noise(canvas.shape, 2, 2, 13)
    return linear(colour) * uneven[..., None]


def hair_behind(canvas: Canvas, place: Place, person: Person) -> None:
    c, s = canvas, place.high
    shapes = {
        "bun": [place.even([(0, -0.60), (0.30, -0.52), (0.42, -0.22), (0.36, 0.10), (0.2, 0.2)]),
                place.at(ellipse(0, -0.66, 0.21, 0.18))],
        "bob": [place.even([(0, -0.62), (0.32, -0.54), (0.48, -0.24), (0.50, 0.20), (0.46, 0.46), (0.28, 0.50)])],
        "curls": [place.at([(0.60 * np.cos(a) * (1 + 0.05 * np.sin(a * 11)),
                             -0.20 + 0.56 * np.sin(a) * (1 + 0.05 * np.sin(a * 13)))
                            for a in np.linspace(0, 2 * np.pi, 72, endpoint=False)])],
        "short": [place.even([(0, -0.59), (0.29, -0.52), (0.40, -0.24), (0.38, 0.0), (0.2, 0.1)])],
    }[person.style]  # fmt: skip
    mask = c.mask(*shapes)
    c.paint(mask, strands(c, person), c.relief(mask, s * 0.22, 0.3) + waves(c, person, s), gloss=0.04, shine=10,
            shadow=(3, 5, 6, 0.25))  # fmt: skip


def strands(canvas: Canvas, person: Person) -> Array:
    grain = (
        noise(canvas.shape, 2.5, 2.5, 3)
        if person.style in ("curls", "short")
        else noise(canvas.shape, 1.6, 60, 3)
    )
    return linear(person.hair) * np.clip(1.1 + 0.28 * grain, 0.4, 2)[..., None]


def waves(canvas: Canvas, person: Person, high: float) -> Array:
    if person.style in ("curls", "short"):
        grain = high * (0.045 if person.style == "curls" else 0.02)
        return high * 0.012 * noise(canvas.shape, grain, grain, 5)
    return high * 0.006 * noise(canvas.shape, high * 0.03, high * 0.6, 5)


def head(canvas: Canvas, place: Place, person: Person) -> None:
    """Neck, face and the hair around it."""
    c, s = canvas, place.high
    tone = skin(c, person.skin)
    neck = c.mask(place.even([(0.165, 0.2, 1), (0.158, 0.50), (0.19, 0.66), (0.17, 0.74), (0, 0.80)]))
    c.paint(neck, tone, c.relief(neck, s * 0.16, 0.3), gloss=0.03, shine=9, shadow=None)
    ears = c.mask(*place.pair(ellipse(0.365, 0.02, 0.05, 0.10)))
    c.paint(ears, tone * 0.9, c.relief(ears, s * 0.05), shadow=None)
    face = c.mask(place.even([(0, -0.50), (0.25, -0.44), (0.355, -0.20), (0.352, 0.06), (0.30, 0.27), (0.18, 0.43),
                              (0.07, 0.495), (0, 0.5)]))  # fmt: skip
    c.cast(face, (s * 0.03, s * 0.10, s * 0.05, 0.42))
    relief = c.relief(face, s * 0.34, 0.3)
    bumps = [
        ([(0, -0.10), (0, 0.06), (0, 0.11)], 0.07, 0.035, 0.045),
        ([(-0.01, 0.115), (0.01, 0.115)], 0.09, 0.03, 0.05),
    ]
    bumps += [
        ([(-0.22, 0.14), (-0.21, 0.14)], 0.16, 0.07, 0.04),
        ([(0.21, 0.14), (0.22, 0.14)], 0.16, 0.07, 0.04),
    ]
    bumps += [
        ([(-0.2, -0.06), (-0.1, -0.05)], 0.10, 0.04, -0.035),
        ([(0.1, -0.05), (0.2, -0.06)], 0.10, 0.04, -0.035),
    ]
    bumps += [
        ([(-0.03, 0.42), (0.03, 0.42)], 0.10, 0.05, 0.03),
        ([(-0.06, 0.335), (0.06, 0.335)], 0.02, 0.02, -0.02),
    ]
    for line, width, soft, high in bumps:
        relief += s * high * stroke(c.shape, place.at(line), s * width, s * soft)
    flush = sum(stroke(c.shape, line, s * 0.12, s * 0.07) for line in place.pair([(0.2, 0.15), (0.24, 0.12)]))
    warm = tone * (1 + flush[..., None] * (linear("#ff9a8a") - 0.62) * 0.35)
    c.paint(face, warm, relief, gloss=0.035, shine=12, shadow=None)
    features(c, place, person)
    fringe(c, place, person)


def features(canvas: Canvas, place: Place, person: Person) -> None:
    """Eyes that look at the camera, brows, nostrils and a mouth at rest."""
    c, s = canvas, place.high
    dark = "#23150f"
    almond = [
        (0.085, -0.035, 1),
        (0.13, -0.068),
        (0.185, -0.066),
        (0.235, -0.035, 1),
        (0.185, -0.012),
        (0.13, -0.012),
    ]
    white = c.mask(*place.pair(almond))
    c.paint(white, "#e9e2da", shadow=None, opacity=0.95)
    iris = c.mask(*place.pair(ellipse(0.16, -0.042, 0.034, 0.034))) * white
    c.paint(iris, person.hair if person.style == "bun" else "#2e1a10", shadow=None)
    pupil = c.mask(*place.pair(ellipse(0.16, -0.042, 0.016, 0.016))) * white
    c.paint(pupil, "#0a0706", shadow=None)
    c.light += c.mask(place.at(ellipse(0.15, -0.052, 0.008, 0.008)),
                      place.at(ellipse(-0.17, -0.052, 0.008, 0.008)))[..., None] * 0.7  # fmt: skip
    lid = [(0.08, -0.032), (0.13, -0.070), (0.185, -0.069), (0.246, -0.042)]
    fold = [(0.09, -0.062), (0.14, -0.098), (0.2, -0.092), (0.245, -0.062)]
    brow = [(0.075, -0.148), (0.14, -0.176), (0.215, -0.164), (0.262, -0.132)]
    for lines, width, soft, strength in (
        (place.pair(lid), 0.016, 0, 0.95),
        (place.pair(fold), 0.008, 0.006, 0.5),
    ):
        for line in lines:
            c.paint(stroke(c.shape, line, s * width, s * soft), dark, shadow=None, opacity=strength)
    brows = c.mask(*(limb(line, [s * 0.026, s * 0.032, s * 0.024, s * 0.006]) for line in place.pair(brow)))
    c.paint(blur(brows, s * 0.006), dark if person.style != "bun" else "#6d4423", shadow=None, opacity=0.78)
    for line in place.pair([(0.022, 0.148), (0.044, 0.142)]):
        c.paint(stroke(c.shape, line, s * 0.016, s * 0.007), dark, shadow=None, opacity=0.55)
    upper = place.even(
        [(0, 0.262), (0.035, 0.247), (0.085, 0.272), (0.118, 0.288, 1), (0.06, 0.290), (0, 0.295)]
    )
    lower = place.even([(0, 0.295), (0.06, 0.290), (0.116, 0.289, 1), (0.075, 0.325), (0, 0.342)])
    mouth = linear(person.lips)
    for outline, bright in ((upper, 0.82), (lower, 1.05)):
        lip = c.mask(outline)
        c.paint(blur(lip, s * 0.004), mouth * bright, c.relief(lip, s * 0.03, 0.3), gloss=0.05, shadow=None)
    c.paint(stroke(c.shape, place.at([(-0.112, 0.288), (0, 0.296), (0.112, 0.288)]), s * 0.008, s * 0.003), "#3a1414",
            shadow=None, opacity=0.75)  # fmt: skip


def fringe(canvas: Canvas, place: Place, person: Person) -> None:
    """The hair in front of the forehead and beside the face."""
    c, s = canvas, place.high
    cap = [(0, -0.61), (0.28, -0.54), (0.41, -0.28), (0.40, -0.02, 1), (0.36, -0.10)]
    shapes = {
        "bun": [place.even([*cap[:3], (0.385, -0.06, 1), (0.345, -0.20), (0.24, -0.36), (0, -0.43)])],
        "bob": [place.at([(-0.08, -0.61), (0.26, -0.58), (0.46, -0.32), (0.50, 0.10), (0.47, 0.45, 1), (0.33, 0.42, 1),
                          (0.37, 0.06), (0.30, -0.22), (0.10, -0.36), (-0.14, -0.44), (-0.29, -0.26), (-0.37, 0.06),
                          (-0.33, 0.42, 1), (-0.47, 0.45, 1), (-0.50, 0.10), (-0.45, -0.34), (-0.3, -0.56)])],
        "curls": [place.at([(x * 0.41, -0.40 + 0.10 * x * x + 0.05 * np.cos(x * 17)) for x in np.linspace(-1, 1, 15)]
                           + [(0.46, -0.1), (0.56, -0.3), (0.36, -0.62), (0, -0.72), (-0.36, -0.62), (-0.56, -0.3),
                              (-0.46, -0.1)])],
        "short": [place.even([*cap[:3], (0.375, -0.10, 1), (0.335, -0.27), (0.22, -0.39), (0, -0.42)])],
    }[person.style]  # fmt: skip
    mask = c.mask(*shapes)
    c.paint(mask, strands(c, person), c.relief(mask, s * 0.16, 0.35) + waves(c, person, s), gloss=0.05, shine=9,
            shadow=(0, s * 0.02, s * 0.03, 0.35))  # fmt: skip
