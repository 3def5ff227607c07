"""The engines that a request may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured, NotFound
from qie_batch.text import quoted

if TYPE_CHECKING:
    from qie_batch.interfaces import EngineCatalog


def model_names(engines: EngineCatalog) -> list[str]:
    """The default first; those that are not configured here are left out."""
    default = engines.choose("").info.name
    others = [name for name in engines.names() if name != default and _is_usable(name, engines)]
    return [default, *others]


def model_named(model: str, engines: EngineCatalog) -> str:
    """The engine's name, "" for the default. NotFound for any other, as a name may be that of a module."""
    if not model or model in engines.names() or model == engines.choose("").info.name:
        return model
    names = ", ".join(model_names(engines))
    raise NotFound(
        f"there is no model {quoted(model)}",
        code="model_not_found",
        hint=f"choose one of: {names}",
        subject="model",
    )


def _is_usable(name: str, engines: EngineCatalog) -> bool:
    try:
        engines.info(name)
    except Misconfigured:
        return False
    return True
