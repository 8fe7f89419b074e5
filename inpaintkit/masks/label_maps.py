"""Operations on label maps: uint8 (H, W), 0 where the pixel is known, else the number of the shape there."""

import cv2
import numpy as np


def lowest_pixels(depth, count):
    """The label map of the `count` pixels of lowest depth (H, W); of equal ones, the upper left ones."""
    limit = np.partition(depth, count - 1, axis=None)[count - 1]
    label_map = (depth < limit).astype("uint8")
    ties = np.flatnonzero(depth == limit)
    missing = count - cv2.countNonZero(label_map)
    label_map.reshape(-1)[ties[:missing]] = 1
    return label_map


def resize_hole(label_map, count):
    """Grows or shrinks the hole to exactly `count` pixels, evenly along its edge."""
    if cv2.countNonZero(label_map) == count:
        return label_map
    outside = cv2.distanceTransform((label_map == 0).astype("uint8"), cv2.DIST_L2, 5)
    inside = cv2.distanceTransform((label_map > 0).astype("uint8"), cv2.DIST_L2, 5)
    return lowest_pixels(outside - inside, count)


def remove_oldest(label_map, count, angle):
    """Removes `count` pixels in place: oldest shapes first, the last of them cut by a line at `angle`."""
    label = 0
    while count:
        label += 1
        pixels = np.flatnonzero(label_map == label)
        if len(pixels) > count:
            rows, columns = np.divmod(pixels, label_map.shape[1])
            position = (rows * np.sin(angle) + columns * np.cos(angle)).astype("int16")  # across the line
            pixels = pixels[np.argsort(position, kind="stable")[:count]]
        label_map.reshape(-1)[pixels] = 0
        count -= len(pixels)


def reflect_inside(position, last):
    """Mirrors whole positions outside 0…last back inside; for numbers and arrays."""
    return last - abs(position % (2 * last) - last)
