"""Sizes after operations, and what is refused for the size that an instruction would make."""

import pytest

from qie_batch.colours import BY_WORD
from qie_batch.engines.classic.edits import AddBorder, Crop, MakeGrey, Pad, Resize, Rotate, Trim
from qie_batch.engines.classic.frames import size_after
from qie_batch.engines.classic.rules import gives_alpha, operations_for
from qie_batch.errors import Rejected

BLACK = BY_WORD["black"]


@pytest.mark.parametrize(
    ("operation", "size", "after"),
    [
        (MakeGrey(), (30, 40), (30, 40)),
        (Trim(), (30, 40), None),
        (Crop(ratio=(1, 1)), (1200, 1001), (1001, 1001)),
        (Crop(ratio=(4, 5)), (1000, 1001), (800, 1001)),
        (Crop(ratio=(16, 9)), (1000, 1001), (1000, 562)),
        (Crop(ratio=(10, 1)), (5, 900), (5, 1)),
        (Pad(ratio=(1, 1)), (1200, 1001), (1200, 1200)),
        (Pad(ratio=(4, 5)), (1000, 1001), (1000, 1250)),
        (Pad(ratio=(16, 9)), (1000, 1001), (1780, 1001)),
        (Pad(pixels=7), (30, 40), (44, 54)),
        (Pad(share=0.1), (1200, 1001), (1440, 1241)),
        (Resize(width=600, height=500), (30, 40), (600, 500)),
        (Resize(width=600), (1200, 1001), (600, 500)),
        (Resize(height=100), (1200, 1001), (120, 100)),
        (Resize(longest=600), (1200, 1001), (600, 500)),
        (Resize(longest=600), (1001, 1200), (500, 600)),
        (Resize(factor=0.5), (1200, 1001), (600, 500)),
        (Rotate(degrees=-90), (30, 40), (40, 30)),
        (Rotate(degrees=180), (30, 40), (30, 40)),
        (Rotate(degrees=45), (100, 100), (142, 142)),
        (AddBorder(pixels=5, colour=BLACK), (30, 40), (40, 50)),
        (AddBorder(share=0.02, colour=BLACK), (30, 40), (32, 42)),
        (AddBorder(share=0.02, colour=BLACK), (1200, 1000), (1240, 1040)),
    ],
)
def test_each_operation_has_its_size_after(operation, size, after):
    assert size_after(operation, size) == after


@pytest.mark.parametrize(
    ("instruction", "size", "code"),
    [
        ('resize to 60x60, add "New"', (800, 600), "text_does_not_fit"),
        ('add "New", resize to 600x600', (800, 600), None),
        ('add "New", resize to 60x60', (800, 600), "text_does_not_fit"),
        ('resize to 800x600, add "New"', (60, 60), None),
        ('trim, add "New"', (60, 60), None),
        ("enlarge 2x", (6001, 200), "size_out_of_range"),
        ("add a 4000 px margin", (800, 600), "size_out_of_range"),
        ("resize to 9000x9000", (800, 600), "size_out_of_range"),
        ("resize to 10 %", (100, 100), "size_out_of_range"),
        ("resize to 20 %, white background", (150, 600), "picture_too_small"),
    ],
)
def test_sizes_are_followed_through_the_sentence(instruction, size, code):
    if code is None:
        assert operations_for(instruction, size)
        return
    with pytest.raises(Rejected) as error:
        operations_for(instruction, size)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("instruction", "given"),
    [("remove the background", True), ("white background", False), ("make it pop", False),
     ("cut out and place on white", False), ("rotate 5 degrees", False)],
)  # fmt: skip
def test_only_a_removed_background_gives_alpha(instruction, given):
    assert gives_alpha(instruction) is given
