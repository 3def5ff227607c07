"""Exit code 0 if a folder holds the weights, whole: `python -m qie_batch.engines.qwen.volume FOLDER`.

For the init container of a worker's pod, which says what is missing before a device waits for it.
"""

from __future__ import annotations

import sys

from qie_batch.engines.qwen.shards import contents
from qie_batch.engines.qwen.weights import find_weights
from qie_batch.errors import Misconfigured

#: Folders of the parts that have weights.
_PARTS = ("text_encoder", "transformer", "vae")


def main() -> int:
    try:
        folder = find_weights(sys.argv[1], "")
        for part in _PARTS:
            contents(folder / part)
    except Misconfigured as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1
    sys.stdout.write(f"the weights in {folder} are complete\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
