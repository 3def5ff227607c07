"""Draws docs/use-cases/: pictures of examples/ before, and after the edits of its catalogs by classic.

`python bench/draw_use_cases.py [NAME...]`; those of posters need the extra text.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from qie_batch.engines.classic import create
from qie_batch.local.sample import CATALOG, examples_folder
from qie_batch.model import EditParams, EditRequest

if TYPE_CHECKING:
    from qie_batch.interfaces import Engine

TARGET = Path(__file__).parents[1] / "docs" / "use-cases"
#: Pixels between pictures, and the height of a row of them.
GAP, HEIGHT = 10, 240
#: Rows of pictures: an image and the ids of its edits.
PAGES = {
    "variants": (
        ("tee.jpg", "tee-navy", "tee-forest-cn", "tee-mustard"),
        ("dress.jpg", "dress-burgundy", "dress-emerald", "dress-lilac-cn"),
        ("sweater.jpg", "sweater-camel", "sweater-sky", "sweater-plum"),
    ),
    "backgrounds": (
        ("perfume.jpg", "perfume-white", "perfume-blush", "perfume-champagne-cn"),
        ("armchair.jpg", "armchair-white", "armchair-sand", "armchair-peach"),
    ),
    "models": (("coat.jpg", "coat-white", "coat-sand-cn"), ("dress.jpg", "dress-navy", "dress-teal-cn")),
    "skin-tones": (
        ("fair.jpg", "coral-fair", "indigo-fair"),
        ("tan.jpg", "coral-tan", "indigo-tan"),
        ("brown.jpg", "coral-brown", "indigo-brown"),
        ("deep.jpg", "coral-deep", "indigo-deep"),
    ),
    "autumn": (
        ("backpack.jpg", "backpack-a", "backpack-b", "backpack-c"),
        ("park.jpg", "park-a", "park-b-cn", "park-c"),
    ),
    "posters": (
        ("new-arrival.jpg", "coffee-title"),
        ("sale.jpg", "sale-foot"),
        ("tea.jpg", "tea-all"),
        ("label.jpg", "honey-label"),
    ),
    "cyberpunk": (
        ("helmet.jpg", "helmet-night", "helmet-magenta", "helmet-cool-cn"),
        ("speaker.jpg", "speaker-indigo", "speaker-plum"),
    ),
}
#: Two rows stand beside each other on these.
SIDE_BY_SIDE = {"models", "skin-tones", "posters"}


def main() -> None:
    engine = create({})
    TARGET.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PAGES:
        folder = examples_folder(name)
        table = {row["id"]: row for row in csv.DictReader((folder / CATALOG).open(encoding="utf-8"))}
        rows = []
        for image, *ids in PAGES[name]:
            before = Image.open(folder / "images" / image).convert("RGB")
            after = [edited(engine, before, table[row_id]["instruction"]) for row_id in ids]
            rows.append(beside([scaled(picture) for picture in (before, *after)], GAP // 2))
        if name in SIDE_BY_SIDE:
            rows = [beside(rows[at : at + 2], 3 * GAP) for at in range(0, len(rows), 2)]
        path = TARGET / f"{name}.jpg"
        above(rows).save(path, quality=84, optimize=True)
        print(f"{path.name} {path.stat().st_size / 1000:.0f} kB", flush=True)


def edited(engine: Engine, image: Image.Image, instruction: str) -> Image.Image:
    request = EditRequest(
        images=(image,), width=image.width, height=image.height, params=EditParams(instruction=instruction)
    )
    return engine.edit(request, lambda _step: None).image.convert("RGB")


def scaled(picture: Image.Image) -> Image.Image:
    width = round(picture.width * HEIGHT / picture.height)
    return picture.resize((width, HEIGHT), Image.Resampling.LANCZOS)


def beside(pictures: list[Image.Image], gap: int) -> Image.Image:
    width = sum(picture.width + gap for picture in pictures) - gap
    row = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + gap
    return row


def above(rows: list[Image.Image]) -> Image.Image:
    height = sum(row.height + GAP for row in rows) - GAP
    page = Image.new("RGB", (max(row.width for row in rows), height), "white")
    top = 0
    for row in rows:
        page.paste(row, (0, top))
        top += row.height + GAP
    return page


if __name__ == "__main__":
    main()
