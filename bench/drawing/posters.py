"""Posters and a label in Chinese, whose words are to be put into English."""

from __future__ import annotations

import numpy as np

from drawing.canvas import Canvas, linear
from drawing.lettering import letters, printed, spaced
from drawing.outlines import box, ellipse, limb, mirrored, noise, stroke


def paper(canvas: Canvas) -> None:
    canvas.light *= (1 + 0.012 * noise(canvas.shape, 2, 2, 1))[..., None]


def new_arrival(canvas: Canvas) -> None:
    """A cup of coffee under a large headline."""
    c = canvas
    c.gradient("#f7ede0", "#efd9c0")
    printed(c, c.mask(ellipse(375, 660, 262, 262)), "#e88f5a")
    printed(c, c.mask(ellipse(375, 660, 216, 216)), "#f0a873")
    saucer = c.mask(ellipse(375, 800, 218, 40))
    c.paint(saucer, "#fbf6ee", c.relief(saucer, 18), gloss=0.1, shadow=(8, 16, 14, 0.4))
    handle = c.mask(limb([(500, 640), (572, 626), (580, 700), (484, 742)], [26, 26, 26, 24]))
    c.paint(handle, "#2f6d62", c.relief(handle, 12), gloss=0.15, shadow=(4, 6, 7, 0.35))
    cup = c.mask(
        mirrored([(375, 590), (516, 590, 1), (508, 690), (470, 774), (430, 802, 1), (375, 806)], 375)
    )
    c.paint(cup, "#35796d", c.relief(cup, 90, 0.2), gloss=0.15, shine=20, shadow=(6, 8, 10, 0.35))
    c.paint(c.mask(ellipse(375, 592, 141, 30)), "#e9e2d4", shadow=None)
    c.paint(c.mask(ellipse(375, 596, 126, 23)), "#5a341f", shadow=None)
    for x in (330, 376, 420):
        line = [(x, 548), (x - 16, 516), (x + 14, 482), (x, 446)]
        printed(c, stroke(c.shape, line, 7, 2.2), "#ffffff", 0.7)
    printed(c, letters(c, "新品上市", 375, 190, 128), "#3b2a22")
    printed(c, spaced(c, "手冲咖啡", 375, 318, 44, 14), "#a4492a")
    printed(c, letters(c, "买一送一", 375, 962, 54), "#3b2a22")
    paper(c)


def sale(canvas: Canvas) -> None:
    """Rays, a burst and a price."""
    c = canvas
    c.gradient("#d92f34", "#b81c2c")
    angle = np.arctan2(c.y - 560, c.x - 375)
    rays = (np.sin(angle * 16) > 0).astype(np.float32) * 0.16
    c.light[:] = c.light * (1 - rays[..., None]) + linear("#f26a4c") * rays[..., None]
    banner = c.mask(box(60, 90, 690, 290, 18))
    c.paint(banner, "#b81c2c", shadow=(0, 6, 10, 0.3))
    printed(c, letters(c, "限时特惠", 375, 188, 126), "#ffe9b8")
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    star = [
        (375 + (236 if i % 2 else 208) * np.cos(a), 570 + (236 if i % 2 else 208) * np.sin(a), 1)
        for i, a in enumerate(turn)
    ]
    burst = c.mask(star)
    c.paint(burst, "#ffd24a", c.relief(burst, 12), gloss=0.05, shadow=(6, 10, 14, 0.4))
    c.paint(c.mask(ellipse(375, 570, 186, 186)), "#ffdf70", shadow=None)
    printed(c, letters(c, "50%", 375, 556, 132), "#b81c2c")
    foot = c.mask(box(60, 868, 690, 972, 18))
    c.paint(foot, "#fff3d6", shadow=(0, 5, 9, 0.3))
    printed(c, letters(c, "全场包邮", 375, 918, 58), "#b81c2c")
    paper(c)


def tea(canvas: Canvas) -> None:
    """Hills of tea, in layers that fade."""
    c = canvas
    c.gradient("#f4f1e4", "#dfe8d4")
    printed(c, c.mask(ellipse(540, 470, 74, 74)), "#e4694a")
    for top, high, colour, phase in (
        (560, 60, "#b9cfae", 0.3),
        (650, 56, "#8db188", 1.9),
        (744, 50, "#5d8f66", 3.4),
        (848, 42, "#35684a", 5.2),
    ):
        x = np.linspace(-20, 770, 40)
        hill = [
            (-40, 1100, 1),
            *((at, top + high * np.sin(at / 118 + phase) + 14 * np.sin(at / 43)) for at in x),
            (790, 1100, 1),
        ]
        mask = c.mask(hill)
        rows = 0.5 + 0.5 * np.sin((c.y - high * np.sin(c.x / 118 + phase)) * np.pi / 11)
        c.paint(mask, linear(colour) * (1 - 0.10 * rows)[..., None], shadow=(0, -4, 9, 0.12))
    printed(c, letters(c, "高山绿茶", 375, 170, 122), "#24503a")
    printed(c, spaced(c, "自然清香", 375, 290, 46, 16), "#5d8f66")
    printed(c, letters(c, "秋季上新", 375, 972, 54), "#f4f1e4")
    paper(c)


def label(canvas: Canvas) -> None:
    """A jar of honey with a paper label."""
    c = canvas
    c.studio("#e9e6e0", floor=0.78)
    c.ground_shadow(450, 636, 206, 22, 0.55)
    jar = c.mask(
        mirrored([(450, 160), (560, 162, 1), (640, 196), (660, 260), (660, 560), (640, 622), (450, 642)], 450)
    )
    part = np.clip(np.abs(c.x - 450) / 210, 0, 1)
    honey = linear("#d98a1e") * (1.25 - 0.55 * part**3)[..., None]
    c.paint(jar, honey, c.relief(jar, 60, 0.25), gloss=0.25, shine=26, shadow=None)
    lid = c.mask(box(300, 78, 600, 176, 16))
    bands = 1 + 0.45 * np.exp(-(((c.x - 370) / 34) ** 2)) - 0.5 * np.clip(np.abs(c.x - 450) / 150, 0, 1) ** 4
    c.paint(lid, linear("#3f4a3c") * bands[..., None], c.relief(lid, 14) + 0.9 * np.abs(np.sin(c.x * np.pi / 12)), gloss=0.08,
            shadow=(0, 5, 6, 0.4))  # fmt: skip
    sheet = c.mask(box(268, 282, 632, 560, 8))
    c.paint(
        sheet,
        linear("#f7f1e3") * (1.04 - 0.22 * part**3)[..., None],
        c.relief(sheet, 3),
        shadow=(1, 3, 4, 0.3),
    )
    for inset in (14, 20):
        frame = np.clip(c.mask(box(268 + inset, 282 + inset, 632 - inset, 560 - inset)) - c.mask(box(270 + inset, 284 + inset, 630 - inset, 558 - inset)), 0, 1)  # fmt: skip
        printed(c, frame, "#b5832e", 0.8)
    printed(c, letters(c, "野生蜂蜜", 450, 388, 64), "#4a3312")
    printed(c, spaced(c, "山花酿造", 450, 480, 36, 8), "#5c3d12")
