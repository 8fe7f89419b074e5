"""Works around the hole only: groups of hole pixels, tiles that cover a large group, and their seams."""

import cv2
import numpy as np

from inpaintkit.baselines import half_size

MIN_BLOCK = 16  # pixels


def hole_groups(hole, margin):
    """Groups of hole pixels, each with a window around it. Pixels less than `margin` apart are one group.

    Args:
        hole: bool (H, W), True in the hole.
        margin: known pixels around a group, where the image has them.

    Yields:
        (window, own): a pair of slices, and bool (h, w), the pixels of this group in the window. A window
        may hold pixels of other groups, too.
    """
    block, blocks = max(margin, MIN_BLOCK), hole
    for _ in range(2):  # rows of blocks, then their columns; much faster than np.logical_or.reduceat
        blocks = np.stack([blocks[i : i + block].any(axis=0) for i in range(0, len(blocks), block)]).T
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(np.uint8(blocks), connectivity=8)
    for group in range(1, count):
        left, top, width, height, _ = boxes[group] * block
        box = slice(top, top + height), slice(left, left + width)
        inside = _own(hole, box, labels, block, group)
        window = []
        for side, part, axis in zip(hole.shape, box, (1, 0), strict=True):
            used = part.start + np.flatnonzero(inside.any(axis))
            window.append(slice(max(0, used[0] - margin), min(side, used[-1] + 1 + margin)))
        yield tuple(window), _own(hole, tuple(window), labels, block, group)


def _own(hole, window, labels, block, group):
    """The hole pixels in a window that lie in the blocks of a group, bool (h, w)."""
    rows, columns = (
        np.arange(part.start, min(part.stop, side)) for part, side in zip(window, hole.shape, strict=True)
    )
    return hole[window] & (labels[np.ix_(rows // block, columns // block)] == group)


def fill_tiled(image, hole, own, fill, tile, margin, report):
    """Fills a hole in tiles of at most `tile` × `tile` pixels.

    Each tile takes what earlier tiles filled as known, and the two are mixed over half a margin. In an image
    larger than a tile, what is deeper in the hole than `margin` is filled at half the size (again by tiles)
    and enlarged, and the tiles then take it as known. So every pixel is filled by a tile that holds known
    pixels near it, and no tile holds a wide hole: for `biharmonic`, a hole as large as the tile would need
    gigabytes.

    Args:
        image: float32 (H, W, 3). hole: bool (H, W).
        own: bool (H, W), the pixels of the hole that are wanted; the others may stay 0.
        fill: a function of one image, 0 in the hole, and its hole.
        tile, margin: pixels.
        report: called after each tile with the number of pixels filled since the last call.

    Returns:
        float32 (H, W, 3).
    """
    filled, done = np.where(hole[..., None], 0, image), ~hole
    if max(hole.shape) > tile:
        deep = cv2.distanceTransform(np.uint8(hole), cv2.DIST_L2, cv2.DIST_MASK_5) > margin
        if deep.any():
            filled[deep] = _coarse(filled, hole, own, fill, tile, margin, report)[deep]
            done |= deep
            report(np.count_nonzero(deep & own))
    for window, kept in tile_windows(hole.shape, tile, margin):
        if new := np.count_nonzero(kept & own[window] & ~done[window]):
            _fill_tile(filled[window], hole[window], done[window], kept, fill, margin / 2)
            report(new)
    return filled


def _fill_tile(filled, hole, done, kept, fill, ramp):
    """Fills the kept pixels of one tile in place: `filled` and `done` are views.

    What earlier tiles filled counts as known, except within `ramp` pixels of what is new: there both fills
    are mixed, so that there is no step between tiles.
    """
    new = kept & ~done
    distance = cv2.distanceTransform(np.uint8(~new), cv2.DIST_L2, cv2.DIST_MASK_5)
    weight = np.where(hole, np.clip(1 - distance / max(ramp, 1), 0, 1), 0)
    todo = hole & (~done | (weight > 0))
    painted = fill(np.where(todo[..., None], 0, filled), todo)
    written = new | (done & (weight > 0))
    filled[written] += weight[written, None] * (painted[written] - filled[written])
    done |= new


def _coarse(image, hole, own, fill, tile, margin, report):
    """The fill of the image at half the size, enlarged."""
    sums, known = half_size(image, (~hole).astype("float32"))
    small = sums / np.maximum(known, 0.25)[..., None]
    _, others = half_size(image, (~own).astype("float32"))
    small = fill_tiled(small, known == 0, others == 0, fill, tile, margin, lambda _: report(0))
    return cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)[
        : hole.shape[0], : hole.shape[1]
    ]


def tile_windows(shape, tile, margin):
    """Tiles that cover an image: pairs of slices, and bool (h, w), the pixels of the tile that are kept.

    A kept pixel is at least `margin` away from the border of its tile, unless that is the image's border.
    """
    for rows, kept_rows in _spans(shape[0], tile, margin):
        for columns, kept_columns in _spans(shape[1], tile, margin):
            yield (rows, columns), np.logical_and.outer(kept_rows, kept_columns)


def _spans(length, tile, margin):
    """Slices of at most `tile` pixels along one side, and which of their pixels are kept, bool."""
    size = min(tile, length)
    count = -(-max(1, length - 2 * margin) // (tile - 2 * margin)) if length > tile else 1
    for start in np.linspace(0, length - size, count).round().astype(int):
        position = np.arange(start, start + size)
        after, before = position >= start + margin, position < start + size - margin
        yield slice(start, start + size), (after | (start == 0)) & (before | (start + size == length))
