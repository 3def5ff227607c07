from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Rejected
from qie_batch.images import (
    check_result,
    fit,
    inside,
    letterboxed,
    off_white,
    on_white,
    share_changed,
)
from qie_batch.model import ON_DEVICE, EditRequest, OutputFormat, Stage, failed_gates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

    from qie_batch.images import Fitted
    from qie_batch.images.provenance import Value
    from qie_batch.model import EditResult, Finding
    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.events import EventStream
    from qie_batch.steps.edit.leases import HeldLease

_PUT_ON_WHITE = "transparent pixels were put on white, as this engine takes none"
_PUT_BACK = "put the transparency back"
_NO_ALPHA_IN_JPEG = "transparent pixels became white, as JPEG holds none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    #: At the size of the result.
    image: Image
    #: The image to edit, at the same size unless the edit changed that.
    before: Image
    changed: float | None
    #: Short clauses.
    notes: tuple[str, ...] = ()
    #: As `EditResult.ran`.
    ran: Mapping[str, Any] = field(default_factory=dict)
    #: Of the result's size, mode L: white where the input's own pixels are kept; None without a lock.
    keep: Image | None = None
    findings: tuple[Finding, ...] = ()
    #: As `Fetched.origin`.
    origin: Mapping[str, Value] = field(default_factory=dict)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of what was found wrong."""
        unchanged = ("unchanged",) if self.changed == 0 else ()
        return tuple(dict.fromkeys((*failed_gates(self.findings), *unchanged)))


def paint(images: tuple[Image, ...], lease: HeldLease, events: EventStream, context: EditContext) -> Painted:
    """The edited image at the size that the row asks for. Raises as `Engine.edit` and `HeldLease.check`."""
    params = lease.attempt.spec.params
    info = context.engine.info
    source = images[0]
    if not info.alpha:
        images = tuple(map(on_white, images))
    fitted = fit(images[0], info.limits.sizes, params.size)
    output = _edited((fitted.image, *images[1:]), lease, events, context)
    changed = share_changed(fitted.image, output.image)
    notes = ("nothing changed", *output.notes) if changed == 0 else output.notes
    result = fitted.restore(output.image)
    check_result(result.size, context.limits)
    if source.mode == "RGBA" and not info.alpha:
        if params.keep_alpha:
            _require_shape(fitted.image, output.image)
            result = off_white(result, letterboxed(source.getchannel("A"), result.size))
        notes = (*notes, _PUT_BACK if params.keep_alpha else _PUT_ON_WHITE)
    if result.mode == "RGBA" and params.output is OutputFormat.JPEG:
        notes = (*notes, _NO_ALPHA_IN_JPEG)
    before = unedited(source, fitted, result)
    return Painted(image=result, before=before, changed=changed, notes=notes, ran=output.ran)


def unedited(source: Image, fitted: Fitted, result: Image) -> Image:
    """The image to edit as the result shows it: with the same bands, at the same size."""
    if source.size == result.size:
        return source
    return fitted.restore(fitted.image) if fitted.image.size != result.size else fitted.image


def _edited(
    images: tuple[Image, ...], lease: HeldLease, events: EventStream, context: EditContext
) -> EditResult:
    """What the engine makes of the images, the first of which is fitted to a size that it paints."""
    request = EditRequest(
        images=images,
        params=lease.attempt.spec.params,
        width=images[0].width,
        height=images[0].height,
        low_memory=lease.attempt.low_memory,
    )

    def on_step(number: int) -> None:
        events.emit(Stage.STEPPED, step=number)
        lease.step(number)

    with lease.on_device(context.device):
        events.emit(Stage.ENTERED)
        output = context.engine.edit(request, on_step)
        lease.images += 1
    lease.phases |= {f"{ON_DEVICE}{name}": seconds for name, seconds in output.phases.items()}
    events.emit(Stage.PAINTED, step=lease.last_step)
    return output


def _require_shape(given: Image, edited: Image) -> None:
    """Rejected if the edit was more than a change of scale: nothing says which pixel is where then."""
    shown = inside(given.size, edited.size)
    if max(edited.width - shown[0], edited.height - shown[1]) > 1:
        raise Rejected(
            "the edit changed the shape of the picture, so its transparency cannot be put back:"
            " leave keep_alpha out",
            code="shape_changed",
        )
