"""Edit requests from one flat list of fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qie_batch.model import EditParams, EditRequest

PARAMS = EditParams.__slots__


def edit_request(**fields: Any) -> EditRequest:
    """`fields` are those of the request and of its parameters; the size is the first image's unless given."""
    return changed(
        EditRequest(
            images=fields["images"],
            params=EditParams(instruction=fields["instruction"]),
            width=fields["images"][0].width,
            height=fields["images"][0].height,
        ),
        **fields,
    )


def changed(request: EditRequest, **fields: Any) -> EditRequest:
    """Width and height are those that the engine paints, not those of the parameters."""
    own = {name: value for name, value in fields.items() if name in EditRequest.__slots__}
    params = {name: value for name, value in fields.items() if name not in own}
    return replace(request, params=replace(request.params, **params), **own)
