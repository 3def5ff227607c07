"""The engines that a request may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured, NotFound
from qie_batch.text import quoted

if TYPE_CHECKING:
    from qie_batch.interfaces import EngineCatalog


def engine_names(engines: EngineCatalog) -> list[str]:
    """The default first; those that are not configured here are left out."""
    default = engines.choose("").info.name
    others = [name for name in engines.names() if name != default and _is_usable(name, engines)]
    return [default, *others]


def check_engine(name: str, engines: EngineCatalog) -> None:
    """NotFound unless it is one of ours, the default or "": a module of any other name would be imported."""
    if not name or name in engines.names() or name == engines.choose("").info.name:
        return
    raise NotFound(
        f"there is no engine {quoted(name)}",
        code="engine_unknown",
        hint=f"choose one of: {', '.join(engine_names(engines))}",
    )


def model_named(model: str, engines: EngineCatalog) -> str:
    """The engine's name, "" for the default; NotFound as of `check_engine`, in the words of OpenAI's API."""
    try:
        check_engine(model, engines)
    except NotFound as error:
        sentence = f"there is no model {quoted(model)}"
        raise NotFound(sentence, code="model_not_found", hint=error.hint, subject="model") from None
    return model


def _is_usable(name: str, engines: EngineCatalog) -> bool:
    try:
        engines.info(name)
    except Misconfigured:
        return False
    return True
