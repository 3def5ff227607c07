from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.images import fit, on_white, share_changed
from qie_batch.model import EditRequest, Stage

if TYPE_CHECKING:
    from PIL.Image import Image

    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.events import EventStream
    from qie_batch.steps.edit.leases import HeldLease


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    #: At the size of the result.
    image: Image
    changed: float | None
    #: Short clauses.
    notes: tuple[str, ...] = ()


def paint(images: tuple[Image, ...], lease: HeldLease, events: EventStream, context: EditContext) -> Painted:
    """The edited image at the size that the row asks for. Raises as `Engine.edit` and `HeldLease.check`."""
    attempt = lease.attempt
    params = attempt.spec.params
    info = context.engine.info
    if not info.alpha:
        images = tuple(map(on_white, images))
    fitted = fit(images[0], info.limits.sizes, params.size)
    request = EditRequest(
        images=(fitted.image, *images[1:]),
        params=params,
        width=fitted.image.width,
        height=fitted.image.height,
        low_memory=attempt.low_memory,
    )

    def on_step(number: int) -> None:
        events.emit(Stage.STEPPED, step=number)
        lease.step(number)

    with lease.on_device(context.device):
        output = context.engine.edit(request, on_step)
        lease.images += 1
    events.emit(Stage.PAINTED, step=lease.last_step)
    changed = share_changed(fitted.image, output.image)
    notes = ("nothing changed", *output.notes) if changed == 0 else output.notes
    return Painted(image=fitted.restore(output.image), changed=changed, notes=notes)
