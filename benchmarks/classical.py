"""What do the classical methods reach, and what do they cost? `python benchmarks/classical.py [folder …]`.

The embedded photographs, and any folders named, at 178×178, with seven lines (the studied face report's) and
with one wide hole: decibels in the hole, milliseconds of processor time an image on one core, and those
over Telea's, all in one run; the quick methods take turns for several rounds, and the best one counts. Then
`biharmonic` at 512×512 against scikit-image as usually called, on float32 images.
"""

import sys
import time

import cv2
import keras
import numpy as np
from skimage.restoration import inpaint_biharmonic

import inpaintkit as ik

SIDE, COUNT, ROUNDS = 178, 12, 5
WIDE = 64  # pixels
LINES = ik.masks.Lines(count=7, thickness=(1, 11))


def square(count, side, hole):
    """Masks with a hole of that many pixels in the middle."""
    masks, start = np.ones((count, side, side, 1), "float32"), (side - hole) // 2
    masks[:, start : start + hole, start : start + hole] = 0
    return masks


def timed(method, *args):
    start = time.process_time()
    filled = method(*args)
    return filled, time.process_time() - start


def table(images, masks):
    """Method → (dB in the hole, ms an image); the slow ones run once."""
    found = {}
    for turn in range(ROUNDS):
        for name, method in ik.baselines.ALL.items():
            if turn and found[name][1] > 100:
                continue
            filled, seconds = timed(method, images * masks, masks)
            decibels = float(keras.ops.mean(ik.metrics.psnr(images, filled, 1 - masks)))
            least = min(found[name][1] if turn else np.inf, 1e3 * seconds / len(images))
            found[name] = decibels, least
    return found


if __name__ == "__main__":
    cv2.setNumThreads(1)
    for source in ["photos", *sys.argv[1:]]:
        images = ik.data.images(source, "test", SIDE, count=COUNT).as_float()
        lines, wide = LINES.sample(len(images), SIDE, SIDE, seed=0), square(len(images), SIDE, WIDE)
        columns = [table(images, masks) for masks in (lines, wide)]
        print(f"{len(images)} images of {source} at {SIDE}², {LINES}: {1 - lines.mean():.1%} missing\n")
        print(f"| method | lines, dB | ms | × Telea | hole of {WIDE}², dB | ms | × Telea |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for name in columns[0]:
            cells = [(c[name][0], c[name][1], c[name][1] / c["Telea"][1]) for c in columns]
            print(f"| {name} |", " | ".join(f"{d:.2f} | {ms:.1f} | {t:.2f}" for d, ms, t in cells), "|")
        print(flush=True)

    images = ik.data.images("photos", "test", 512, count=1).as_float()
    print("| 512×512, holes | `biharmonic`, s | scikit-image in float32, s | furthest apart |")
    print("|---|---:|---:|---:|")
    for name, masks in {
        "lines, 20 %": ik.masks.Lines(hole_ratio=(0.19, 0.21)).sample(1, 512, 512, seed=0),
        "strokes, 20 %": ik.masks.Strokes(hole_ratio=(0.19, 0.21)).sample(1, 512, 512, seed=0),
        "one of 228×228, 20 %": square(1, 512, 228),
    }.items():
        ours, seconds = timed(ik.baselines.biharmonic, images, masks)
        holed, hole = (images * masks)[0], masks[0, ..., 0] == 0
        plain, others = timed(lambda x, h: inpaint_biharmonic(x, h, channel_axis=-1), holed, hole)
        print(f"| {name} | {seconds:.2f} | {others:.2f} | {np.abs(ours[0] - plain).max():.5f} |", flush=True)
