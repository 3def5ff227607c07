from pathlib import Path


def photographs(packshots: Path, cache: Path):
    return []
