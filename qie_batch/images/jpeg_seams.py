"""Finds the seam that wrong bits leave in a JPEG which decodes without a warning.

A block's mean is stored as the difference from the block before. Where one is wrong, all blocks behind have
that error, in the order in which they are stored: the seam goes along the top of the damaged block and of all
to the right of it, and along the top of the next row of blocks up to the damaged one. So a row of blocks is
all of one jump, which begins in the middle of the width and goes on one row lower. No motif has that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Fewer prove nothing.
_LEAST_BLOCKS = 16
_LEAST_ROWS = 3
#: Levels by which a block is brighter or darker than the one above, beyond the slopes within both.
_JUMP = 5
_MEDIAN_JUMP = 8
#: The median deviation from the median, as a share of that: an edge of the motif varies more than an error.
_DEVIATION = 0.4
#: Share of a row of blocks that has the jump, of half a row before and behind that may have it, and of the
#: width at both ends where a horizontal edge of the motif may begin.
_WITH_JUMP = 0.9
_AROUND = 0.45
_MARGIN = 0.04


def has_seam(samples: NDArray[np.uint8], block: tuple[int, int]) -> bool:
    """Samples: rows, columns, channels. `block`: width and height of the blocks (MCU) in pixels."""
    width, height = block
    columns, rows = samples.shape[1] // width, samples.shape[0] // height - 1
    if columns < _LEAST_BLOCKS or rows < _LEAST_ROWS:
        return False
    jumps = _jumps(samples, block, columns, rows)
    return any(_is_seam(sign * channel, columns) for channel in jumps for sign in (1, -1))


def _jumps(
    samples: NDArray[np.uint8], block: tuple[int, int], columns: int, rows: int
) -> NDArray[np.float32]:
    """For each channel, and for each block below the first row in the order of storage."""
    import numpy as np  # noqa: PLC0415 - needed only by processes that decode

    width, height = block
    tops = np.arange(1, rows + 1) * height

    def line(offset: int) -> NDArray[np.int16]:
        # Every fourth column is enough for a mean.
        return samples[tops + offset, 2 : columns * width : 4].astype(np.int16)

    # Subsampled chroma is blended over the two lines at an edge, so the lines next to these are compared.
    above, below = line(-2), line(1)
    slopes = (above - line(-4)) + (line(3) - below)
    # Four times the jump; 16 bits hold the sum over the eight columns of the widest block.
    excess = (4 * (below - above) - 3 * slopes).reshape(rows, columns, width // 4, -1)
    total = excess[:, :, 0]
    for column in range(1, width // 4):
        total += excess[:, :, column]
    jumps: NDArray[np.float32] = total.reshape(rows * columns, -1).T / np.float32(width)
    return jumps


def _is_seam(jumps: NDArray[np.float32], columns: int) -> bool:
    import numpy as np  # noqa: PLC0415 - needed only by processes that decode

    hits = jumps > _JUMP
    sums = np.concatenate(([0], np.cumsum(hits, dtype=np.int32)))
    within = sums[columns:] - sums[:-columns]
    first = int(np.argmax(within))
    if within[first] < _WITH_JUMP * columns:
        return False
    behind, half = first + columns, columns // 2
    median = np.median(jumps[first:behind])
    start = first % columns / columns
    return bool(
        _MARGIN < start < 1 - _MARGIN
        and median >= _MEDIAN_JUMP
        and np.median(np.abs(jumps[first:behind] - median)) <= _DEVIATION * median
        and hits[max(0, first - half) : first].mean() <= _AROUND
        and (behind == len(hits) or hits[behind : behind + half].mean() <= _AROUND)
    )
