"""One item, stage by stage: claim, fetch, decode, paint, encode, put, close.

`step.edit` reads top to bottom; each stage has a module of its own beside it.
"""

from qie_batch.steps.edit.close import charge_crash
from qie_batch.steps.edit.context import EditContext
from qie_batch.steps.edit.leases import HeldLease, LeaseKeeper
from qie_batch.steps.edit.step import edit

__all__ = ["EditContext", "HeldLease", "LeaseKeeper", "charge_crash", "edit"]
