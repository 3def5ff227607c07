"""Sheets for people: before and after, all that the gate got wrong and a few of the others."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from planted.drawing import FONT

if TYPE_CHECKING:
    from pathlib import Path

    from planted.cases import Case, Pixels
    from qie_batch.model import Finding

_COLUMNS, _LINES, _SIDE, _CAPTION, _GAP = 3, 4, 300, 64, 6
#: Cases of each kind that are shown though the gate is right, and that it got wrong.
_RIGHT, _WRONG = 2, 6


class Sheet:
    def __init__(self, folder: Path, gate: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{gate}-*.png"):
            old.unlink()
        self._path, self._count, self._sheet = folder / f"{gate}-00.png", 0, self._new()
        self._shown: Counter[tuple[str, bool]] = Counter()
        self._font = ImageFont.truetype(str(FONT), 15)

    def add(self, case: Case, finding: Finding | None, kind: str, *, right: bool) -> None:
        self._shown[kind, right] += 1
        if self._shown[kind, right] > (_RIGHT if right else _WRONG):
            return
        evidence = case.evidence()
        line, column = divmod(self._count % (_COLUMNS * _LINES), _COLUMNS)
        left, top = _GAP + 2 * column * (_SIDE + _GAP), _GAP + line * (_SIDE + _CAPTION)
        self._paste(evidence.before, (left, top))
        self._paste(evidence.after, (left + _SIDE + _GAP, top))
        said = "silent" if finding is None else f"{finding.figure} {finding.sentence}"
        words = f"{'' if right else 'WRONG '}{kind} | {case.instruction} | {said}"
        text = "\n".join(textwrap.wrap(words, 80)[:3])
        ImageDraw.Draw(self._sheet).multiline_text(
            (left, top + _SIDE), text, "white" if right else "yellow", self._font, spacing=2
        )
        self._count += 1
        if self._count % (_COLUMNS * _LINES) == 0:
            self._write()

    def close(self) -> None:
        if self._count % (_COLUMNS * _LINES):
            self._write()

    def _new(self) -> Image.Image:
        size = (2 * _COLUMNS * (_SIDE + _GAP) + _GAP, _LINES * (_SIDE + _CAPTION) + _GAP)
        return Image.new("RGB", size, (96, 96, 96))

    def _paste(self, pixels: Pixels, at: tuple[int, int]) -> None:
        image = Image.fromarray(np.ascontiguousarray(pixels))
        image.thumbnail((_SIDE, _SIDE))
        self._sheet.paste(image, at)

    def _write(self) -> None:
        number = (self._count - 1) // (_COLUMNS * _LINES)
        self._sheet.save(self._path.with_name(f"{self._path.stem[:-3]}-{number:02}.png"))
        self._sheet = self._new()
