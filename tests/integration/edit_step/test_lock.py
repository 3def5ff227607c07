"""Locked pixels of the input come back after an edit, and content that moved is moved back."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from qie_batch.gates import InstalledGates
from qie_batch.images import decode
from qie_batch.model import EditResult, EngineInfo, OutputFormat, Verdict
from qie_batch.steps.edit import edit
from qie_batch.steps.fsck import fsck
from tests.support.ledgers import checking, told
from tests.support.moved import layers, moved, on
from tests.support.painters import Painter, only, submit

GREY, BLUE = (225, 225, 225), (40, 60, 160)
COLOURS, COVER = layers(320)
BEFORE = on(GREY, COLOURS, COVER)
ASKED = {"instruction": "make the background blue", "output": OutputFormat.PNG}


def file(pixels, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


class Zoomer(Painter):
    """Another backdrop, a product in another light, and everything a little larger."""

    info = EngineInfo(name="classic", revision="1")

    def __init__(self, **motion):
        super().__init__()
        self.motion = motion or {"zoom": 1.03, "shift": (1, -2)}

    def edit(self, request, on_step):
        super().edit(request, on_step)
        after = moved(on(BLUE, (COLOURS * 0.8).astype(np.uint8), COVER), **self.motion)
        return EditResult(image=Image.fromarray(after))


@pytest.fixture
def edited(ledger, store, make_context):
    """The item, and the pixels of its result."""

    def run(data, engine, *, mask=None, **params):
        names = []
        for content in (data, mask):
            if content is not None:
                names.append(hashlib.sha256(content).hexdigest())
                store.put(f"inputs/{names[-1]}", content, "image/png")
        submit(ledger, "red", inputs=(names[0],), mask="".join(names[1:]), **{**ASKED, **params})
        edit("job.0", make_context(engine, gates=InstalledGates({})))
        item = only(ledger)
        return item, item.result and np.asarray(decode(store.get(item.result.object_key)))

    return run


def lock_of(item):
    return next(finding for finding in item.result.findings if finding.gate == "lock")


def test_the_product_comes_back_where_it_was_and_a_gate_proves_it(edited):
    item, after = edited(file(BEFORE), Zoomer(), lock="product")
    assert (lock_of(item).verdict, lock_of(item).figure) == (Verdict.PASSED, 0)
    inner = np.zeros(COVER.shape, bool)
    inner[80:240, 96:224] = True
    assert np.array_equal(after[inner], BEFORE[inner])
    assert np.abs(after[:20].astype(int) - BLUE).max() < 12
    assert item.result.note.startswith("moved back by ")


def test_a_keep_mask_keeps_what_is_white_in_it(edited):
    mask = np.zeros((*COVER.shape, 3), np.uint8)
    mask[120:200, 120:200] = 255
    item, after = edited(file(BEFORE), Zoomer(zoom=1.0), mask=file(mask), lock="mask")
    assert np.array_equal(after[120:200, 120:200], BEFORE[120:200, 120:200])
    assert lock_of(item).verdict is Verdict.PASSED


def test_alpha_keeps_what_is_opaque(edited):
    item, after = edited(file(np.dstack([BEFORE, COVER])), Zoomer(), lock="alpha")
    kept = COVER == 255
    assert np.array_equal(after[kept][:, :3], BEFORE[kept])
    assert lock_of(item).verdict is Verdict.PASSED


def test_a_jpeg_says_that_it_holds_no_pixel_exactly(edited):
    item, _after = edited(file(BEFORE), Zoomer(), lock="product", output=OutputFormat.JPEG)
    assert "exact before encoding" in item.result.note
    assert lock_of(item).verdict is Verdict.PASSED


def test_content_is_moved_back_if_asked(edited):
    item, after = edited(file(BEFORE), Zoomer(), align=True)
    assert item.result.note.startswith("moved back by ")
    wanted = on(BLUE, (COLOURS * 0.8).astype(np.uint8), COVER).astype(int)
    assert np.abs(after.astype(int) - wanted).mean() < 4
    drift = next(finding for finding in item.result.findings if finding.gate == "drift")
    assert (drift.verdict, drift.figure < 0.5) == (Verdict.PASSED, True)


def test_a_product_that_cannot_be_found_fails_the_row_with_a_sentence(ledger, edited):
    noise = np.random.default_rng(2).integers(0, 255, (320, 320, 3), np.uint8)
    item, _none = edited(file(noise), Zoomer(), lock="product")
    assert told(ledger) == "F"
    assert item.failure.code in {"background_not_plain", "product_not_found"}


def test_an_edit_of_another_shape_cannot_be_locked(ledger, edited):
    class Cropper(Painter):
        def edit(self, request, on_step):
            super().edit(request, on_step)
            return EditResult(image=request.images[0].crop((0, 0, 160, 320)))

    item, _none = edited(file(BEFORE), Cropper(), lock="product")
    assert (told(ledger), item.failure.code) == ("F", "shape_changed")


def test_a_keep_mask_that_is_gone_is_found_by_fsck(ledger, store):
    submit(ledger, "red", mask="ab" * 32, lock="mask")
    (fault,) = fsck(checking(ledger, store), repair=False).faults
    assert f"its picture inputs/{'ab' * 32} is not in the store" in fault
