"""The sample's soft goods: jacket, sneaker, handbag."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.local.sample.studio import (
    Cloth,
    Stroke,
    backdrop,
    cast,
    cover,
    curve,
    developed,
    lay,
    mirrored,
    pool,
    rgb,
    stitch,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from qie_batch.local.sample.studio import Point

_SHAPE = (1000, 1000)
_BLUE, _NAVY = rgb(0x2A62B5), rgb(0x1D3F7A)


def _fold(*points: tuple[float, float], width: float = 26, height: float = 9) -> Stroke:
    return Stroke(points=points, width=width, height=height)


_BODY = (
    (398, 206), (398, 206), (330, 236), (312, 262), (318, 420), (322, 600), (316, 770), (316, 770),
    (500, 782), (684, 770), (684, 770), (678, 600), (682, 420), (688, 262), (670, 236), (602, 206),
    (602, 206), (560, 246), (500, 262), (440, 246),
)  # fmt: skip
_SLEEVE = (
    (338, 232), (338, 232), (290, 262), (252, 340), (222, 470), (196, 620), (182, 742), (182, 742),
    (222, 762), (266, 758), (266, 758), (286, 650), (312, 520), (330, 400), (344, 300),
)  # fmt: skip
_CUFF = (
    (182, 740), (182, 740), (224, 760), (266, 756), (266, 756), (262, 800), (262, 800), (220, 804),
    (180, 788), (180, 788),
)  # fmt: skip
_SLEEVE_FOLDS = (
    _fold((300, 300), (270, 420), (240, 580), width=40, height=10),
    _fold((238, 500), (272, 516), (304, 508), height=-8, width=18),
    _fold((230, 530), (262, 556), (296, 552), height=8, width=18),
    _fold((222, 590), (250, 606), (288, 590), height=-7, width=16),
    _fold((206, 690), (236, 704), (268, 694), height=-8, width=14),
    _fold((318, 290), (306, 360), (310, 430), height=-9, width=22),
)
_BODY_FOLDS = (
    _fold((350, 300), (372, 420), (356, 560), width=44, height=9),
    _fold((404, 330), (420, 480), (408, 640), width=34, height=-7),
    _fold((640, 300), (618, 440), (640, 600), width=44, height=9),
    _fold((590, 350), (578, 500), (594, 660), width=34, height=-6),
    _fold((330, 690), (380, 672), (440, 700), width=24, height=-7),
    _fold((560, 704), (620, 676), (672, 694), width=24, height=-7),
    _fold((334, 400), (366, 416), (398, 402), width=20, height=-6),
    _fold((602, 410), (640, 420), (672, 396), width=20, height=-6),
    _fold((497, 262), (497, 520), (497, 776), width=13, height=-9),
)


def jacket() -> NDArray[np.uint8]:
    picture = backdrop(_SHAPE, rgb(0xE4E5E8), rgb(0xDADBDF), horizon=0.95)
    body, sleeve = curve(_BODY), curve(_SLEEVE)
    whole = cover(body, _SHAPE) + cover(sleeve, _SHAPE) + cover(mirrored(sleeve, 500), _SHAPE)
    cast(picture, whole.clip(0, 1), (16, 26), 22, 0.34)
    lining = Cloth(rgb=rgb(0x16294D), bulge=30, contact=0)
    lay(picture, curve([(428, 182), (500, 170), (572, 182), (590, 226), (500, 286), (410, 226)]), lining)
    for turned in (False, True):
        _sleeve(picture, turned=turned)
    lay(picture, body, Cloth(rgb=_BLUE, bulge=60, strokes=_BODY_FOLDS, gloss=0.10, polish=14), 5)
    _trim(picture)
    return developed(picture, 11)


def _sleeve(picture: NDArray[np.float32], *, turned: bool) -> None:
    def side(points: Sequence[Point]) -> list[Point]:
        return mirrored(points, 500) if turned else list(points)

    def folds(strokes: Sequence[Stroke]) -> tuple[Stroke, ...]:
        return tuple(replace(stroke, points=tuple(side(stroke.points))) for stroke in strokes)

    ribs = [_fold((190 + i * 9, 742), (187 + i * 9, 802), width=4, height=-4) for i in range(9)]
    lay(picture, side(curve(_CUFF)), Cloth(rgb=_NAVY, bulge=14, strokes=folds(ribs)))
    cloth = Cloth(rgb=_BLUE, bulge=46, gloss=0.10, polish=14, strokes=folds(_SLEEVE_FOLDS))
    lay(picture, side(curve(_SLEEVE)), cloth, 3)


def _trim(picture: NDArray[np.float32]) -> None:
    """Hem, collar, zip and pockets."""
    hem = [(316, 764), (316, 764), (500, 777), (684, 764), (684, 764), (680, 822), (680, 822), (500, 834),
           (320, 822), (320, 822)]  # fmt: skip
    ribs = tuple(_fold((328 + i * 11, 766), (328 + i * 11, 834), width=5, height=-4) for i in range(33))
    lay(picture, curve(hem), Cloth(rgb=_NAVY, bulge=16, strokes=ribs))
    collar = [(400, 204), (400, 204), (420, 178), (434, 180), (450, 226), (494, 262), (494, 262), (494, 300),
              (494, 300), (440, 270), (404, 228)]  # fmt: skip
    for points in (curve(collar), mirrored(curve(collar), 500)):
        lay(picture, points, Cloth(rgb=_NAVY, bulge=13))
    metal = Cloth(rgb=rgb(0xB9BEC6), bulge=3, gloss=0.5, grain=0, contact=0.3)
    lay(picture, [(496, 292), (504, 292), (504, 824), (496, 824)], metal)
    lay(picture, curve([(492, 300), (508, 300), (509, 330), (500, 342), (491, 330)]), metal)
    pocket: list[Point] = [(372, 602), (386, 596), (420, 690), (406, 698)]
    for points in (pocket, mirrored(pocket, 500)):
        lay(picture, points, Cloth(rgb=_NAVY, bulge=7))


def sneaker() -> NDArray[np.uint8]:
    picture = backdrop(_SHAPE, rgb(0xE4D0C5), rgb(0xDAC4B7))
    pool(picture, (505, 724), (330, 34), 0.42)
    pool(picture, (505, 720), (320, 12), 0.5)
    red, dark = rgb(0xC62C34), rgb(0x8E1C26)
    inner = curve([(190, 372), (250, 356), (330, 372), (352, 410), (250, 420), (196, 404)])
    lay(picture, inner, Cloth(rgb=rgb(0x5A1219), bulge=14, contact=0))
    upper = curve([
        (166, 640), (160, 540), (176, 430), (186, 376), (186, 376), (222, 404), (282, 408), (346, 378),
        (346, 378), (408, 424), (470, 470), (560, 520), (660, 548), (760, 566), (836, 604), (856, 652),
        (856, 652), (500, 668),
    ])  # fmt: skip
    creases = (
        _fold((600, 540), (620, 580), (612, 630), width=16, height=-6),
        _fold((560, 530), (576, 580), (566, 640), width=14, height=-5),
        _fold((240, 440), (262, 520), (252, 610), width=30, height=6),
    )
    lay(picture, upper, Cloth(rgb=red, bulge=86, strokes=creases, gloss=0.12, polish=16, grain=0.03), 2)
    toe = curve(
        [(690, 556), (690, 556), (770, 564), (840, 602), (860, 654), (860, 654), (660, 660), (672, 600)]
    )
    lay(picture, toe, Cloth(rgb=rgb(0xE6E3DD), bulge=46, gloss=0.10, grain=0.008, contact=0.22))
    heel = curve(
        [(164, 642), (160, 540), (172, 448), (172, 448), (214, 462), (226, 540), (240, 644), (240, 644)]
    )
    lay(picture, heel, Cloth(rgb=dark, bulge=26, gloss=0.14, contact=0.25))
    stripe = curve([(300, 640), (300, 640), (360, 560), (470, 500), (470, 500), (500, 520), (500, 520),
                    (420, 580), (380, 644), (380, 644)])  # fmt: skip
    lay(picture, stripe, Cloth(rgb=rgb(0xECEAE5), bulge=12, gloss=0.08, grain=0.008, contact=0.2))
    _laces(picture)
    sole = curve([
        (150, 640), (150, 640), (500, 660), (760, 654), (866, 640), (866, 640), (886, 664), (876, 700),
        (842, 718), (500, 728), (176, 724), (148, 708), (138, 672),
    ])  # fmt: skip
    groove = (_fold((150, 690), (500, 702), (872, 684), width=6, height=-5),)
    lay(
        picture,
        sole,
        Cloth(rgb=rgb(0xE8E6E1), bulge=30, strokes=groove, gloss=0.06, grain=0.008, contact=0.3),
        4,
    )
    return developed(picture, 12)


def _laces(picture: NDArray[np.float32]) -> None:
    tongue = curve([(330, 372), (356, 330), (398, 340), (452, 420), (540, 500), (520, 520), (420, 460)])
    lay(picture, tongue, Cloth(rgb=rgb(0xA9232C), bulge=20, contact=0.2))
    lace = Cloth(rgb=rgb(0xEFEDE8), bulge=6, gloss=0.05, grain=0.008, contact=0.45)
    for index in range(6):
        x, y = 360 + index * 34, 400 + index * 25
        lay(picture, curve([(x - 14, y + 8), (x + 20, y - 24), (x + 34, y - 18), (x + 2, y + 20)]), lace)


def handbag() -> NDArray[np.uint8]:
    picture = backdrop(_SHAPE, rgb(0xE7E5E1), rgb(0xDCD8D2))
    pool(picture, (512, 800), (300, 40), 0.45)
    pool(picture, (505, 796), (270, 13), 0.5)
    tan, deep = rgb(0xD9762B), rgb(0xA9551B)
    handle = curve(
        [(352, 470), (352, 340), (420, 214), (500, 190), (580, 214), (648, 340), (648, 470)], closed=False
    )
    inside = curve(
        [(386, 470), (386, 350), (438, 250), (500, 230), (562, 250), (614, 350), (614, 470)], closed=False
    )
    lay(picture, [*handle, *inside[::-1]], Cloth(rgb=deep, bulge=16, gloss=0.2, contact=0.12), 2)
    body = curve([
        (262, 420), (262, 420), (500, 408), (738, 420), (738, 420), (764, 560), (796, 740), (796, 740),
        (780, 792), (500, 802), (220, 792), (204, 740), (204, 740), (236, 560),
    ])  # fmt: skip
    soft = (
        _fold((300, 640), (420, 690), (560, 670), width=70, height=9),
        _fold((560, 720), (660, 690), (740, 720), width=50, height=-7),
        _fold((240, 700), (300, 740), (380, 748), width=40, height=-6),
    )
    lay(picture, body, Cloth(rgb=tan, bulge=70, strokes=soft, gloss=0.16, polish=20, grain=0.035), 3)
    flap = curve([
        (256, 414), (256, 414), (500, 400), (744, 414), (744, 414), (752, 500), (720, 590), (600, 636),
        (500, 644), (400, 636), (280, 590), (248, 500),
    ])  # fmt: skip
    lay(picture, flap, Cloth(rgb=rgb(0xE08234), bulge=34, gloss=0.2, polish=22, grain=0.03, contact=0.5), 4)
    seam = curve([(272, 440), (268, 500), (296, 576), (406, 618), (500, 626), (594, 618), (704, 576),
                  (732, 500), (728, 440)], closed=False)  # fmt: skip
    stitch(picture, seam, rgb(0xF7D9B0))
    stitch(
        picture,
        curve([(226, 740), (300, 772), (500, 780), (700, 772), (774, 740)], closed=False),
        rgb(0xF7D9B0),
    )
    gold = Cloth(rgb=rgb(0xD8B25A), bulge=9, gloss=0.7, polish=10, grain=0, contact=0.5)
    lay(
        picture,
        curve([(462, 606), (462, 606), (538, 606), (538, 606), (538, 672), (500, 688), (462, 672)]),
        gold,
    )
    lay(
        picture,
        curve([(486, 634), (514, 634), (514, 656), (486, 656)]),
        Cloth(rgb=rgb(0x8B6A22), bulge=6, gloss=0.3),
    )
    for x in (369, 631):
        lay(picture, curve([(x - 22, 430), (x + 22, 430), (x + 22, 474), (x - 22, 474)]), gold)
    return developed(picture, 13)
