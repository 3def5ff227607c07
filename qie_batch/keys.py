"""Object keys, each spelled once."""

from __future__ import annotations


def input_key(sha256: str) -> str:
    return f"inputs/{sha256}"


def result_key(cache_key: str) -> str:
    return f"results/{cache_key}"
