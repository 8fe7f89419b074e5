"""How many masks per second? Every generator at 256×256: `python benchmarks/masks.py [folder of masks]`.

Measured is `sample` on one core, in batches of 16 as in training: float32 (16, 256, 256, 1). Processor time,
the best of several rounds; all generators take turns in each round, so that other load on the machine slows
all of them. The last columns compare with a loop as usually written: one NumPy call per random number, one
OpenCV call per segment, on float32 masks.
"""

import sys
import time

import cv2
import numpy as np

from inpaintkit.masks import GENERATORS, FromFolder, Grid, Lines, MaskBank, Mixture, Text

SIDE, BATCH, BATCHES, ROUNDS = 256, 16, 20, 7
RATIO = (0.1, 0.3)


def usual_lines(count, height, width, seed):
    """Masks as the studied works draw `Lines()`."""
    rng = np.random.RandomState(seed)
    masks = []
    for _ in range(count):
        mask = np.ones((height, width, 1), "float32")
        for _ in range(rng.randint(6, 10)):
            x1, x2 = rng.randint(width), rng.randint(width)
            y1, y2 = rng.randint(height), rng.randint(height)
            cv2.line(mask, (x1, y1), (x2, y2), 0, rng.randint(4, 6))
        masks.append(mask)
    return np.stack(masks)


def usual_strokes(count, height, width, seed):
    """Masks of free-form strokes as usually drawn: `Strokes()` segment by segment."""
    rng = np.random.RandomState(seed)
    masks = []
    for _ in range(count):
        mask = np.ones((height, width, 1), "float32")
        for _ in range(rng.randint(1, 5)):
            x, y, brush = rng.randint(width), rng.randint(height), rng.randint(4, 11)
            heading = rng.uniform(0, 2 * np.pi)
            for vertex in range(rng.randint(4, 13)):
                turn = 2 * np.pi / 5 + rng.uniform(-1, 1) * 2 * np.pi / 15
                angle = heading + (turn if vertex % 2 else -turn)
                length = max(1, rng.normal((height + width) / 8, (height + width) / 16))
                to_x = int(np.clip(x + length * np.cos(angle), 0, width - 1))
                to_y = int(np.clip(y + length * np.sin(angle), 0, height - 1))
                cv2.line(mask, (x, y), (to_x, to_y), 0, brush)
                cv2.circle(mask, (to_x, to_y), brush // 2, 0, -1)
                x, y = to_x, to_y
        masks.append(mask)
    return np.stack(masks)


def rates(samplers):
    """Masks per second of each `sample(count, height, width, seed)`, the best of ROUNDS."""
    best = dict.fromkeys(samplers, 0)
    for sample in samplers:
        sample(BATCH, SIDE, SIDE, 0)
    for _ in range(ROUNDS):
        for sample in samplers:
            start = time.process_time()
            for seed in range(BATCHES):
                sample(BATCH, SIDE, SIDE, seed)
            best[sample] = max(best[sample], BATCH * BATCHES / (time.process_time() - start))
    return best


if __name__ == "__main__":
    cv2.setNumThreads(1)
    special = (Grid, Mixture, FromFolder, MaskBank)
    table = {each.__name__: (each(), each().with_ratio(RATIO)) for each in GENERATORS if each not in special}
    table["Mixture of Lines, Text"] = tuple(Mixture([Lines(), Text()], hole_ratio=r) for r in (None, RATIO))
    table["Grid"] = (Grid(),)
    banks = [MaskBank(each, 200) for each in table["Scratches"]]
    table["MaskBank of Scratches"] = tuple(banks)
    if len(sys.argv) > 1:
        folder = FromFolder(sys.argv[1])
        table["FromFolder"] = folder, folder.with_ratio(RATIO)
        table["MaskBank of FromFolder"] = tuple(MaskBank(each, 200) for each in table["FromFolder"])
    usual = {"Lines": usual_lines, "Strokes": usual_strokes}
    found = rates([each.sample for row in table.values() for each in row] + list(usual.values()))

    print(f"Masks per second at {SIDE}×{SIDE}, one core, batches of {BATCH}, OpenCV {cv2.__version__}\n")
    print("| generator | no ratio set | ratio 0.1–0.3 kept | usual loop | gain |\n|---|---:|---:|---:|---:|")
    for name, row in table.items():
        cells = [f"{found[each.sample]:,.0f}" for each in row] + [""] * (2 - len(row))
        if name in usual:
            loop = found[usual[name]]
            cells += [f"{loop:,.0f}", f"{found[row[0].sample] / loop:.1f}×"]
        print(f"| {name} | {' | '.join(cells + [''] * (4 - len(cells)))} |")
