"""Measures how long a comparison takes: 1,000 images of 64×64, four fast methods, all metrics and intervals.

python benchmarks/compare.py [COUNT]
"""

import sys
import time

import numpy as np

import inpaintkit as ik

count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
photos = ik.data.images("photos", "test", 64).as_float()
images = np.concatenate([photos] * -(-count // len(photos)))[:count]
fast = {name: ik.baselines.CLASSICAL[name] for name in ("masked input", "mean colour", "Telea", "heat")}
holes = ik.masks.Lines(hole_ratio=(0.01, 0.6))
ik.compare(fast, images[:32], holes)  # imports, and the first calls of TensorFlow

start, processor = time.perf_counter(), time.process_time()
table = ik.compare(fast, images, holes)
seconds, processor = time.perf_counter() - start, time.process_time() - processor
methods = table[(table.bucket == "all") & (table.region == "image")].ms.sum() * count / 1000
print(f"{count:,} images of 64×64, {len(fast)} methods: {seconds:.1f} s, {processor:.1f} s of processor time")
print(f"filling {methods / seconds:.0%}, measuring and resampling {1 - methods / seconds:.0%}")
