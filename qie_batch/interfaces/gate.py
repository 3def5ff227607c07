"""Gates: what looks at every result before anybody trusts it.

A gate is a module of `qie_batch.gates`; one file adds one. It has

    NAME: str               as in settings, tables and findings
    UNIT: str               of its figure, "" for a share
    LIMIT: float | None     what the figure is held to unless setting or row say otherwise; None: off
    check(evidence: Evidence, limit: float) -> Finding | None

`check` gives None where the gate does not apply to the row, and must not change what `evidence` holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from qie_batch.model import Checks, Edited, Finding


class Gates(Protocol):
    """All gates. `inspect` raises nothing: a gate that fails itself finds UNCHECKED."""

    def inspect(self, edited: Edited, checks: Checks) -> tuple[Finding, ...]: ...
