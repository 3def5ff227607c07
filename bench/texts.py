"""Texts replaced by the classic engine on drawn posters and in real photographs: right, refused, or wrong.

    python bench/texts.py [--only drawn|real] [--number 50] [--first 0] [--sheet FOLDER] [--json]

A result is right if OCR reads the new text on it and no longer the old one, all other texts are read as
before, no pixel beside the text changed, and, on a drawn poster, whose ground is known, the old text
left no trace. The real ones are texts in photographs of pinned packages (fetched into --cache), on packshots,
and on the project's example images; posters/real.csv has what is replaced by what.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from planted.folders import add_folders
from posters.drawing import poster
from posters.judging import REFUSED, RIGHT, WRONG, Verdict, judged
from posters.real import photographs

from qie_batch.engines.classic.engine import ClassicEngine
from qie_batch.engines.classic.rewriting.replacing import TextTools
from qie_batch.errors import Rejected
from qie_batch.model import EditParams, EditRequest
from qie_batch.vision.ocr.reader import shared_reader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posters.drawing import Poster

    from qie_batch.vision.ocr.lines import TextLine

GOAL_RIGHT = 0.9


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--only", choices=("drawn", "real"), help="one part; both without it")
    add("--number", type=int, default=50, metavar="N", help="drawn posters")
    add("--first", type=int, default=0, metavar="N", help="of the drawn posters")
    add_folders(parser)
    add("--sheet", type=Path, metavar="FOLDER", help="write before and after of each, side by side")
    add("--json", action="store_true", help="print one JSON object as the last line")
    return parser.parse_args(words)


class Reading:
    """A reader that reads no image twice: an edit and its judge look at the same ones."""

    def __init__(self) -> None:
        self._known: dict[bytes, list[TextLine]] = {}

    def __call__(self, pixels: np.ndarray) -> list[TextLine]:
        key = hashlib.sha256(pixels.tobytes()).digest()
        if key not in self._known:
            self._known = dict([*self._known.items()][-3:]) | {key: shared_reader()(pixels)}
        return self._known[key]


READ = Reading()


def edited(case: Poster) -> tuple[Verdict, np.ndarray | None, float]:
    """The verdict, the result, and seconds of CPU of the edit."""
    began = time.process_time()
    image = Image.fromarray(case.pixels)
    params = EditParams(instruction=case.instruction)
    request = EditRequest(images=(image,), params=params, width=image.width, height=image.height)
    try:
        after = np.asarray(ClassicEngine(texts=TextTools(read=READ)).edit(request, lambda _step: None).image)
    except Rejected as refusal:
        return Verdict(word=REFUSED, why=f"{refusal.code}: {refusal.message}"), None, 0.0
    seconds = time.process_time() - began
    return judged(case, after, READ), after, seconds


def measured(part: str, cases: Iterable[Poster], sheet: Path | None) -> dict[str, float]:
    counts: Counter[str] = Counter()
    seconds: list[float] = []
    for case in cases:
        verdict, after, took = edited(case)
        counts[verdict.word] += 1
        seconds += [took] if took else []
        print(f"{part} {case.name}: {verdict.word} {case.old} -> {case.new} {verdict.why}", flush=True)
        if sheet:
            beside = case.pixels if after is None else after
            both = Image.fromarray(np.hstack([case.pixels, beside]))
            both.thumbnail((1200, 700))
            sheet.mkdir(parents=True, exist_ok=True)
            both.save(sheet / f"{part}-{case.name.replace('/', '_')}-{verdict.word}.jpg", quality=90)
    every = sum(counts.values())
    usual = float(np.median(seconds)) if seconds else 0.0
    print(
        f"{part}: {counts[RIGHT]} of {every} right ({counts[RIGHT] / max(1, every):.0%}), "
        f"{counts[REFUSED]} refused, {counts[WRONG]} silently wrong; median {usual:.1f} s of CPU an edit"
    )
    return {"right": counts[RIGHT], "refused": counts[REFUSED], "wrong": counts[WRONG], "cpu_seconds": usual}


def main(words: list[str]) -> int:
    arguments = arguments_of(words)
    figures: dict[str, dict[str, float]] = {}
    if arguments.only != "real":
        figures["drawn"] = measured(
            "drawn", map(poster, range(arguments.first, arguments.first + arguments.number)), arguments.sheet
        )
    if arguments.only != "drawn":
        real = photographs(arguments.packshots, arguments.cache)
        figures["real"] = measured("real", real, arguments.sheet)
    if arguments.json:
        print(json.dumps(figures))
    return int(any(each["wrong"] for each in figures.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
