"""Contact sheets for people: before and after, twelve rows on a sheet."""

from __future__ import annotations

import csv
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont, ImageOps

import qie_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photographs.rows import Found, Row
    from photographs.running import Outcome

COLUMNS, LINES = 3, 4
#: Pixels: of one image, of the gap between two, of the caption.
SIDE, GAP, CAPTION = 258, 5, 50
SIZE = (COLUMNS * 2 * (SIDE + GAP) + GAP, LINES * (SIDE + CAPTION) + GAP)
GREY = (96, 96, 96)
CAPTION_LETTERS = 62


class Sheets:
    """Writes sheet-00.png, sheet-01.png … into the folder, of the rows that succeeded."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._folder, self._cache = folder, cache
        self._sheet = Image.new("RGB", SIZE, GREY)
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("sheet-*.png"):
            old.unlink()

    def add(self, row: Row, outcome: Outcome) -> None:
        if outcome.image is None:
            return
        line, column = divmod(self._count % (COLUMNS * LINES), COLUMNS)
        left, top = GAP + column * 2 * (SIDE + GAP), GAP + line * (SIDE + CAPTION)
        with Image.open(self._cache / row.photo) as before:
            self._paste(ImageOps.exif_transpose(before), (left, top))
        self._paste(outcome.image, (left + SIDE + GAP, top))
        caption = f"{row.number} [{row.possible}] {row.instruction}"
        lines = [*textwrap.wrap(caption, CAPTION_LETTERS)[:2], outcome.note[:CAPTION_LETTERS]]
        draw = ImageDraw.Draw(self._sheet)
        draw.multiline_text((left, top + SIDE), "\n".join(lines), "white", _font(caption), spacing=2)
        self._count += 1
        if self._count % (COLUMNS * LINES) == 0:
            self._write()

    def close(self, found: Sequence[Found]) -> None:
        """The last sheet, and rows.csv with every row, the refused ones too."""
        if self._count % (COLUMNS * LINES):
            self._write()
        with (self._folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(
                ("row", "photo", "instruction", "possible", "code", "pixels", "verdict", "note", "message")
            )
            for each in found:
                row, rest = each.row, (each.code, each.pixels, each.verdict, each.note, each.message)
                lines.writerow((row.number, row.photo, row.instruction, row.possible, *rest))

    def _paste(self, image: Image.Image, place: tuple[int, int]) -> None:
        small = image.convert("RGBA")
        small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        self._sheet.paste(_chequers(small.size), place)
        self._sheet.paste(small, place, small)

    def _write(self) -> None:
        number = (self._count - 1) // (COLUMNS * LINES)
        self._sheet.save(self._folder / f"sheet-{number:02}.png")
        self._sheet = Image.new("RGB", SIZE, GREY)


def _chequers(size: tuple[int, int]) -> Image.Image:
    """What shows through where a result is transparent."""
    tile = Image.new("L", (2, 2))
    tile.putdata([255, 190, 190, 255])
    board = Image.new("L", size)
    large = tile.resize((24, 24), Image.Resampling.NEAREST)
    for top in range(0, size[1], 24):
        for left in range(0, size[0], 24):
            board.paste(large, (left, top))
    return board


def _font(caption: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if caption.isascii():
        return ImageFont.load_default(13)
    font = next(Path(qie_batch.__file__).parent.rglob("*.ttc"))  # it has the Chinese letters
    return ImageFont.truetype(font, 13)
