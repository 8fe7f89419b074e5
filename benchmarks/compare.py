"""How long does a comparison take? `python benchmarks/compare.py [--against FOLDER] [--profile]`.

Images of 64×64, four fast methods and one whose raw output differs from its composite, every metric, all
buckets and intervals; seconds of processor time, on one thread. With `--against`, another copy of this
project (such as an older commit: `git worktree add ../old COMMIT`) does the same, in turns, and the largest
difference of each column is printed. With `--profile`, where the time goes.
"""

import os

if __name__ == "__main__":  # before the libraries are imported
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    os.environ |= dict.fromkeys(names, "1")

import argparse
import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]


def measure(count, profile=False):
    """({part: seconds}, the table) of one comparison, in this process."""
    import cv2

    import inpaintkit as ik

    cv2.setNumThreads(1)
    photos = ik.data.images("photos", "test", 64).as_float()
    images = np.concatenate([photos] * -(-count // len(photos)))[:count]
    names = ("masked input", "mean colour", "Telea", "heat")
    methods = {name: ik.baselines.CLASSICAL[name] for name in names}
    methods["darker"] = lambda x, m: 0.9 * x + 0.4 * (1 - m)
    holes = ik.masks.Lines(hole_ratio=(0.01, 0.6))
    ik.compare(methods, images[:32], holes)  # imports, and the first calls of TensorFlow
    profiler = cProfile.Profile(time.process_time)
    if profile:
        profiler.enable()
    begun = time.process_time()
    scores = ik.evaluation.score_images(methods, images, holes)
    scored = time.process_time()
    table = ik.evaluation.tabulate(scores)
    tabulated = time.process_time()
    if profile:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(40)
    return {"scores": scored - begun, "intervals": tabulated - scored}, table


def in_process(root, count, file):
    """`measure` in a process of its own, with the package of another folder."""
    command = [sys.executable, __file__, "--count", str(count), "--save", str(file)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1]), pd.read_csv(file)


def against(other, count, rounds):
    """Prints the times of both copies, their ratio, and how far their tables differ."""
    times, tables = {ROOT: [], other: []}, {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for root, spent in times.items():
                seconds, tables[root] = in_process(root, count, Path(folder, "table.csv"))
                spent.append(seconds)
    print("| part | old, s | new, s | ratio |\n|---|---:|---:|---:|")
    for part in ("scores", "intervals"):
        new, old = (min(seconds[part] for seconds in times[root]) for root in (ROOT, other))
        print(f"| {part} | {old:.2f} | {new:.2f} | {new / old:.2f} |")
    print("\nLargest differences:", end="")
    for column in tables[ROOT].select_dtypes("number").columns.drop("ms"):
        mine, theirs = (tables[root][column].to_numpy(float) for root in (ROOT, other))
        assert np.array_equal(np.isnan(mine), np.isnan(theirs)), column
        if np.isfinite(mine).any():
            print(f" {column} {np.nanmax(np.abs(mine - theirs)):.0e}", end=";")
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="images")
    parser.add_argument("--against", type=Path, help="another copy of this project")
    parser.add_argument("--rounds", type=int, default=2, help="of --against; the fastest counts")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--save", type=Path, help="where the table goes, as CSV")
    options = parser.parse_args()
    if options.against:
        against(options.against.resolve(), options.count, options.rounds)
    else:
        seconds, table = measure(options.count, options.profile)
        if options.save:
            table.to_csv(options.save, index=False)
        print(json.dumps({part: round(value, 2) for part, value in seconds.items()}))
