"""What do the classical methods reach and what do they cost? `python benchmarks/classical.py [folder …]`.

On the embedded photographs and on any folders given, at 178×178 pixels, with seven lines (as in the studied
report on faces) and with one wide hole. Per method: PSNR in the hole, milliseconds of processor time per
image on one core, and that time divided by Telea's, all in one run. The fast methods take turns for several
rounds, and the fastest round counts. Then `biharmonic` at 512×512 pixels against scikit-image as it is
usually called, on float32 images.
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
    """Masks (count, side, side, 1) with a square hole in the middle, `hole` pixels wide."""
    masks = np.ones((count, side, side, 1), "float32")
    start = (side - hole) // 2
    masks[:, start : start + hole, start : start + hole] = 0
    return masks


def timed(method, *args):
    """What a method returns, and its seconds of processor time."""
    start = time.process_time()
    filled = method(*args)
    return filled, time.process_time() - start


def table(images, masks):
    """{method: (PSNR in the hole in dB, ms per image)}; slow methods run once."""
    results = {}
    for turn in range(ROUNDS):
        for name, method in ik.baselines.ALL.items():
            if turn and results[name][1] > 100:
                continue
            filled, seconds = timed(method, images * masks, masks)
            psnr = float(keras.ops.mean(ik.metrics.psnr(images, filled, 1 - masks)))
            ms = 1e3 * seconds / len(images)
            results[name] = psnr, min(ms, results[name][1]) if turn else ms
    return results


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
    print("| 512×512, holes | `biharmonic`, s | scikit-image in float32, s | largest difference |")
    print("|---|---:|---:|---:|")
    for name, masks in {
        "lines, 20 %": ik.masks.Lines(hole_ratio=(0.19, 0.21)).sample(1, 512, 512, seed=0),
        "strokes, 20 %": ik.masks.Strokes(hole_ratio=(0.19, 0.21)).sample(1, 512, 512, seed=0),
        "one of 228×228, 20 %": square(1, 512, 228),
    }.items():
        fill, seconds = timed(ik.baselines.biharmonic, images, masks)
        masked, hole = (images * masks)[0], masks[0, ..., 0] == 0
        fill32, seconds32 = timed(lambda x, h: inpaint_biharmonic(x, h, channel_axis=-1), masked, hole)
        difference = np.abs(fill[0] - fill32).max()
        print(f"| {name} | {seconds:.2f} | {seconds32:.2f} | {difference:.5f} |", flush=True)
