"""One item, stage by stage: claim, fetch, decode, paint, encode, stamp, put, close.

`step.edit` calls the stages; each stage is a module of this package.
"""

from qie_batch.steps.edit.close import charge_crash
from qie_batch.steps.edit.context import EditContext
from qie_batch.steps.edit.device import Device
from qie_batch.steps.edit.leases import HeldLease, LeaseKeeper
from qie_batch.steps.edit.step import edit

__all__ = ["Device", "EditContext", "HeldLease", "LeaseKeeper", "charge_crash", "edit"]
