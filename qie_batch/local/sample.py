"""The sample catalog that ships with the package: six product images, and what to do with them."""

from __future__ import annotations

import shutil
from pathlib import Path

#: Row id to error code: the other rows of the sample succeed.
EXPECTED_FAILURES = {"jacket-zip": "colour_not_found"}


def examples_folder() -> Path:
    """Inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "examples"
    return inside if inside.is_dir() else package.parent / "examples"


def copy_sample(folder: Path) -> Path:
    """Copy the catalog and its images into the folder, which may exist. Returns the CSV."""
    shutil.copytree(examples_folder(), folder, dirs_exist_ok=True)
    return folder / "catalog.csv"
