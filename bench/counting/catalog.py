"""A catalog as shops have them: images edited several times, a logo on many rows, rows given twice."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from PIL import Image

from qie_batch.engines.qwen import BUCKETS
from qie_batch.images import fit
from qie_batch.model import EditParams, EditRequest, EditSpec

#: Width and height of the products' images.
SIZES = ((1600, 1600), (1200, 1600), (2000, 1333), (1080, 1920), (3000, 2000))
INSTRUCTIONS = (
    "white background",
    "Replace the background with a white studio backdrop and keep the product as it is.",
    "make the fabric dark green",
    "Put the logo of the second picture on the front of the product.",
    "remove the price tag and the shadow below it",
    "Make the scene of the second picture the background.",
)
#: Presets without data to decide by: a fixed mask in the place of the threshold of `balanced`, and `fast` and
#: `draft` without their LoRA.
OWN_PRESETS = {
    "cached": {"like": "balanced", "cache": {"mask": "1111" + 18 * "01"}},
    "eight": {"like": "reference", "steps": 8, "cfg": 1.0},
    "four": {"like": "reference", "steps": 4, "cfg": 1.0},
}
#: How often each preset is asked for.
SHARES = {"reference": 1, "cached": 2, "eight": 4, "four": 3}
#: Of all rows: given twice; with a second image that many rows have; run at a process that is killed halfway.
REPEATED, SECOND_IMAGE, KILLED = 0.1, 0.25, 0.01
#: Rows of an image, which stand together as catalogs are sorted.
ROWS_OF_AN_IMAGE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    request: EditRequest
    spec: EditSpec
    #: The process dies once, in the middle of the first attempt.
    killed: bool


def make_catalog(rows: int, seed: int = 0) -> list[Row]:
    choose = random.Random(seed)
    shared = [_image(choose, (800, 800)) for _ in range(2)]
    made: list[Row] = []
    while len(made) < rows:
        image = _image(choose, choose.choice(SIZES))
        for _ in range(ROWS_OF_AN_IMAGE):
            second = [choose.choice(shared)] if choose.random() < SECOND_IMAGE else []
            made.append(_row(choose, (image, *second)))
            if choose.random() < REPEATED:
                made.append(made[-1])
    del made[rows:]
    for index in range(rows // 2, rows, round(1 / KILLED)):
        made[index] = Row(request=made[index].request, spec=made[index].spec, killed=True)
    return made


def _image(choose: random.Random, size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, tuple(choose.randrange(256) for _ in range(3)))


def _row(choose: random.Random, images: tuple[Image.Image, ...]) -> Row:
    preset = choose.choices([*SHARES], [*SHARES.values()])[0]
    fitted = fit(images[0], BUCKETS).image
    params = EditParams(instruction=choose.choice(INSTRUCTIONS), seed=choose.randrange(3), preset=preset)
    request = EditRequest(
        images=(fitted, *images[1:]), params=params, width=fitted.width, height=fitted.height
    )
    inputs = tuple(hashlib.sha256(image.tobytes()).hexdigest() for image in images)
    spec = EditSpec(inputs=inputs, params=params, engine="qwen", revision="2509")
    return Row(request=request, spec=spec, killed=False)
