from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from PIL import Image

from qie_batch.local.sample.poster import poster
from qie_batch.local.sample.tableware import flask, mug
from qie_batch.local.sample.wardrobe import handbag, jacket, sneaker

if TYPE_CHECKING:
    from pathlib import Path

#: File name without its ending, and who draws it.
_PICTURES = {
    "jacket": jacket,
    "sneaker": sneaker,
    "handbag": handbag,
    "mug": mug,
    "flask": flask,
    "poster": poster,
}

#: id, picture, instruction, category; every operation of the classic engine at least once.
_ROWS = (
    ("jacket-red", "jacket", "change the blue jacket to red", "clothing"),
    ("jacket-white", "jacket", "change the background to white", "clothing"),
    ("jacket-green-cn", "jacket", "把蓝色外套换成绿色，然后在上方添加文字“新品上市”", "clothing"),  # noqa: RUF001  the Chinese comma
    ("jacket-smile", "jacket", "make the model smile", "clothing"),
    ("sneaker-new", "sneaker", 'add the text "New Arrival" at the top', "shoes"),
    ("sneaker-navy", "sneaker", "change the red sneaker to navy and make the background white", "shoes"),
    ("handbag-autumn", "handbag", "make it look like autumn", "bags"),
    ("handbag-burgundy", "handbag", "change the orange handbag to burgundy", "bags"),
    ("mug-mint", "mug", "put it on a mint background", "kitchen"),
    ("mug-bright", "mug", "make it brighter, then give it a warm tone", "kitchen"),
    ("flask-cool", "flask", "give it a cool tone", "kitchen"),
    ("flask-dark-cn", "flask", "把背景换成米色，并调暗一点", "kitchen"),  # noqa: RUF001
    ("poster-vintage", "poster", "give it a vintage look", "prints"),
    ("poster-grey", "poster", "make it black and white", "prints"),
)

#: Row id to error code: the rest of the sample succeeds.
EXPECTED_FAILURES = {"jacket-smile": "instruction_not_understood"}


def draw_sample(folder: Path) -> Path:
    """Draws images/*.jpg and writes catalog.csv into the folder; always the same bytes. Returns the CSV."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name, draw in _PICTURES.items():
        Image.fromarray(draw()).save(images / f"{name}.jpg", quality=90, optimize=True, subsampling=0)
    catalog = folder / "catalog.csv"
    with catalog.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("id", "image", "instruction", "category"))
        writer.writerows((row, f"images/{name}.jpg", text, kind) for row, name, text, kind in _ROWS)
    return catalog
