"""The engine seam.

An engine is a module with these functions, found by its name:

    info(options: Mapping[str, object]) -> EngineInfo   loads no weights and no heavy package
    create(options: Mapping[str, object]) -> Engine     loaded and warm

and, where they say more than EngineInfo can, these, which import no heavy package either:

    check(params: EditParams, images: Sequence[ImageHeader]) -> None
    gives_alpha(params: EditParams) -> bool

`check` raises Rejected for a row that no pixel can save: submit calls it for every row, and the engine first
in every edit. The parameters are those that the worker gets. `subject` of the error is the column at fault
(`instruction`, `size`, `ref_image_2` ...), "" if none is. The sizes are those of the upright images.

`gives_alpha` says whether these parameters make pixels transparent, whatever the image: submit then chooses a
format that holds alpha, or refuses JPEG. It is False for a row that `check` refuses. Without the function,
an edit makes none.

`options` are the settings whose names the module lists in OPTIONS, and QIE_ENGINE_OPTIONS if QIE_ENGINE names
the module or the module is not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, runtime_checkable

from qie_batch.model import EditParams, ImageHeader

if TYPE_CHECKING:
    from qie_batch.model import EditRequest, EditResult, EngineInfo, Rate

EngineCheck: TypeAlias = Callable[[EditParams, Sequence[ImageHeader]], None]
AlphaForecast: TypeAlias = Callable[[EditParams], bool]


class EngineChoice(NamedTuple):
    info: EngineInfo
    #: One sentence: why this engine was chosen.
    reason: str


class EngineCatalog(Protocol):
    """The installed engines with their abilities and rates. Raises UsageError for an unknown name."""

    def choose(self, asked: str) -> EngineChoice:
        """The engine that was asked for, or, with "", the best that runs here."""

    def info(self, name: str) -> EngineInfo: ...

    def check(self, name: str) -> EngineCheck:
        """What the engine refuses without pixels: nothing, if its module has no `check`."""

    def gives_alpha(self, name: str) -> AlphaForecast:
        """Which edits make pixels transparent: none, if its module has no `gives_alpha`."""

    def rate(self, info: EngineInfo, device: str = "") -> Rate:
        """Micro-dollars of the engine on the device; "" is the device that the engine expects."""

    def names(self) -> list[str]:
        """Of the engines that come with qie-batch."""

    def preset_names(self) -> list[str]:
        """The presets of all engines that come with qie-batch."""


class Engine(Protocol):
    """Loaded and warm. The caller runs at most `info.concurrency` edits at a time.

    An engine may have `start_phases`, too: the seconds of each phase of its loading by name, in order. Phases
    may have gone on at the same time.
    """

    info: EngineInfo
    #: The name that the driver reports, by which the price is found.
    device: str

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        """Call `on_step` (from 1) after each step; an exception of `on_step` ends the edit and is not caught.

        Raises Rejected (the row is wrong), Unavailable (the same call may succeed later), DeviceOutOfMemory
        or EngineLost (another process may succeed).
        """


@runtime_checkable
class ServedEngine(Engine, Protocol):
    """An engine that can be without any server to edit on, though nothing in this process is wrong."""

    def ready(self, leaving: Callable[[], bool]) -> bool:
        """Whether an edit could begin now: an item is claimed only then, so that an outage charges none.

        Blocks at most for a test edit, which ends early once `leaving()` is True.
        """
