"""What do SSIM, FID and KID cost? Ours against the usual computation: `python benchmarks/metrics.py`.

SSIM: `ik.metrics.ssim` against `tf.image.ssim`, in a graph, by turns, so that both are affected alike when
the machine becomes slower. FID: `ik.metrics.frechet_distance` against SciPy's square root of the product of
covariances, on 1,000 embeddings of 2,048 numbers with decreasing variances, on one thread, because on a busy
machine several threads mostly wait for each other. Processor time, summed over threads, varies less than
elapsed time. Needs TensorFlow as the back end, and one or two minutes.
"""

import time

import numpy as np
import tensorflow as tf
from scipy.linalg import sqrtm
from threadpoolctl import threadpool_limits  # scikit-learn's

import inpaintkit as ik

SHAPE, ROUNDS = (16, 128, 128, 3), 25
IMAGES, DIMENSIONS = 1000, 2048


def seconds(function):
    """Elapsed seconds and processor seconds of one call."""
    start, start_processor = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - start, time.process_time() - start_processor


def alternate(functions, rounds=ROUNDS):
    """{name: medians of both} of functions called by turns; the first two rounds compile."""
    times = [[seconds(function) for function in functions.values()] for _ in range(rounds + 2)]
    return dict(zip(functions, np.median(times[2:], axis=0), strict=True))


def ssim():
    """Prints the times of our SSIM and of TensorFlow's: forward, and forward and backward as a loss."""
    rng = np.random.default_rng(0)
    truth = tf.constant(rng.random(SHAPE), tf.float32)
    fill = tf.clip_by_value(truth + rng.normal(0, 0.1, SHAPE).astype("float32"), 0, 1)

    def with_gradient(function):
        def step():
            with tf.GradientTape() as tape:
                tape.watch(fill)
                loss = 1 - tf.reduce_mean(function(truth, fill))
            return tape.gradient(loss, fill)

        return step

    def tensorflow_ssim(x, y):
        return tf.image.ssim(x, y, 1.0)

    forward = {
        "this kit": tf.function(lambda: ik.metrics.ssim(truth, fill)),
        "tensorflow": tf.function(lambda: tensorflow_ssim(truth, fill)),
    }
    both = {
        "this kit": tf.function(with_gradient(ik.metrics.ssim)),
        "tensorflow": tf.function(with_gradient(tensorflow_ssim)),
    }
    difference = np.abs(forward["this kit"]() - forward["tensorflow"]()).max()
    print(f"SSIM of {SHAPE}, medians of {ROUNDS} (values differ by at most {difference:.1e})\n")
    print("| | this kit | tf.image.ssim | ratio | ratio of processor time |\n|---|---:|---:|---:|---:|")
    for title, functions in (("forward", forward), ("forward and backward", both)):
        kit_times, tf_times = alternate(functions).values()
        cells = [
            f"{1000 * kit_times[0]:.0f} ms",
            f"{1000 * tf_times[0]:.0f} ms",
            *(f"{x:.2f}" for x in kit_times / tf_times),
        ]
        print(f"| {title} | {' | '.join(cells)} |", flush=True)


def by_square_root(real, fake):
    """FID as it is usually computed."""
    s, t = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    shift = ((real.mean(0) - fake.mean(0)) ** 2).sum()
    return shift + np.trace(s) + np.trace(t) - 2 * np.trace(sqrtm(s @ t)).real


def fid_and_kid():
    """Prints the time of FID both ways, their values, and KID's time."""
    rng = np.random.default_rng(0)
    spread = 1 / np.sqrt(np.arange(1, DIMENSIONS + 1))
    real = np.abs(rng.normal(size=(IMAGES, DIMENSIONS)) * spread)
    fake = np.abs(real + 0.3 * rng.normal(size=real.shape) * spread)
    kit_times = alternate(
        {
            "FID": lambda: ik.metrics.frechet_distance(real, fake),
            "KID": lambda: ik.metrics.kernel_distance(real, fake, paired=True),
        },
        rounds=5,
    )
    values = []
    sqrtm_times = np.array(seconds(lambda: values.append(by_square_root(real, fake))))
    difference = abs(ik.metrics.frechet_distance(real, fake) / values[0] - 1)
    print(f"\nFID and KID, {IMAGES:,} embeddings of {DIMENSIONS:,} (FIDs agree to {difference:.0e})\n")
    print("| | seconds | FID by sqrtm takes | ratio of processor time |\n|---|---:|---:|---:|")
    print(f"| FID by sqrtm | {sqrtm_times[0]:.1f} | | |")
    for name, taken in kit_times.items():
        ratios = " | ".join(f"{x:.0f}×" for x in sqrtm_times / taken)
        print(f"| {name}, this kit | {taken[0]:.2f} | {ratios} |")


if __name__ == "__main__":
    ssim()
    with threadpool_limits(1):
        fid_and_kid()
