"""Draws docs/classic.jpg: images of examples/ before and after an edit by the classic engine."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from qie_batch.engines.classic import create
from qie_batch.engines.classic.typesetting import load_font
from qie_batch.model import EditParams, EditRequest

ROOT = Path(__file__).parents[1]
SIDE, CAPTION, COLUMNS = 300, 34, 3
PAGE = (
    ("jacket", "change the blue jacket to red"),
    ("jacket", "把背景换成白色"),
    ("sneaker", 'add the text "New Arrival" at the top'),
    ("sneaker", "change the red sneaker to navy and make the background white"),
    ("handbag", "change the orange handbag to burgundy"),
    ("handbag", "make it look like autumn"),
    ("mug", "put it on a mint background"),
    ("mug", "make it brighter, then give it a warm tone"),
    ("flask", "改成冷色调"),
    ("flask", "在下方添加文字“新品上市”"),
    ("poster", "give it a vintage look"),
    ("poster", "变成黑白"),
)


def main() -> None:
    engine, font = create({}), load_font().font_variant(size=17)
    rows = -(-len(PAGE) // COLUMNS)
    cell = (2 * SIDE + 18, SIDE + CAPTION + 10)
    page = Image.new("RGB", (cell[0] * COLUMNS + 18, cell[1] * rows + 14), "white")
    draw = ImageDraw.Draw(page)
    for index, (name, instruction) in enumerate(PAGE):
        before = Image.open(ROOT / "examples" / "images" / f"{name}.jpg")
        request = EditRequest(
            images=(before,),
            width=before.width,
            height=before.height,
            params=EditParams(instruction=instruction, negative=" "),
        )
        after = engine.edit(request, lambda _step: None).image
        left, top = 18 + cell[0] * (index % COLUMNS), 10 + cell[1] * (index // COLUMNS)
        for at, picture in ((left, before), (left + SIDE, after)):
            picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            page.paste(picture, (at + (SIDE - picture.width) // 2, top))
        draw.text((left + 2, top + SIDE + 5), instruction, font=font, fill=(40, 42, 46))
    target = ROOT / "docs" / "classic.jpg"
    page.save(target, quality=84, optimize=True)
    print(f"{target} {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
