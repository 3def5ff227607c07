"""Reads an exported file as somebody else would: by exiftool and Pillow, with none of the program's code.

The rules are read from the channel's own file by tomllib.
"""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANNELS = Path(__file__).resolve().parents[2] / "qie_batch" / "exports" / "channels"
ENDINGS = {"jpeg": {".jpg", ".jpeg"}, "png": {".png"}, "webp": {".webp"}}
#: Levels that are still background, and pixels beyond which a JPEG of the product changes nothing.
LEVELS, REACH = 6, 16


def rules(channel: str) -> dict[str, Any]:
    return tomllib.loads((CHANNELS / f"{channel}.toml").read_text(encoding="utf-8"))


def names() -> list[str]:
    return sorted(path.stem for path in CHANNELS.glob("*.toml"))


def exif(paths: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    """What exiftool reads of each file, by one process."""
    if not paths:
        return {}
    asked = [
        "exiftool",
        "-json",
        "-n",
        "-ICC_Profile:all",
        "-File:all",
        "-Composite:all",
        "-PNG:all",
        "-RIFF:all",
    ]
    run = subprocess.run([*asked, *map(str, paths)], capture_output=True, check=False, timeout=300)
    return {Path(told["SourceFile"]): told for told in json.loads(run.stdout)}


def failed(path: Path, seen: dict[str, Any], channel: str) -> tuple[list[str], int]:
    """The rules that the file does not meet, and how many were looked at."""
    asked = rules(channel)
    verdicts = {**_of_file(path, seen, asked), **_of_pixels(path, asked)}
    return [rule for rule, passed in verdicts.items() if not passed], len(verdicts)


def _of_file(path: Path, seen: dict[str, Any], asked: dict[str, Any]) -> dict[str, bool]:
    kind = seen["FileType"].lower().split()[-1]
    file, size = asked["file"], asked["size"]
    width, height = seen["ImageWidth"], seen["ImageHeight"]
    least, most = file["bytes"]
    found = {
        "format": kind in file["accepts"],
        "extension": path.suffix in ENDINGS[kind],
        "profile": seen.get("ProfileDescription", "").startswith("sRGB"),
        "colour": seen.get("ColorSpaceData", "").strip() == "RGB",
        "bytes": least <= path.stat().st_size <= most,
    }
    for side, pixels in (("longest", max(width, height)), ("shortest", min(width, height))):
        if side in size:
            found[side] = size[side][0] <= pixels <= size[side][1]
    if "megapixels" in size:
        found["pixels"] = width * height <= size["megapixels"] * 1e6
    if size.get("aspect", "any") != "any":
        across, down = map(int, size["aspect"].split(":"))
        found["aspect"] = abs(width / height - across / down) < 2 / min(width, height)
    return found


def _of_pixels(path: Path, asked: dict[str, Any]) -> dict[str, bool]:
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    colour = asked.get("background", {}).get("colour", "#ffffff")
    gone = ImageChops.difference(image, Image.new("RGB", image.size, colour))
    bands = gone.split()
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    box = most.point(lambda level: 255 if level > LEVELS else 0).getbbox()
    assert box is not None, f"{path} shows nothing"
    width, height = image.size
    found = {}
    if asked.get("background", {}).get("pure"):
        outside = most.copy()
        near = (box[0] - REACH, box[1] - REACH, box[2] + REACH, box[3] + REACH)
        outside.paste(0, near)
        found["background"] = outside.getbbox() is None
        found["corners"] = all(
            most.getpixel(corner) == 0
            for corner in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1))
        )
    if "product" in asked:
        product = asked["product"]
        fill = max((box[2] - box[0]) / width, (box[3] - box[1]) / height)
        free = min(box[0] / width, box[1] / height, 1 - box[2] / width, 1 - box[3] / height)
        found["fill"] = product["fill"][0] <= fill <= product["fill"][1]
        found["margin"] = free >= product["margin"]
    return found
