import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qie_batch.engines.qwen.plans import PLANS

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_the_peaks_in_the_table_of_plans_are_those_that_are_counted():
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "memory.py"), "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["fits"]
    assert {name: plan["peak_bytes"] for name, plan in found["plans"].items()} == {
        name: pytest.approx(plan.peak, rel=0.005) for name, plan in PLANS.items()
    }
