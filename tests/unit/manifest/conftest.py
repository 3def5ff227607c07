from __future__ import annotations

import pytest


@pytest.fixture
def catalog(tmp_path):
    """Writes a text, as UTF-8, or bytes as a catalog; returns its path."""

    def write(content, name="catalog.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
