"""Packshots with true alpha on five backdrops: what of the product is lost, what of the backdrop is left.

Every case is edited twice, to two background colours. What is equal in both results is product; what differs
is backdrop, in shadow too, whatever the colours of the product are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from photographs.running import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from photographs.running import Outcome

    Floats = NDArray[np.float32]

#: The words of the two edits, and the colours that they name.
FIRST = ("make the background green", (0x2F, 0x8F, 0x4E))
SECOND = ("make the background #c81ec8", (0xC8, 0x1E, 0xC8))
#: Alpha of 0 to 255 over which a pixel is product, and under which it is backdrop.
PRODUCT, BACKDROP = 230, 20
#: Shares of the product's area.
BAD, GOOD_LOST, GOOD_LEFT = 0.05, 0.01, 0.02
QUALITIES = (60, 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    packshot: Path
    backdrop: str
    quality: int

    @property
    def id(self) -> str:
        return f"{self.packshot.stem}-{self.backdrop}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    case: Case
    #: Shares of the product's area; meaningless after a refusal.
    lost: float = 0
    left: float = 0
    #: Of the refusal, "" if it was accepted.
    code: str = ""

    @property
    def word(self) -> str:
        if self.code:
            return self.code
        if max(self.lost, self.left) > BAD:
            return "bad"
        return "good" if self.lost < GOOD_LOST and self.left < GOOD_LEFT else "fair"


def _even(*rgb: int) -> Callable[[int, int], Floats]:
    return lambda height, width: np.full((height, width, 3), rgb, np.float32)


def _vignette(height: int, width: int) -> Floats:
    """Grey 232 in the centre, 205 in the corners."""
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    grey = 232 - 27 * (down**2 + across**2) / 2
    return np.repeat(grey[..., None], 3, axis=2)


BACKDROPS: dict[str, Callable[[int, int], Floats]] = {
    "white": _even(255, 255, 255),
    "grey": _even(225, 225, 225),
    "vignette": _vignette,
    "blue": _even(96, 144, 205),
    "beige": _even(226, 211, 186),
}


def cases(folder: Path) -> list[Case]:
    """Every packshot on every backdrop; the qualities are spread evenly over the cases."""
    pairs = [(path, name) for path in sorted(folder.glob("*.png")) for name in BACKDROPS]
    least, most = QUALITIES
    order = np.random.default_rng(0).permutation(len(pairs))
    spread = np.linspace(least, most, len(pairs)).round().astype(int)[order]
    return [
        Case(packshot=path, backdrop=name, quality=int(quality))
        for (path, name), quality in zip(pairs, spread, strict=True)
    ]


def compose(case: Case, number: int, path: Path) -> None:
    rgba = np.asarray(Image.open(case.packshot).convert("RGBA"), np.float32)
    alpha = rgba[..., 3:] / 255
    backdrop = BACKDROPS[case.backdrop](*rgba.shape[:2])
    pixels = alpha * rgba[..., :3] + (1 - alpha) * backdrop
    if case.backdrop != "white":
        pixels += np.random.default_rng(number).normal(0, 1, pixels.shape)
    levels = np.clip(pixels.round(), 0, 255).astype(np.uint8)
    Image.fromarray(levels).save(path, "JPEG", quality=case.quality)


def judge(
    all_cases: Sequence[Case],
    folder: Path,
    run: Callable[[Sequence[Edit]], Iterable[Outcome]],
) -> list[Verdict]:
    """Composed in the folder, edited twice by `run`, and compared with the alpha."""
    edits = []
    for number, case in enumerate(all_cases):
        path = folder / f"{case.id}.jpg"
        compose(case, number, path)
        edits += [
            Edit(id=f"{case.id}-{word[-1:]}", image=path, instruction=word) for word, _ in (FIRST, SECOND)
        ]
    outcomes = iter(run(edits))
    return [_verdict(case, next(outcomes), next(outcomes)) for case in all_cases]


def _verdict(case: Case, first: Outcome, second: Outcome) -> Verdict:
    if first.image is None or second.image is None:
        return Verdict(case=case, code=first.code or second.code)
    alpha = np.asarray(Image.open(case.packshot).convert("RGBA"))[..., 3]
    backdrop = backdrop_share(_floats(first.image), _floats(second.image))
    product = alpha > PRODUCT
    area = max(1, int(product.sum()))
    return Verdict(
        case=case,
        lost=float((product & (backdrop > 0.5)).sum() / area),
        left=float(((alpha < BACKDROP) & (backdrop < 0.5)).sum() / area),
    )


def _floats(image: Image.Image) -> Floats:
    return np.asarray(image.convert("RGB"), np.float32)


def backdrop_share(first: Floats, second: Floats) -> Floats:
    """1 where the new background shows, in shadow too; 0 where the product does.

    A result is `share * shade * colour + rest`, and the rest is the same in both. What has no rest is
    backdrop in shadow, however dark.
    """
    colour, other = (np.asarray(rgb, np.float32) for _, rgb in (FIRST, SECOND))
    step = colour - other
    lit = (first - second) @ step / float(step @ step)
    rest = np.abs(first - lit[..., None] * colour).max(axis=2)
    shadow = (rest < 12) & (lit > 0.15)
    return np.where(shadow, 1, np.clip(lit, 0, 1)).astype(np.float32)


def table(verdicts: Sequence[Verdict]) -> str:
    heads = ("backdrop", "cases", "accepted", "good", "bad", "refused by code")
    form = "{:<10}{:>6}{:>10}{:>6}{:>5}  {}"
    lines = [form.format(*heads)]
    groups = [(name, [each for each in verdicts if each.case.backdrop == name]) for name in BACKDROPS]
    for name, group in [*groups, ("all", list(verdicts))]:
        found = figures(group)
        refused = ", ".join(f"{code} {number}" for code, number in found["refused"].items())
        lines.append(form.format(name, *(found[head] for head in heads[1:5]), refused))
    for each in verdicts:
        if each.word == "bad":
            case = f"{each.case.id} at quality {each.case.quality}"
            lines.append(f"bad: {case}: {each.lost:.1%} lost, {each.left:.1%} left")
    return "\n".join(lines)


def figures(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    words = Counter(each.word for each in verdicts)
    return {
        "cases": len(verdicts),
        "accepted": sum(not each.code for each in verdicts),
        "good": words["good"],
        "bad": words["bad"],
        "refused": dict(Counter(each.code for each in verdicts if each.code).most_common()),
    }
