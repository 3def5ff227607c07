"""Which format a result gets where the row leaves that to its image."""

from __future__ import annotations

import pytest

from qie_batch.model import EditParams, EngineInfo, ImageHeader, JobOrder, ManifestRow, OutputFormat
from qie_batch.steps.submit.image_checks import ImageCheck
from qie_batch.steps.submit.plan import Planner, with_output

AUTO, SAME, PNG, JPEG, WEBP = (OutputFormat(name) for name in ("auto", "same", "png", "jpeg", "webp"))


def decided(output, image, *, alpha=False, quality=None, gives_alpha=False):
    params = EditParams(instruction="make it red", output=output, quality=quality)
    found = with_output(params, ImageHeader(image, 64, 48, alpha), gives_alpha=gives_alpha)
    return found.output, found.quality


@pytest.mark.parametrize(
    ("image", "alpha", "auto", "same"),
    [
        ("JPEG", False, JPEG, JPEG),
        ("PNG", False, PNG, PNG),
        ("PNG", True, PNG, PNG),
        ("WEBP", False, WEBP, WEBP),
        ("WEBP", True, PNG, WEBP),
        ("TIFF", False, PNG, PNG),
        ("GIF", True, PNG, PNG),
    ],
)
def test_the_image_decides_and_a_transparent_one_gives_a_png_unless_the_same_is_asked_for(
    image, alpha, auto, same
):
    assert decided(AUTO, image, alpha=alpha) == (auto, None)
    assert decided(SAME, image, alpha=alpha) == (same, None)


def test_an_edit_that_makes_pixels_transparent_gives_a_png_unless_a_format_is_asked_for():
    assert decided(AUTO, "JPEG", quality=80, gives_alpha=True) == (PNG, None)
    assert decided(AUTO, "WEBP", gives_alpha=True) == (PNG, None)
    assert decided(SAME, "WEBP", gives_alpha=True) == (WEBP, None)
    assert decided(SAME, "JPEG", gives_alpha=True) == (JPEG, None)  # for RowChecker to refuse


@pytest.mark.parametrize("output", [PNG, JPEG, WEBP])
@pytest.mark.parametrize(("image", "alpha"), [("JPEG", False), ("PNG", True)])
def test_a_format_that_is_asked_for_is_given(output, image, alpha):
    assert decided(output, image, alpha=alpha) == (output, None)


def test_a_quality_is_kept_for_a_format_that_has_one():
    assert decided(AUTO, "JPEG", quality=80) == (JPEG, 80)
    assert decided(SAME, "WEBP", quality=80) == (WEBP, 80)
    assert decided(AUTO, "PNG", quality=80) == (PNG, None)
    assert decided(PNG, "JPEG", quality=80) == (PNG, None)


@pytest.mark.parametrize(
    ("engine_alpha", "image_alpha", "kept"),
    [(False, True, True), (False, False, False), (True, True, False), (True, False, False)],
)
def test_keeping_alpha_is_part_of_an_edit_only_where_it_changes_the_result(engine_alpha, image_alpha, kept):
    info = EngineInfo(name="shop", revision="1", alpha=engine_alpha)
    params = EditParams(instruction="make it red", output=AUTO, keep_alpha=True)
    row = ManifestRow(line=2, id="1", images=("a.png",), params=params)
    planner = Planner(JobOrder(), info, lambda _params: False)
    found = planner.params(row, {"a.png": ImageCheck(format="PNG", width=64, height=48, alpha=image_alpha)})
    assert (found.keep_alpha, found.output) == (kept, PNG)
