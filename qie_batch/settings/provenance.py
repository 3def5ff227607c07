"""What results say of their origin."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ProvenanceSettings(BaseModel):
    #: The credit line of each result; after that of the input, where the input has one.
    credit: str = Field(default="Edited with qie-batch", max_length=300)
    #: Copyright, creator, credit and terms of the input stay with its result.
    keep_rights: bool = True
