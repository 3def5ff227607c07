"""Draws docs/classic.jpg: real photographs before and after an edit by the classic engine.

The photographs come from pinned packages, fetched once into a cache folder. Those of @vendure/create are
under the Unsplash licence; of scikit-image, the astronaut is in the public domain and the others are CC0.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from photographs import sources
from PIL import Image, ImageDraw

from qie_batch.engines.classic import create
from qie_batch.engines.classic.lettering.typesetting import load_font
from qie_batch.model import EditParams, EditRequest

ROOT = Path(__file__).parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qie-batch-photos"
#: Pixels: of the longer side of an edited photograph, of its drawing, and of what lies between and below.
EDITED, SIDE, GAP, CAPTION, COLUMNS = 1000, 236, 14, 26, 4
PAGE = (
    ("vendure/pierre-chatel-innocenti-483198-unsplash.jpg", "make the background red"),
    ("vendure/jakob-owens-274337-unsplash.jpg", "把背景换成浅蓝色"),
    ("vendure/imani-clovis-234736-unsplash.jpg", "remove the background"),
    ("vendure/nikolai-chernichenko-1299748-unsplash.jpg", "white background, then add a soft shadow"),
    ("vendure/max-tarkhov-737999-unsplash.jpg", "change the red skateboard to teal"),
    ("vendure/florian-klauer-14840-unsplash.jpg", "把粉色气球换成黄色"),
    ("vendure/mark-tegethoff-667351-unsplash.jpg", "make it look like autumn"),
    ("vendure/nathan-fertig-249917-unsplash.jpg", "give it a warm tone"),
    ("vendure/paul-weaver-1120584-unsplash.jpg", "改成冷色调"),
    ("vendure/patrick-brinksma-663044-unsplash.jpg", "give it a vintage look"),
    ("scikit-image/astronaut.png", "变成黑白"),
    ("vendure/ben-hershey-574483-unsplash.jpg", "make it brighter"),
    ("vendure/annie-spratt-78044-unsplash.jpg", "make it darker"),
    ("vendure/vincent-botta-736919-unsplash.jpg", "increase the contrast by 30 %"),
    ("vendure/natalia-y-345738-unsplash.jpg", "increase the saturation"),
    ("scikit-image/chelsea.png", "sharpen it"),
    ("vendure/mikkel-bech-748940-unsplash.jpg", "auto levels"),
    ("vendure/eniko-kis-663725-unsplash.jpg", "fix the white balance"),
    ("vendure/nik-shuliahin-619349-unsplash.jpg", "crop to 1:1"),
    ("vendure/thomas-q-1229169-unsplash.jpg", "trim"),
    ("vendure/alex-rodriguez-santibanez-200278-unsplash.jpg", "pad to square"),
    ("vendure/andres-jasso-220776-unsplash.jpg", "resize to 400x400"),
    ("vendure/imani-clovis-234736-unsplash.jpg", "rotate by 20 degrees"),
    ("vendure/thomas-serer-420833-unsplash.jpg", "flip horizontally"),
    ("scikit-image/coffee.png", "add a 20 px black border"),
    ("vendure/kari-shea-398668-unsplash.jpg", 'add the text "New Arrival" at the top'),
    ("vendure/michael-guite-571169-unsplash.jpg", "在右下角添加文字“新品上市”"),
    ("scikit-image/rocket.jpg", 'add the text "Lift-off" at the left in yellow'),
)


def main() -> None:
    sources.fetch(CACHE)
    engine, font = create({}), load_font().font_variant(size=15)
    cell = (2 * SIDE + GAP + 2, SIDE + CAPTION)
    rows = -(-len(PAGE) // COLUMNS)
    page = Image.new("RGB", (cell[0] * COLUMNS + GAP, cell[1] * rows + GAP), "white")
    draw = ImageDraw.Draw(page)
    for index, (name, instruction) in enumerate(PAGE):
        before = Image.open(CACHE / name).convert("RGB")
        before.thumbnail((EDITED, EDITED), Image.Resampling.LANCZOS)
        request = EditRequest(
            images=(before,),
            width=before.width,
            height=before.height,
            params=EditParams(instruction=instruction),
        )
        after = engine.edit(request, lambda _step: None).image
        left, top = GAP + cell[0] * (index % COLUMNS), GAP + cell[1] * (index // COLUMNS)
        for at, picture in ((left, before), (left + SIDE + 2, after)):
            shown = drawn(picture, SIDE / max(before.size))
            page.paste(shown, (at + (SIDE - shown.width) // 2, top + (SIDE - shown.height) // 2))
        draw.text((left + 2, top + SIDE + 2), instruction, font=font, fill=(40, 42, 46))
    target = ROOT / "docs" / "classic.jpg"
    page.save(target, quality=80, optimize=True)
    print(f"{target} {target.stat().st_size / 1000:.0f} kB")


def drawn(picture: Image.Image, scale: float) -> Image.Image:
    """At the scale of the picture before, if there is room; transparent pixels on a chequered ground."""
    fits = min(scale, SIDE / max(picture.size))
    shown = picture.resize(
        tuple(max(1, round(side * fits)) for side in picture.size), Image.Resampling.LANCZOS
    )
    if shown.mode == "RGB":
        return shown
    down, across = np.indices((shown.height, shown.width)) // 9
    squares = np.where((down + across) % 2, 214, 240).astype(np.uint8)
    ground = Image.fromarray(squares).convert("RGBA")
    ground.alpha_composite(shown)
    return ground.convert("RGB")


if __name__ == "__main__":
    main()
