"""A request that a client may send again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRequest:
    #: The client's idempotency key, or one made of what was asked for.
    key: str
    #: sha256 (hex) of what was asked for.
    fingerprint: str
    #: The one job that it stands for.
    job_id: str
