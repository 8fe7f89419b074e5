"""What does `ik.inpaint` cost? Time and memory against image size and hole: `python benchmarks/inpaint.py`.

A photograph that comes with scikit-learn is enlarged to 1, 3 and 12 megapixels. The hole is one ellipse (an
object to remove: as wide as a hole of this share can be) or strokes of a brush. Each row is measured in a
process of its own: seconds of the call, wall and processor (all cores together), and the peak of resident
memory of the whole process, with Python, the libraries, the image and the result. Loading a network comes
before and is not counted. Known pixels are checked to be bit-exact.
"""

import argparse
import itertools
import json
import math
import resource
import subprocess
import sys
import time

import cv2
import numpy as np

METHODS = ("telea", "heat", "biharmonic", "photos")
SIZES = {1: (866, 1154), 3: (1500, 2000), 12: (3000, 4000)}  # megapixels: (height, width)
ROWS = [(1, 0.05, "ellipse"), (3, 0.05, "ellipse")]  # megapixels, share of the image that is hole, its shape
ROWS += [(12, share, "ellipse") for share in (0.0001, 0.001, 0.01, 0.05)] + [(12, 0.05, "strokes")]


def photograph(height, width):
    """The enlarged photograph, uint8 (height, width, 3)."""
    from sklearn.datasets import load_sample_image

    return cv2.resize(load_sample_image("china.jpg"), (width, height), interpolation=cv2.INTER_CUBIC)


def draw_mask(height, width, share, shape):
    """A mask, bool (height, width), of which about this share is hole."""
    mask, pixels = np.ones((height, width), "uint8"), share * height * width
    if shape == "ellipse":
        short = math.sqrt(pixels / math.pi / 1.5)
        cv2.ellipse(mask, (width // 2, height // 2), (round(1.5 * short), round(short)), 30, 0, 360, 0, -1)
        return mask > 0
    rng, brush = np.random.default_rng(0), max(4, height // 60)
    while np.count_nonzero(mask == 0) < pixels:
        start = rng.random(2) * (width, height)
        path = start + np.cumsum(rng.normal(0, 2 * brush, (8, 2)), axis=0)
        cv2.polylines(mask, [path.astype("int32")], False, 0, brush)
    return mask > 0


def measure(method, megapixels, share, shape):
    """One row, measured in this process."""
    import inpaintkit as ik

    image = photograph(*SIZES[megapixels])
    mask = draw_mask(*SIZES[megapixels], share, shape)
    method = ik.inpainting.find_method(method)
    if hasattr(method, "network"):
        method(np.zeros((1, 64, 64, 3)), np.ones((1, 64, 64, 1)))  # TensorFlow builds its graph
    wall, processor = time.perf_counter(), time.process_time()
    filled = ik.inpaint(image, mask, method)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    assert np.array_equal(filled[mask], image[mask])
    mse = np.mean(np.square(filled[~mask] / 255 - image[~mask] / 255))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB, on Linux
    share = np.count_nonzero(~mask) / mask.size
    return {"share": share, "wall": wall, "cpu": processor, "peak": peak, "psnr": -10 * math.log10(mse)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", default=",".join(METHODS), help="names that ik.inpaint knows")
    parser.add_argument("--only", nargs=4, help="method, megapixels, share, shape: one row as JSON")
    options = parser.parse_args()
    if options.only:
        method, megapixels, share, shape = options.only
        print(json.dumps(measure(method, int(megapixels), float(share), shape)))
        sys.exit()
    print("| method | image | hole | seconds, wall | processor | peak MiB | hole PSNR dB |")
    print("|---|---|---|---|---|---|---|")
    for method, (megapixels, share, shape) in itertools.product(options.methods.split(","), ROWS):
        only = ["--only", method, str(megapixels), str(share), shape]
        command = [sys.executable, __file__, *only]
        row = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        print(
            f"| {method} | {megapixels} MP | {row['share']:.2%}, {shape} | {row['wall']:.1f} "
            f"| {row['cpu']:.1f} | {row['peak']:,.0f} | {row['psnr']:.1f} |",
            flush=True,
        )
