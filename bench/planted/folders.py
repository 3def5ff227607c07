"""Where the images are that cases are made of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_CHECKOUT = Path(__file__).parents[2]


def add_folders(parser: argparse.ArgumentParser) -> None:
    """The options --packshots and --cache, with their usual places."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    shared = _CHECKOUT.parent / "shared/photos/packshots"
    parser.add_argument("--packshots", type=Path, default=shared, metavar="FOLDER")
    parser.add_argument("--cache", type=Path, default=Path(caches) / "qie-batch-photos", metavar="FOLDER")
