"""Every rule of every channel, in exported files that exiftool and Pillow read, by none of the exports' code.

Images are drawn products on white, on blue, cut out, wide and small, each in several sizes, and photographs
of a folder with true alpha where one is named: cut out, on white, on a backdrop and with the noise of an
engine. A file that the exports themselves keep out (its product cannot be found, or it is too small where a
channel forbids to enlarge) is counted as left out and not as failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qie_batch.exports.checking import failed_rules
from qie_batch.exports.reading import read_channel
from qie_batch.exports.rendering import render
from tests.support import channel_reader, products

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.exports.channel import Channel

SIZES = ((480, 480), (1024, 1024), (1360, 1020), (900, 1600), (2600, 2600))
ENDINGS = {"jpeg": "jpg", "png": "png", "webp": "webp"}
BACKDROP = (120, 150, 200)


def drawn() -> Iterator[tuple[str, Image.Image]]:
    for size in SIZES:
        name = f"{size[0]}x{size[1]}"
        yield f"white-{name}", products.on("white", size)
        yield f"blue-{name}", products.on("#5a78c8", size)
        yield f"cut-{name}", products.cut_out(size)
        yield f"wide-{name}", products.on("white", size, wide=True)
    yield "scene", products.scene()


def photographs(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    for number, path in enumerate(sorted(folder.glob("*.png"))):
        with Image.open(path) as opened:
            image = opened.convert("RGBA")
        yield f"{path.stem}-cut", image
        for name, colour in (("white", (255, 255, 255)), ("backdrop", BACKDROP)):
            flat = Image.new("RGB", image.size, colour)
            flat.paste(image, mask=image.getchannel("A"))
            yield f"{path.stem}-{name}", flat
            if name == "white":
                noise = np.random.default_rng(number).integers(0, 5, (image.height, image.width, 1))
                noisy = np.asarray(flat).astype(int) - noise
                yield f"{path.stem}-noisy", Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


class Figures:
    """Of one channel."""

    def __init__(self, channel: Channel, folder: Path) -> None:
        self._channel, self._folder = channel, folder
        folder.mkdir()
        self._files: list[Path] = []
        self._counts: Counter[str] = Counter()
        self._seconds = 0.0
        self._left: Counter[str] = Counter()

    def add(self, name: str, image: Image.Image) -> None:
        path = self._folder / f"{name}.{ENDINGS[self._channel.format]}"
        began = time.thread_time()
        made = render(image, self._channel, name=path.name)
        self._seconds += time.thread_time() - began
        self._counts["images"] += 1
        self._counts["encodes"] += made.encodes
        self._counts["pixels"] += made.width * made.height
        if kept_out := failed_rules(made.findings, self._channel):
            self._left.update(finding.gate for finding in kept_out)
            self._counts["left out"] += 1
            return
        path.write_bytes(made.data)
        self._files.append(path)

    def read(self) -> dict[str, object]:
        """By the other reader. What a channel only advises is looked at, too, and counted apart."""
        seen = channel_reader.exif(self._files)
        failed: Counter[str] = Counter()
        advised: Counter[str] = Counter()
        rules = 0
        for path in self._files:
            missed, looked_at = channel_reader.failed(path, seen[path], self._channel.name)
            rules += looked_at
            for rule in missed:
                named = "background" if rule == "corners" else rule
                (advised if named in self._channel.advice else failed)[rule] += 1
        images = self._counts["images"]
        return {
            "channel": self._channel.name,
            "images": images,
            "left_out": self._counts["left out"],
            "left_out_by": dict(self._left),
            "files": len(self._files),
            "rules": rules,
            "failed": sum(failed.values()),
            "failed_by": dict(failed),
            "advice_failed": dict(advised) if self._channel.advice else {},
            "encodes": round(self._counts["encodes"] / images, 2),
            "cpu_ms_megapixel": round(1e9 * self._seconds / self._counts["pixels"]),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of PNG images with true alpha")
    parser.add_argument("--channel", action="append", choices=channel_reader.names(), help="only this one")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qie-channels-") as name:
        of = [
            Figures(read_channel(each), Path(name) / each)
            for each in arguments.channel or channel_reader.names()
        ]
        for images in (drawn(), photographs(arguments.photos) if arguments.photos else ()):
            for stem, image in images:
                for figures in of:
                    figures.add(stem, image)
        found = [figures.read() for figures in of]
    print(
        f"{'channel':12} {'images':>6} {'left out':>8} {'files':>5} {'rules':>6} {'failed':>6} encodes ms/MP"
    )
    for line in found:
        print(
            f"{line['channel']:12} {line['images']:6} {line['left_out']:8} {line['files']:5}"
            f" {line['rules']:6} {line['failed']:6} {line['encodes']:7} {line['cpu_ms_megapixel']:5}"
            f"  {line['failed_by'] or ''} {line['left_out_by'] or ''} {line['advice_failed'] or ''}"
        )
    total = sum(int(str(line["failed"])) for line in found)
    print(
        f"{sum(int(str(line['rules'])) for line in found)} rules read by exiftool and Pillow, {total} failed"
    )
    if arguments.json:
        print(json.dumps({"channels": found, "failed": total}))
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
