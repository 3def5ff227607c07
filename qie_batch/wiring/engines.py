"""Engines, found by name: those of `qie_batch.engines`, and others by a dotted module name."""

from __future__ import annotations

import os
import pkgutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from qie_batch import engines
from qie_batch.errors import Misconfigured, NotFound, QieError, UsageError
from qie_batch.interfaces import EngineChoice
from qie_batch.pricing import rate_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import AlphaForecast, Engine, EngineCheck
    from qie_batch.model import EngineInfo, Rate
    from qie_batch.settings import Settings

#: The default with a CUDA device and the weights, and the default without.
ON_GPU, ELSEWHERE = "qwen", "classic"


class InstalledEngines:
    """Implements `qie_batch.interfaces.EngineCatalog`. Loads no weights."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def names(self) -> list[str]:
        """Of the engines that come with qie-batch."""
        return sorted(module.name for module in pkgutil.iter_modules(engines.__path__))

    def choose(self, asked: str = "") -> EngineChoice:
        """The engine that was asked for, else the configured one, else qwen if its weights can be loaded."""
        if asked:
            return EngineChoice(info=self.info(asked), reason="it was asked for")
        if self._settings.engine:
            return EngineChoice(info=self.info(self._settings.engine), reason="QIE_ENGINE says so")
        if not visible_devices():
            return EngineChoice(info=self.info(ELSEWHERE), reason="there is no CUDA card here")
        against = engine_module(ON_GPU).reason_against(self.options(ON_GPU))
        if against:
            return EngineChoice(info=self.info(ELSEWHERE), reason=f"there is a CUDA card, but: {against}")
        return EngineChoice(info=self.info(ON_GPU), reason="there are a CUDA card and the weights")

    def info(self, name: str) -> EngineInfo:
        module = engine_module(name)
        try:
            # Jobs, queues and workers use the name that was asked for, which may be a module name.
            info: EngineInfo = replace(module.info(self.options(name)), name=name)
        except QieError:
            raise
        except Exception as error:  # noqa: BLE001 - the module may be of any package
            _misconfigured(name, "does not say what it is", error)
        return info

    def check(self, name: str) -> EngineCheck:
        """The module's own `check`, if it has one."""
        own = _own(name, "check", "cannot check a row")
        return own or (lambda _params, _images: None)

    def gives_alpha(self, name: str) -> AlphaForecast:
        """The module's own `gives_alpha`, if it has one."""
        own = _own(name, "gives_alpha", "does not say whether it makes pixels transparent")
        return own or (lambda _params: False)

    def rate(self, info: EngineInfo, device: str = "") -> Rate:
        """What the engine charges on the device; without one, on the device that the engine expects."""
        settings = self._settings
        return rate_of(info.tariff, device or info.device, settings.market, settings.prices)

    def create(self, name: str, **changes: object) -> Engine:
        """Loaded and warm; takes as long as the weights do. `changes` are of those options that it has."""
        options = self.options(name)
        options |= {option: value for option, value in changes.items() if option in options}
        engine: Engine = engine_module(name).create(options)
        return engine

    def options(self, name: str) -> dict[str, Any]:
        """The settings that the module names in OPTIONS; QIE_ENGINE_OPTIONS for the engine that is set."""
        named = getattr(engine_module(name), "OPTIONS", ())
        chosen = "." in name or name == self._settings.engine
        extra = self._settings.engine_options if chosen else {}
        return {option: getattr(self._settings, option) for option in named} | extra

    def cutout(self) -> str:
        """Which cut-out the classic engine uses; Misconfigured if its model cannot be used."""
        text: str = engine_module(ELSEWHERE).cutout(self.options(ELSEWHERE))
        return text

    def preset_names(self) -> list[str]:
        """Of all engines that come with qie-batch."""
        return list(dict.fromkeys(preset for name in self.names() for preset in self.info(name).presets))


def engine_module(name: str) -> Any:
    """The module of an engine: of `qie_batch.engines` for a bare name, any module for a dotted one."""
    wanted = name if "." in name else f"qie_batch.engines.{name}"
    hint = (
        "choose classic, qwen, openai, dashscope or triton, or give the dotted name of a module with"
        " info(options) and create(options)"
    )
    try:
        module = import_module(wanted)
    except ModuleNotFoundError as error:
        if not error.name or wanted.startswith(error.name):
            raise NotFound(f"there is no engine {name!r}", hint=hint) from None
        raise Misconfigured(f"the engine {name!r} needs {error.name}, which is not installed") from error
    except (Exception, SystemExit) as error:  # importing a module may raise anything
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
        raise Misconfigured(f"the engine {name!r} cannot be imported: {problem}", hint=hint) from error
    if not hasattr(module, "info") or not hasattr(module, "create"):
        raise Misconfigured(f"the module {name!r} is no engine", hint=hint)
    return module


def _own(name: str, function: str, what: str) -> Callable[..., Any] | None:
    """A function that the module need not have; Misconfigured, with `what` it does, for errors of its own."""
    own: Callable[..., Any] | None = getattr(engine_module(name), function, None)
    if own is None:
        return None

    def guarded(*arguments: object) -> Any:
        try:
            return own(*arguments)
        except QieError:
            raise
        except Exception as error:  # noqa: BLE001 - the module may be of any package
            _misconfigured(name, what, error)

    return guarded


def _misconfigured(name: str, what: str, error: Exception) -> NoReturn:
    problem = f"{type(error).__name__}: {error}".splitlines()[0]
    raise Misconfigured(f"the engine {name!r} {what}: {problem}") from error


def worker_devices(info: EngineInfo, asked: str = "all") -> list[str]:
    """The CUDA devices with a worker process each; none where one process works without.

    Asked for are "all", a number, or a list of indices (or of names in CUDA_VISIBLE_DEVICES) with a comma.
    Raises UsageError for a device that is not there, or that the engine has no use for.
    """
    if asked == "all":
        return visible_devices() if info.on_cuda else []
    if not info.on_cuda:
        raise UsageError(f"the engine {info.name} has no use for --gpus", hint="leave --gpus out")
    visible = visible_devices()
    there = f"this machine has the GPUs {', '.join(visible)}" if visible else "this machine has no GPU"
    if "," not in asked:
        if not asked.isdecimal() or not 0 < int(asked) <= len(visible):
            raise UsageError(
                f"--gpus {asked}: {there}",
                hint="give all, how many, or which ones with a comma: 0,1 are two of them, and 3, is one",
            )
        return visible[: int(asked)]
    wanted = list(dict.fromkeys(name.strip() for name in asked.split(",") if name.strip()))
    if unknown := [name for name in wanted if name not in visible]:
        raise UsageError(f"--gpus {asked}: {there}, and not {', '.join(unknown)}")
    return wanted


def visible_devices() -> list[str]:
    """Indices of the CUDA devices that this process may use, found without initialising CUDA.

    A container has the files of its own devices alone, with the host's numbers; CUDA counts from 0.
    """
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return [device.strip() for device in allowed.split(",") if device.strip()]
    return [str(index) for index, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
