"""What does partial convolution cost? `PConv2D` against `Conv2D`, in one run: `python benchmarks/pconv.py`.

Times one training step (forward and backward) and one forward pass of a single layer, alternating the two
layers so that a machine's drift falls on both, and prints the ratio of the medians. Works on every back
end, through `train_on_batch` and `predict_on_batch`; both layers' times include bringing the batch in.
"""

import statistics
import time

import keras
import numpy as np

import inpaintkit as ik

CASES = [  # height = width, channels in, channels out, kernel, stride
    (128, 64, 64, 3, 1),
    (64, 128, 128, 3, 1),
    (32, 256, 256, 3, 2),
    (256, 3, 64, 7, 2),
]
BATCH, ROUNDS = 8, 15


def model(side, channels, filters, kernel, stride, partial, use_bias):
    """One layer over [features, mask], as a trainable model."""
    inputs = [keras.Input((side, side, channels)), keras.Input((side, side, 1))]
    settings = {"strides": stride, "padding": "same", "use_bias": use_bias}
    if partial:
        y, _ = ik.layers.PConv2D(filters, kernel, **settings)(inputs)
    else:
        y = keras.layers.Conv2D(filters, kernel, **settings)(inputs[0])
    network = keras.Model(inputs, y)
    network.compile("sgd", "mse", jit_compile=False)
    return network


def ratio(case, use_bias, training):
    """Median time of the partial layer over that of the plain one."""
    side, channels, filters, _, stride = case
    x = [np.random.rand(BATCH, side, side, channels).astype("float32")]  # noqa: NPY002
    x.append(ik.masks.Strokes(hole_ratio=(0.2, 0.4)).sample(BATCH, side, side))
    y = np.zeros((BATCH, side // stride, side // stride, filters), "float32")
    plain, partial = (model(*case, partial, use_bias) for partial in (False, True))
    times = {plain: [], partial: []}
    for i in range(ROUNDS + 2):
        for network, seen in times.items():
            start = time.perf_counter()
            network.train_on_batch(x, y) if training else network.predict_on_batch(x)
            if i >= 2:  # the first rounds compile
                seen.append(time.perf_counter() - start)
    return statistics.median(times[partial]) / statistics.median(times[plain])


if __name__ == "__main__":
    print(f"PConv2D / Conv2D, {keras.backend.backend()}, batch {BATCH}, median of {ROUNDS}\n")
    print(
        "| layer | forward | training step | without bias: forward | training step |\n|---|---|---|---|---|"
    )
    for case in CASES:
        side, channels, filters, kernel, stride = case
        cells = [f"{ratio(case, bias, training):.2f}" for bias in (True, False) for training in (False, True)]
        print(
            f"| {side}², {channels} → {filters}, k{kernel}, stride {stride} | {' | '.join(cells)} |",
            flush=True,
        )
