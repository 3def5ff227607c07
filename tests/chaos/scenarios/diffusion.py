"""The stand-in as an engine that knows steps: then the time that is left of an edit can be told."""

from __future__ import annotations

from standin.engine import REVISION, create

__all__ = ("DIFFUSION", "REVISION", "create")

DIFFUSION = True
