"""The sample catalog: six product pictures, drawn, and what to do with them."""

from __future__ import annotations

from qie_batch.local.sample.catalog import EXPECTED_FAILURES, draw_sample

__all__ = ["EXPECTED_FAILURES", "draw_sample"]
