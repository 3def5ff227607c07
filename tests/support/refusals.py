"""What a call refuses, as tests compare it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable


def code_of(call: Callable[..., object], *arguments: Any) -> str:
    """The code of the refusal, "" where the call refuses nothing."""
    try:
        call(*arguments)
    except Rejected as error:
        return error.code
    return ""
