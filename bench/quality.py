"""Compares presets, speed-ups and memory plans of the qwen engine with its `reference`, on your own images.

    python bench/quality.py FOLDER --instruction "white background" [--instruction ...] --out PAGE
    ... --compare preset:fast rung:compile plan:24gb-int8 quantisation:fp8 seed

Needs the weights; QIE_MODEL, QIE_LORA_DIR and the like are read as by a worker. Without --compare: all
presets, and another seed, which shows how far apart two results of `reference` are. PAGE/index.html has PSNR,
SSIM, LPIPS (where `pip install lpips` was run), the difference inside and outside of what was edited,
seconds, and every picture.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from likeness.figures import likeness
from likeness.page import summary, write_difference, write_page
from likeness.variants import Case, Variant, file_of, paint, reference, variant
from PIL import Image

from qie_batch.engines.qwen import QwenOptions
from qie_batch.errors import QieError
from qie_batch.images import decode, fit, on_white
from qie_batch.settings import Settings
from qie_batch.wiring.engines import InstalledEngines

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


def arguments_of(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="images to edit")
    parser.add_argument("--instruction", action="append", required=True, help="for every image; repeatable")
    parser.add_argument("--out", type=Path, required=True, help="folder of the page")
    parser.add_argument("--compare", nargs="+", default=[], metavar="VARIANT")
    parser.add_argument("--limit", type=int, default=20, help="images at most")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    return parser.parse_args(words)


def find_cases(folder: Path, instructions: Sequence[str], limit: int, options: QwenOptions) -> list[Case]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)[:limit]
    if not files:
        raise SystemExit(f"There are no JPEG, PNG or WebP files in {folder}.")
    cases = []
    for path, (number, instruction) in product(files, enumerate(instructions, start=1)):
        image = decode(path.read_bytes())
        if image.mode == "RGBA":
            image = on_white(image)
        fitted = fit(image, options.buckets).image
        cases.append(Case(name=f"{path.stem}-{number}", instruction=instruction, image=fitted))
    return cases


def compare(variants: Sequence[Variant], cases: Sequence[Case], folder: Path) -> list[dict[str, Any]]:
    """A row of figures for each variant, the first of which is the reference; writes all images."""
    rows = []
    for case in cases:
        (folder / "input").mkdir(parents=True, exist_ok=True)
        case.image.save(file_of(folder, "input", case))
    for name, reason, seconds in paint(variants, cases, folder):
        row: dict[str, Any] = {"variant": name, "reason": reason}
        if not reason:
            found = [_likeness(case, name, folder) for case in cases]
            speed_up = rows[0]["seconds"] / seconds if rows else 1.0
            row |= summary(found) | {"seconds": seconds, "speed_up": speed_up}
            row["each"] = [asdict(each) for each in found]
        elif not rows:
            raise SystemExit(f"The reference cannot be painted: {reason}")
        rows.append(row)
        print(_line(row), flush=True)
    return rows


def _likeness(case: Case, name: str, folder: Path) -> Any:
    images = [np.asarray(Image.open(file_of(folder, each, case))) for each in ("reference", name)]
    write_difference(images[0], images[1], file_of(folder, name, case).with_suffix(".jpg"))
    return likeness(images[0], images[1], np.asarray(case.image))


def _line(row: dict[str, Any]) -> str:
    if row["reason"]:
        return f"{row['variant']:24} not run: {row['reason']}"
    lpips = "" if row["lpips"] is None else f"LPIPS {row['lpips']:.4f}   "
    return (
        f"{row['variant']:24} PSNR {row['psnr']:6.2f} (worst {row['worst_psnr']:.2f})   "
        f"SSIM {row['ssim']:.4f}   {lpips}{row['seconds']:.2f} s, {row['speed_up']:.2f} times as fast"
    )


def page_cases(rows: Sequence[dict[str, Any]], cases: Sequence[Case], folder: Path) -> list[dict[str, Any]]:
    shown = []
    for index, case in enumerate(cases):
        figures = [{"file": f"input/{case.name}.png", "caption": "input"}]
        for row in rows:
            if row["reason"]:
                continue
            path = file_of(folder, row["variant"], case).relative_to(folder)
            caption = f"{row['variant']}: PSNR {row['each'][index]['psnr']:.1f} dB"
            figures.append({"file": str(path), "apart": str(path.with_suffix(".jpg")), "caption": caption})
        shown.append({"name": case.name, "instruction": case.instruction, "figures": figures})
    return shown


def main() -> int:
    arguments = arguments_of(sys.argv[1:])
    try:
        options = QwenOptions.of(InstalledEngines(Settings()).options("qwen"))
        names = arguments.compare or [f"preset:{name}" for name in options.all_presets if name != "reference"]
        names += [] if arguments.compare else ["seed"]
        variants = [reference(options), *(variant(name, options) for name in names)]
        cases = find_cases(arguments.folder, arguments.instruction, arguments.limit, options)
        rows = compare(variants, cases, arguments.out)
    except QieError as error:
        print(error.message, error.hint, file=sys.stderr)
        return 1
    about = f"{options.model}, revision {options.full_revision}; {len(cases)} cases."
    write_page(arguments.out / "index.html", about, rows, page_cases(rows, cases, arguments.out))
    print(f"wrote {arguments.out / 'index.html'}")
    if arguments.json:
        print(json.dumps({"cases": len(cases), "variants": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
