from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
from qie_batch.cli import main
main(["--help"], standalone_mode=False)
print(*sys.modules, file=sys.stderr)
"""


def test_help_loads_nothing_that_only_commands_need():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert "Commands:" in done.stdout
    heavy = {"qie_batch.model", "qie_batch.settings", "qie_batch.wiring", "pydantic", "rich", "sqlalchemy"}
    assert not heavy & set(done.stderr.split())
