"""What results say of their origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from pathlib import Path


class ProvenanceSettings(BaseModel):
    #: The credit line of each result; after that of the input, where the input has one.
    credit: str = Field(default="Edited with qie-batch", max_length=300)
    #: Copyright, creator, credit and terms of the input stay with its result.
    keep_rights: bool = True
    #: PEM file of the certificate that signs exports (C2PA), its issuers behind it.
    c2pa_chain: Path | None = None
    #: PEM file of its private key.
    c2pa_key: Path | None = None
    c2pa_algorithm: Literal["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"] = "es256"
    #: Address of a time stamp authority; without one, signatures end with the certificate.
    c2pa_timestamps: str = ""
