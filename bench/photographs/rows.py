"""The fixed table of edits of real photographs, and what people saw of their results.

`photos.csv`: photo (source and path in it), instruction, possible. "no" can only be refused (the colour is
not there, the background is a scene), "maybe" may be. `photo_verdicts.csv`: row, pixels, verdict, remark; a
verdict counts while the result has the pixels that were looked at.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from photographs.running import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from PIL import Image

    from photographs.running import Outcome

TABLE = Path(__file__).parents[1] / "photos.csv"
VERDICTS = TABLE.with_name("photo_verdicts.csv")
WORDS = ("right", "wrong", "doubt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    #: From 1.
    number: int
    photo: str
    instruction: str
    possible: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a row, without its pixels."""

    row: Row
    #: "" where it succeeded.
    code: str
    message: str
    note: str
    #: First digits of the checksum of the result; "" after a refusal.
    pixels: str
    #: right, wrong or doubt; "" where nobody looked at these pixels.
    verdict: str


def read_rows(table: Path = TABLE) -> list[Row]:
    with table.open(encoding="utf-8", newline="") as file:
        return [Row(number=number, **line) for number, line in enumerate(csv.DictReader(file), start=1)]


def read_verdicts(path: Path = VERDICTS) -> dict[tuple[int, str], str]:
    """By row number and checksum."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        if line["verdict"] not in WORDS:
            raise SystemExit(
                f"{path.name}: the verdict of row {line['row']} is not one of {', '.join(WORDS)}"
            )
    return {(int(line["row"]), line["pixels"]): line["verdict"] for line in lines}


def edits_of(rows: Sequence[Row], cache: Path) -> list[Edit]:
    return [
        Edit(id=f"row-{row.number:03}", image=cache / row.photo, instruction=row.instruction) for row in rows
    ]


def look(
    rows: Sequence[Row],
    outcomes: Iterable[Outcome],
    verdicts: Mapping[tuple[int, str], str],
    show: Callable[[Row, Outcome], None],
) -> list[Found]:
    """One outcome at a time, because all results together do not fit the memory."""
    found = []
    for row, outcome in zip(rows, outcomes, strict=True):
        show(row, outcome)
        pixels = checksum(outcome.image) if outcome.image else ""
        found.append(
            Found(
                row=row,
                code=outcome.code,
                message=outcome.message,
                note=outcome.note,
                pixels=pixels,
                verdict=verdicts.get((row.number, pixels), ""),
            )
        )
    return found


def checksum(image: Image.Image) -> str:
    """Of size and pixels; alpha counts only where something is transparent."""
    pixels = np.asarray(image.convert("RGBA"))
    if pixels[..., 3].min() == 255:
        pixels = np.ascontiguousarray(pixels[..., :3])
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:12]


def figures(found: Sequence[Found]) -> dict[str, Any]:
    done = [each for each in found if not each.code]
    refused = [each for each in found if each.code]
    seen = Counter(each.verdict for each in done)
    return {
        "rows": len(found),
        "photographs": len({each.row.photo for each in found}),
        "succeeded": len(done),
        "refused": dict(Counter(each.code for each in refused).most_common()),
        "refused_though_possible": sum(each.row.possible == "yes" for each in refused),
        "succeeded_though_impossible": sum(each.row.possible == "no" for each in done),
        **{word: seen[word] for word in WORDS},
        "not_looked_at": seen[""],
    }


def text(figure: Mapping[str, Any]) -> str:
    codes = ", ".join(f"{code} {number}" for code, number in figure["refused"].items())
    seen = ", ".join(f"{figure[word]} {word}" for word in WORDS)
    return f"""{figure["rows"]} rows over {figure["photographs"]} photographs
{figure["succeeded"]:>5} succeeded, {figure["succeeded_though_impossible"]} of them impossible
      looked at: {seen}; {figure["not_looked_at"]} not looked at
{sum(figure["refused"].values()):>5} refused, {figure["refused_though_possible"]} of them possible: {codes}"""


def lines_to_fill_in(found: Sequence[Found]) -> str:
    """For photo_verdicts.csv: a line for every result that nobody looked at."""
    open_ones = [each for each in found if each.pixels and not each.verdict]
    return "\n".join(f"{each.row.number},{each.pixels},," for each in open_ones)
