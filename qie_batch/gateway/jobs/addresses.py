"""Where the images of an item are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.model import Item


def addresses(item: Item, *, side: int = 0) -> tuple[str, str]:
    """Of the images before and after, "" for one that there is not; small ones of `side` pixels."""
    images = {
        "before": item.spec.inputs[0] if item.spec else "",
        "after": item.result.sha256 if item.result else "",
    }
    size = f"&side={side}" if side else ""
    # The hash names the bytes, which browsers keep.
    before, after = (
        f"/api/jobs/{item.job_id}/items/{item.id}/image?of={of}{size}&v={sha256[:12]}" if sha256 else ""
        for of, sha256 in images.items()
    )
    return before, after
