"""Draws the pictures of the catalogs in examples/: `python bench/draw_samples.py [NAME...]`."""

from __future__ import annotations

import sys
from pathlib import Path

from drawing import garments, goods, people, posters, scenes
from drawing.canvas import Canvas

ROOT = Path(__file__).parents[1] / "examples"
QUALITY = 82
#: Where it goes, its size, what draws it, and the arguments.
PICTURES = {
    "variants/images/tee.jpg": ((1000, 1000), garments.tee, ("#d8452e",)),
    "variants/images/dress.jpg": ((1000, 1000), garments.dress, ("#2f62c9",)),
    "variants/images/sweater.jpg": ((1000, 1000), garments.sweater, ("#3c8f5a",)),
    "backgrounds/images/perfume.jpg": ((1000, 1000), goods.perfume, ()),
    "backgrounds/images/headphones.jpg": ((1000, 1000), goods.headphones, ("#2a4a7c",)),
    "backgrounds/images/armchair.jpg": ((1000, 1000), goods.armchair, ("#1f6f6b",)),
    "cyberpunk/images/helmet.jpg": ((1000, 1000), goods.helmet, ("#b3202f",)),
    "cyberpunk/images/speaker.jpg": ((1000, 1000), goods.speaker, ("#5b6470",)),
    "models/images/coat.jpg": ((800, 1100), people.in_a_coat, ()),
    "models/images/dress.jpg": ((800, 1100), people.in_a_dress, ()),
    "skin-tones/images/fair.jpg": ((800, 800), people.bust, ("fair",)),
    "skin-tones/images/tan.jpg": ((800, 800), people.bust, ("tan",)),
    "skin-tones/images/brown.jpg": ((800, 800), people.bust, ("brown",)),
    "skin-tones/images/deep.jpg": ((800, 800), people.bust, ("deep",)),
    "autumn/images/backpack.jpg": ((900, 900), scenes.backpack, ()),
    "autumn/images/park.jpg": ((1000, 800), scenes.park, ()),
    "posters/images/new-arrival.jpg": ((750, 1050), posters.new_arrival, ()),
    "posters/images/sale.jpg": ((750, 1050), posters.sale, ()),
    "posters/images/tea.jpg": ((750, 1050), posters.tea, ()),
    "posters/images/label.jpg": ((900, 700), posters.label, ()),
}


def main() -> None:
    for name, (size, draw, arguments) in PICTURES.items():
        if sys.argv[1:] and not any(part in name for part in sys.argv[1:]):
            continue
        canvas = Canvas(*size)
        draw(canvas, *arguments)
        canvas.save(ROOT / name, QUALITY)
        print(f"{name} {(ROOT / name).stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
