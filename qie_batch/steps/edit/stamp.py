"""Writes into an encoded result what it is: before the put, as a stored result is never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.images.provenance import claim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.images.provenance import Value
    from qie_batch.model import EditSpec
    from qie_batch.steps.edit.context import EditContext


def stamp(data: bytes, origin: Mapping[str, Value], spec: EditSpec, context: EditContext) -> bytes:
    """The file with its claim, or as it is where the row wants none. `origin`: as `Fetched.origin`."""
    if spec.params.strip_metadata:
        return data
    fields = claim(spec, origin, context.stamping, generative=context.engine.info.generative)
    return context.decoders.with_fields(data, fields)
