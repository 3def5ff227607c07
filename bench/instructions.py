"""Of everyday instructions: how many the classic engine understands, refuses at submit, and only in the edit.

The texts are those of shops' catalogs, each with the image of a plain product; what an image alone can refuse
(`background_not_plain`, `colour_not_found`) does not count.
"""

from __future__ import annotations

from collections import Counter

from PIL import Image, ImageDraw

from qie_batch.engines.classic import check, create
from qie_batch.errors import Rejected
from qie_batch.model import EditParams, EditRequest, ImageHeader

SIZE = (800, 600)
OF_PIXELS = {"background_not_plain", "product_not_found", "colour_not_found"}
INSTRUCTIONS = (
    "Replace the background with plain white", "remove the background", "Remove background",
    "transparent background", "pure white background (#FFFFFF)", "make the background #F5F5F5",
    "change background color to #f2f2f2", "background: rgb(245,245,245)", "white background",
    "White Background.", "change the background to white", "change the background colour to light grey",
    "replace background with white", "put it on white", "on white", "make background white",
    "Change the shoe from red to blue, keep the sole", 'add text "SALE" top right',
    "add the text «Soldes» at the top", "add the text „Neu“ at the top", "add the text “New” at the top",
    "add the text 'New' at the top", 'add the text "50% OFF" at the bottom',
    'add the text "€ 19,99" at the bottom', 'add the text "™ Brand® 30°C" at the bottom',
    'add the text "Größe L - neu…" at the bottom', "白底图", "换成白底", "去背景", "把背景换成纯白色 #FFFFFF",
    "把背景换成白底", "make it brighter and sharper", "resize to 1000x1000", "crop to square",
    "make the background white and center the product", "add a soft shadow", "enhance image",
    "Change the bottle color to red", "change the blue bottle to dark red", "make the bottle green",
    "Make the background White", "MAKE THE BACKGROUND WHITE", "please make the background white!",
    'add the text "line1\nline2" at the top',
)  # fmt: skip


def product() -> Image.Image:
    image = Image.new("RGB", SIZE, (214, 214, 212))
    ImageDraw.Draw(image).rounded_rectangle((250, 120, 550, 500), radius=40, fill=(42, 98, 181))
    return image


def outcome(instruction: str) -> str:
    params = EditParams(instruction=instruction)
    try:
        check(params, [ImageHeader("JPEG", *SIZE)])
    except Rejected:
        return "refused at submit"
    request = EditRequest(images=(product(),), params=params, width=SIZE[0], height=SIZE[1])
    try:
        create({}).edit(request, lambda _step: None)
    except Rejected as error:
        return "understood" if error.code in OF_PIXELS else "refused after"
    return "understood"


def main() -> None:
    found = Counter(map(outcome, INSTRUCTIONS))
    print(f"of {len(INSTRUCTIONS)} everyday instructions:")
    for verdict in ("understood", "refused at submit", "refused after"):
        print(f"{found[verdict]:5} {verdict}")


if __name__ == "__main__":
    main()
