"""Exit code 0 if a folder has all files of the weights: `python -m qie_batch.engines.qwen.volume FOLDER`.

For the init container of a worker's pod, which says what is missing before a device waits for it.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from qie_batch.engines.qwen.weights import find_weights
from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path


def incomplete(folder: Path) -> str:
    """The first file that an index names and that is missing or empty, "" if all are there."""
    for index in sorted(folder.glob("*/*.safetensors.index.json")):
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError):
            return str(index)
        for shard in sorted(shards):
            path = index.with_name(shard)
            if not path.is_file() or not path.stat().st_size:
                return str(path)
    return ""


def main() -> int:
    try:
        folder = find_weights(sys.argv[1], "")
    except Misconfigured as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1
    if path := incomplete(folder):
        sys.stderr.write(f"The weights are incomplete: {path} is missing or empty. Copy the folder anew.\n")
        return 1
    sys.stdout.write(f"the weights in {folder} are complete\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
