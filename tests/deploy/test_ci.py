"""What a machine lacks may skip a test on a desk, and fails it in CI."""

import re
from pathlib import Path

import pytest
from _pytest.outcomes import Failed, Skipped

from tests.support import requires

TESTS = Path(__file__).parents[1]
#: Where a test may be skipped, and how often: in two functions, with a CUDA device, and without one.
SKIPS = {"support/requires.py": 2, "gpu/test_qwen_on_cuda.py": 2, "integration/qwen/test_loading.py": 1}


def test_what_is_missing_skips_with_its_reason(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(Skipped, match="no such thing"):
        requires.missing("no such thing")


def test_what_is_missing_fails_where_ci_is_set(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Failed, match="no such thing"):
        requires.missing("no such thing")


def test_a_machine_without_a_browser_is_told_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="apt-get install chromium"):
        requires.browser()


def test_no_test_skips_in_a_way_of_its_own():
    skip = re.compile(r"pytest\.skip\(|mark\.skip|importorskip\(|unittest\.skip|mark\.xfail|pytest\.xfail\(")
    found = {
        str(path.relative_to(TESTS)): len(skip.findall(path.read_text(encoding="utf-8")))
        for path in TESTS.rglob("*.py")
        if path != Path(__file__)
    }
    assert {name: count for name, count in found.items() if count} == SKIPS
