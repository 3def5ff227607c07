"""What the bare interpreter of a decoder process is given."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import PIL

import qie_batch


def import_roots() -> list[str]:
    """The folders of qie_batch and of what decoding imports; found without loading NumPy here."""
    others = (find_spec(name) for name in ("numpy", "simplejpeg", "pyexiv2"))
    found = [folder for spec in others if spec for folder in spec.submodule_search_locations or ()]
    packages = [*qie_batch.__path__, *PIL.__path__, *found]
    return list(dict.fromkeys(str(Path(path).parent) for path in packages))


def environment() -> dict[str, str]:
    # Some interpreters need this variable to find their own library.
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    # NumPy would start threads, and the kernel gives a process with threads no user namespace.
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}
