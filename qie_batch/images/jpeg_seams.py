"""Finds the seam that wrong bits leave in a JPEG which decodes without a warning.

A block's mean is stored as the difference from the block before. Where one is wrong, all blocks behind have
that error, in the order in which they are stored: the seam goes along the top of the damaged block and of all
to the right of it, and along the top of the next row of blocks up to the damaged one. So a row of blocks is
all of one jump, which begins in the middle of the width and goes on one row lower.

A drawing may have such a step on purpose, but between even areas. So only a seam through an uneven motif,
which goes on below the seam, is taken for damage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    _Levels = NDArray[np.float32]

#: Fewer prove nothing.
_LEAST_BLOCKS = 16
_LEAST_ROWS = 3
#: Levels by which a block is brighter or darker than the one above, beyond the slopes within both.
_JUMP = 5
_MEDIAN_JUMP = 8
#: Rows of blocks that are looked at for each channel and sign.
_CANDIDATES = 6
#: Blocks with a jump, less those without, as a share of the row.
_LEAST_SCORE = 0.06
#: Share of the blocks that have any jump, and their deviation from the median jump as a share of that: an
#: edge of the motif varies more than an error.
_WITH_JUMP = 0.9
_DEVIATION = 0.3
#: Deviation of the median of either row of blocks from the median of both.
_BETWEEN_ROWS = 0.7
#: Share of the blocks with room for the jump whose jump is the median; that there is room; the deviation of
#: these; the share in each of the two rows of blocks.
_EQUAL = 0.55
_EQUAL_WITHIN = 0.4
_WITH_ROOM = 0.6
_EQUAL_DEVIATION = 0.15
_EQUAL_IN_ROW = 0.45
#: Share of half a row of blocks before and behind that may have a jump, for the first and the second measure.
_AROUND = 0.45
_EQUAL_AROUND = 0.35
#: Share of the width at both ends where a horizontal edge of the motif may begin.
_MARGIN = 0.04
#: Levels by which two neighbours differ, above and below the seam, in an uneven motif; the share of such.
_UNEVEN = 0.8
_UNEVEN_SHARE = 0.12
_LEAST_UNEVEN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Channel:
    """Of each block below the first row, in the order of storage."""

    jumps: _Levels
    #: Means of the line above the block and of the line at its top.
    above: _Levels
    below: _Levels
    #: Levels between the line above and the end of the scale in the direction of the jumps.
    room: _Levels


def has_seam(samples: NDArray[np.uint8], block: tuple[int, int]) -> bool:
    """Samples: rows, columns, channels. `block`: width and height of the blocks (MCU) in pixels."""
    width, height = block
    columns, rows = samples.shape[1] // width, samples.shape[0] // height - 1
    if columns < _LEAST_BLOCKS or rows < _LEAST_ROWS:
        return False
    return any(
        _is_seam(channel, first, columns)
        for channel in _channels(samples, block, columns, rows)
        for first in _candidates(channel, columns)
    )


def _channels(
    samples: NDArray[np.uint8], block: tuple[int, int], columns: int, rows: int
) -> Iterator[_Channel]:
    """Each channel for brighter blocks, then for darker blocks."""
    import numpy as np  # noqa: PLC0415 - needed only by processes that decode

    width, height = block

    def line(offset: int) -> _Levels:
        """Means of the line that is so far from the top of each block: channels, blocks."""
        first = height + offset
        lines = samples[first : first + rows * height : height, : columns * width]
        # Every fourth column is enough for a mean.
        total = lines[:, 2::width].astype(np.float32)
        for column in range(6, width, 4):
            total += lines[:, column::width]
        return np.ascontiguousarray(total.reshape(rows * columns, -1).T) / np.float32(width // 4)

    # Subsampled chroma is blended over the two lines at an edge, so the lines next to these are compared.
    above, below = line(-2), line(1)
    slopes = (above - line(-4)) + (line(3) - below)
    jumps = (below - above) - np.float32(0.75) * slopes
    for jump, over, under in zip(jumps, above, below, strict=True):
        yield _Channel(jumps=jump, above=over, below=under, room=255 - over)
        yield _Channel(jumps=-jump, above=over, below=under, room=over)


def _candidates(channel: _Channel, columns: int) -> Iterator[int]:
    """The first blocks of the rows of blocks with the most jumps."""
    import numpy as np  # noqa: PLC0415 - needed only by processes that decode

    hits = channel.jumps > _JUMP
    scores = hits.astype(np.int8) - (~hits & (channel.room > _JUMP))
    sums = np.concatenate(([0], np.cumsum(scores, dtype=np.int32)))
    within = sums[columns:] - sums[:-columns]
    for _ in range(_CANDIDATES):
        first = int(np.argmax(within))
        if within[first] < _LEAST_SCORE * columns:
            return
        yield first
        within[max(0, first - columns // 2) : first + columns] = 0


def _is_seam(channel: _Channel, first: int, columns: int) -> bool:
    if not _MARGIN < first % columns / columns < 1 - _MARGIN:
        return False
    return _is_jump(channel, first, columns) or _is_equal_jump(channel, first, columns)


def _uneven(channel: _Channel, row: slice) -> NDArray[np.bool_]:
    """For each block of a row and the next whether they differ both above and below the seam."""
    import numpy as np  # noqa: PLC0415 - needed only by processes that decode

    changes = np.minimum(np.abs(np.diff(channel.above[row])), np.abs(np.diff(channel.below[row])))
    uneven: NDArray[np.bool_] = changes > _UNEVEN
    return uneven


def _is_jump(channel: _Channel, first: int, columns: int) -> bool:
    """Whether nearly all blocks have a jump, much the same in both rows of blocks, and few around them."""
    import numpy as np  # noqa: PLC0415 - needed only by processes that decode

    row = slice(first, first + columns)
    jumps, room = channel.jumps[row], channel.room[row]
    median = _median(jumps)
    split = columns - first % columns
    return bool(
        (np.minimum(jumps, room) > _JUMP).mean() >= _WITH_JUMP
        and median >= _MEDIAN_JUMP
        and _median(np.abs(jumps - median)) <= _DEVIATION * median
        and all(
            abs(_median(part) - median) <= _BETWEEN_ROWS * median for part in (jumps[:split], jumps[split:])
        )
        and max(_share(part > _JUMP) for part in _around(channel.jumps, first, columns)) <= _AROUND
        and _uneven(channel, row).sum() >= max(_LEAST_UNEVEN, _UNEVEN_SHARE * columns)
    )


def _is_equal_jump(channel: _Channel, first: int, columns: int) -> bool:
    """Whether most blocks that are not at the end of the scale have the same jump, in both rows of blocks."""
    import numpy as np  # noqa: PLC0415 - needed only by processes that decode

    row = slice(first, first + columns)
    jumps, room = channel.jumps[row], channel.room[row]
    free = room > _JUMP
    if free.mean() < _WITH_ROOM:
        return False
    median = _median(jumps[free])
    if median < _MEDIAN_JUMP:
        return False
    expected = np.minimum(median, room)
    deviations = np.abs(jumps - expected)
    equal: NDArray[np.bool_] = free & (deviations <= _EQUAL_WITHIN * expected)
    split = columns - first % columns
    in_rows = [_share(equal[part][free[part]]) for part in (slice(split), slice(split, None))]
    threshold = max(_JUMP, median / 2)
    around = [
        part[beside > _JUMP] > threshold
        for part, beside in zip(
            _around(channel.jumps, first, columns), _around(channel.room, first, columns), strict=True
        )
    ]
    return bool(
        _share(equal[free]) >= _EQUAL
        and min(in_rows) >= _EQUAL_IN_ROW
        and _median(deviations[equal]) <= _EQUAL_DEVIATION * median
        and (_uneven(channel, row) & equal[1:] & equal[:-1]).sum() >= _LEAST_UNEVEN
        and max(map(_share, around)) <= _EQUAL_AROUND
    )


def _median(values: _Levels) -> float:
    """Not numpy's, which imports a module at its first call: a decoder process cannot open its file."""
    import numpy as np  # noqa: PLC0415 - needed only by processes that decode

    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _around(jumps: _Levels, first: int, columns: int) -> tuple[_Levels, _Levels]:
    """Half a row of blocks before and behind."""
    half, behind = columns // 2, first + columns
    return jumps[max(0, first - half) : first], jumps[behind : behind + half]


def _share(of: NDArray[np.bool_]) -> float:
    return float(of.mean()) if of.size else 0.0
