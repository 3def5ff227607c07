from __future__ import annotations

import subprocess
import sys

# A process of its own: its peak is the manifest's, SQLite's part included.
READ_BOTH = """
import resource, sys
from pathlib import Path
from qie_batch.manifest import open_manifest
for path in sys.argv[1:]:
    for row in open_manifest(Path(path)).rows():
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_rows(tmp_path):
    paths = []
    for count in (1_000, 30_000):
        paths.append(tmp_path / f"{count}.csv")
        body = "".join(f"SKU-{n},img/{n}.png,make it red\n" for n in range(count))
        paths[-1].write_text("id,image,prompt\n" + body)
    done = subprocess.run([sys.executable, "-c", READ_BOTH, *paths], check=True, capture_output=True)
    few, many = map(int, done.stdout.split())
    # Kept rows would take about 20 MB.
    assert many - few < 4_000, f"{few} KiB, then {many} KiB"
