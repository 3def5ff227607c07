"""The sample catalogs that ship with the package: product images, and what to do with them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The catalog for `classic`, and the one with all that a model can do.
CATALOG, FULL_CATALOG = "catalog.csv", "catalog-qwen.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One folder of examples."""

    #: Row id to error code, with `classic`: the other rows of the sample succeed.
    expected_failures: Mapping[str, str] = field(default_factory=dict)
    #: The column by which rows are alternatives, of which a person chooses one; "" where none are.
    choose_by: str = ""


#: By name; "" is the one for all kinds of edits that `demo` takes by itself.
SAMPLES = {
    "": Sample(expected_failures={"jacket-zip": "colour_not_found"}),
    "variants": Sample(),
    "backgrounds": Sample(),
    "models": Sample(expected_failures={"coat-olive": "colour_not_separable"}),
    "skin-tones": Sample(),
    "autumn": Sample(choose_by="scene"),
    "posters": Sample(expected_failures={"honey-missing": "text_not_found"}),
    "cyberpunk": Sample(),
}


def examples_folder(name: str = "") -> Path:
    """Of the sample: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "examples"
    return (inside if inside.is_dir() else package.parent / "examples") / name


def sample_files(name: str = "") -> list[Path]:
    """The catalogs and images of the sample."""
    folder = examples_folder(name)
    found = (folder / CATALOG, folder / FULL_CATALOG, *(folder / "images").iterdir())
    return sorted(path for path in found if path.is_file())


def copy_sample(folder: Path, name: str = "") -> Path:
    """Copy catalogs and images of the sample into the folder, which may exist. Returns the CSV."""
    source = examples_folder(name)
    for path in sample_files(name):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder / CATALOG
