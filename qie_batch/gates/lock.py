"""The pixels that the row keeps are those of the input, every one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qie_batch.model import Finding, Verdict
from qie_batch.text import many

if TYPE_CHECKING:
    from qie_batch.gates.evidence import Evidence

NAME = "lock"
LIMIT = 0.0
UNIT = "pixels"


def check(evidence: Evidence, limit: float) -> Finding | None:
    """How many kept pixels differ from the input's, before the result is encoded."""
    if evidence.keep is None:
        return None
    keep = evidence.keep
    differs = (evidence.before[keep] != evidence.after[keep]).any(axis=1)
    if evidence.after_alpha is not None:
        differs |= evidence.after_alpha[keep] != 255
    number = int(np.count_nonzero(differs))
    failed = number > limit
    verb = "differs" if number == 1 else "differ"
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        figure=float(number),
        limit=limit,
        sentence=f"{many(number, 'kept pixel')} {verb} from the input's" if failed else "",
    )
