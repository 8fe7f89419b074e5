"""The same tables on a GPU, under JAX. `KERAS_BACKEND=jax python benchmarks/gpu.py [PART …] [--images FILE]`.

pconv     partial convolution and plain layers (`pconv.py`): time, and what a training step needs in memory
networks  training step, forward and latency of three networks: float32 with TF32 (which is JAX's default on
          a GPU), exact float32, and mixed_bfloat16
tf32      what TF32 does to SSIM, and to the fills of shipped weights
shapes    how often Keras compiles: with a batch that is not full, and for images of several sizes

Times are wall time, medians of rounds in which the variants take turns. Before that, all functions of a table
are compiled, in several threads; while they are timed, nothing else runs. Neither OpenCV nor TensorFlow is
needed: images are smooth noise, or those of an .npz file (its first array, uint8 (N, S, S, 3)); the holes are
blocks of 8×8 pixels. Results are written to `benchmarks/results/gpu.json` after each table, beside those of
parts that were measured before; `--markdown` only prints them.
"""

import argparse
import contextlib
import datetime
import itertools
import json
import os
import platform
import statistics
import sys
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
import keras
import numpy as np
import pconv
from gpu_tables import FORWARD, PRECISIONS, STEP, markdown
from keras import ops

import inpaintkit as ik
from inpaintkit.files import replacing

RESULTS = Path(__file__).parent / "results/gpu.json"
NETWORKS = ("residual_unet", "prefilled_unet", "pconv_unet")
NOISES = (0.002, 0.01, 0.05)  # standard deviations of what is added to images before SSIM is measured


class Job(NamedTuple):
    """A function that is being compiled, and its arguments in the computer's memory."""

    compiled: Future
    state: Any  # all that a training step changes
    batch: list
    training: bool = False


def smooth_noise(count, side, low=0.0, high=1.0):
    """Images of smooth colours with little noise, float32 (count, side, side, 3)."""
    rng, place = np.random.default_rng(0), np.linspace(0, 8, side)
    weights = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(9)))  # (side, 9): linear interpolation
    images = np.einsum("hi,wj,nijc->nhwc", weights, weights, rng.random((count, 9, 9, 3)))
    images = low + (high - low) * images + rng.normal(0, 0.01, images.shape)
    return np.clip(images, 0, 1).astype("float32")


def block_masks(count, height, width):
    """Masks with a quarter missing, in blocks of 8×8 pixels, float32 (count, height, width, 1)."""
    rows, columns = -(-height // 8), -(-width // 8)
    known = np.random.default_rng(1).random((count, rows, columns)) >= 0.25
    masks = known.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width, None]
    return masks.astype("float32")


def noise_for(network, batch):
    """Inputs and a target for a network, as `pconv.example` makes them, but without OpenCV."""
    rng, x = np.random.default_rng(0), []
    for tensor in network.inputs:
        shape = (batch, *tensor.shape[1:])
        x.append(block_masks(*shape[:3]) if shape[-1] == 1 else rng.random(shape, "float32"))
    return x, np.zeros((batch, *network.output_shape[1:]), "float32")


@contextlib.contextmanager
def building(policy="float32"):
    """Networks built here have this dtype policy; their first weights are computed on the CPU.

    On the GPU, each small operation of each shape would be compiled first.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        with keras.device("cpu:0"):
            yield
    finally:
        keras.config.set_dtype_policy(before)


def values(variables):
    return [np.array(ops.convert_to_numpy(variable)) for variable in variables]


def compiling(pool, function, *arguments, precision="default", donate=()):
    """Compiles a function for these arguments in another thread."""
    with jax.default_matmul_precision(precision):
        return pool.submit(jax.jit(function, donate_argnums=donate).lower(*arguments).compile)


def forward_job(pool, network, x, precision="default"):
    def forward(state, x):
        return network.stateless_call(*state, x, training=False)[0]

    state = values(network.trainable_variables), values(network.non_trainable_variables)
    return Job(compiling(pool, forward, state, x, precision=precision), state, [x])


def step_job(pool, network, x, y, loss, precision="default"):
    """A training step with Adam, in which the new weights take the place of the old ones."""
    with building():
        optimizer = keras.optimizers.Adam(1e-4)
        optimizer.build(network.trainable_variables)

    def step(state, x, y):
        def compute(trainable):
            output, others = network.stateless_call(trainable, state[1], x, training=True)
            return loss(x, y, ops.cast(output, "float32")), others

        (value, others), gradients = jax.value_and_grad(compute, has_aux=True)(state[0])
        trainable, slots = optimizer.stateless_apply(state[2], gradients, state[0])
        return (trainable, others, slots), value

    parts = network.trainable_variables, network.non_trainable_variables, optimizer.variables
    state = tuple(map(values, parts))
    compiled = compiling(pool, step, state, x, y, precision=precision, donate=(0,))
    return Job(compiled, state, [x, y], training=True)


def mse(x, y, output):
    return ops.mean(ops.square(y - output))


def hole_valid(x, y, output):
    return ops.mean(ik.losses.HoleValidLoss().call(ops.concatenate([y, x[1]], axis=-1), output))


def running(job):
    """A function that runs a job once, with the arguments on the device already."""
    compiled, state, batch = job.compiled.result(), [jax.device_put(job.state)], jax.device_put(job.batch)

    def run():
        result = compiled(state[0], *batch)
        if job.training:
            state[0], result = result
        return result

    return run


def measure(jobs, rounds, in_a_row=20):
    """{name: {"ms": median time of a call, "host": how much of it passed before the last call had begun}}.

    A sample is several calls of about 10 ms together, at most `in_a_row`. With "host" near 1, the time is
    not the GPU's but that in which Python starts the calls.
    """
    runs, calls = {name: running(job) for name, job in jobs.items()}, {}
    for name, run in runs.items():
        for _ in range(3):  # the last one counts
            begun = time.perf_counter()
            jax.block_until_ready(run())
        calls[name] = int(np.clip(0.01 / (time.perf_counter() - begun), 1, in_a_row))
    times, hosts = ({name: [] for name in runs} for _ in range(2))
    for _, (name, run) in itertools.product(range(rounds), runs.items()):
        begun = time.perf_counter()
        for _ in range(calls[name]):
            result = run()
        started = time.perf_counter()
        jax.block_until_ready(result)
        seconds = time.perf_counter() - begun
        times[name].append(1000 * seconds / calls[name])
        hosts[name].append((started - begun) / seconds)
    return {
        name: {
            "ms": round(statistics.median(times[name]), 4),
            "host": round(statistics.median(hosts[name]), 2),
        }
        for name in runs
    }


def pconv_cases(small):
    """{table: {case: function of `partial` that builds its network}}."""
    layers, levels, sides, filters = pconv.LAYERS, pconv.LEVELS, pconv.SIDES, ()
    if small:
        layers, levels, sides, filters = [(16, 4, 4, 3, 1)], [(16, 4, 8, 4)], (32,), ((4, 8),)
    bind = pconv.bind_case
    return {
        "layers": {pconv.layer_name(*case): bind(pconv.layer_model, *case) for case in layers},
        "levels": {pconv.level_name(*case): bind(pconv.level_model, *case) for case in levels},
        "networks": {f"{side}²": bind(pconv.network_model, side, *filters) for side in sides},
    }


def measure_pconv(options, keep):
    kept = {}
    for table, cases in pconv_cases(options.small).items():
        jobs = {}
        for (case, make), (kind, partial) in itertools.product(
            cases.items(), {"plain": False, "partial": True}.items()
        ):
            with building():
                network = make(partial)
            x, y = noise_for(network, options.batch)
            jobs[case, FORWARD, kind] = forward_job(options.pool, network, x)
            jobs[case, STEP, kind] = step_job(options.pool, network, x, y, mse)
        wait(jobs)
        kept[table] = {}
        for case, way in itertools.product(cases, (FORWARD, STEP)):
            pair = {kind: jobs[case, way, kind] for kind in ("plain", "partial")}
            row = measure(pair, options.rounds)
            for kind, job in pair.items():
                analysis = job.compiled.result().memory_analysis()
                row[kind]["MiB"] = round(analysis.temp_size_in_bytes / 2**20, 2)
            kept[table].setdefault(case, {})[way] = row
        keep(kept)


def wait(jobs):
    """Nothing is timed before all is compiled."""
    for job in jobs.values():
        job.compiled.result()


def measure_networks(options, keep):
    side, large, settings = (32, 48, {"filters": (4, 8)}) if options.small else (128, 256, {})
    image, mask = smooth_noise(options.batch, side), block_masks(options.batch, side, side)
    one, one_mask = smooth_noise(1, large), block_masks(1, large, large)
    latency, kept, jobs = f"one image of {large}²", {}, {}
    for name, (variant, (policy, precision)) in itertools.product(NETWORKS, PRECISIONS.items()):
        with building(policy):
            network = getattr(ik.models, name)(**settings)
        x = [image * mask, mask]
        jobs[name, STEP, variant] = step_job(options.pool, network, x, image, hole_valid, precision)
        jobs[name, FORWARD, variant] = forward_job(options.pool, network, x, precision)
        jobs[name, latency, variant] = forward_job(
            options.pool, network, [one * one_mask, one_mask], precision
        )
    wait(jobs)
    for name, way in itertools.product(NETWORKS, (STEP, FORWARD, latency)):
        variants = {variant: jobs[name, way, variant] for variant in PRECISIONS}
        row = measure(variants, options.rounds, in_a_row=1 if way == latency else 20)
        images = 1 if way == latency else options.batch
        for numbers in row.values():
            numbers["images per second"] = round(1000 * images / numbers["ms"], 1)
        kept.setdefault(name, {})[way] = row
        if way == latency:
            keep(kept)


def exact_ssim(x, y):
    """SSIM by its formula in float64, (B,): as `ik.metrics.ssim` defines it."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()

    def blur(a):
        a = sum(tap * a[:, k : a.shape[1] - 10 + k] for k, tap in enumerate(taps))
        return sum(tap * a[:, :, k : a.shape[2] - 10 + k] for k, tap in enumerate(taps))

    x, y = x.astype("float64"), y.astype("float64")
    mean_x, mean_y = blur(x), blur(y)
    variances = blur((x - 0.5) ** 2 + (y - 0.5) ** 2) - (mean_x - 0.5) ** 2 - (mean_y - 0.5) ** 2
    covariance = blur((x - 0.5) * (y - 0.5)) - (mean_x - 0.5) * (mean_y - 0.5)
    numerator = (2 * mean_x * mean_y + 0.01**2) * (2 * covariance + 0.03**2)
    denominator = (mean_x**2 + mean_y**2 + 0.01**2) * (variances + 0.03**2)
    return (numerator / denominator).mean(axis=(1, 2, 3))


def exact_psnr(x, y, mask):
    """PSNR of the hole in float64, dB (B,)."""
    hole = np.broadcast_to(1.0 - mask, x.shape)
    error = (hole * (x.astype("float64") - y) ** 2).sum(axis=(1, 2, 3)) / hole.sum(axis=(1, 2, 3))
    return -10 * np.log10(error)


def differences(values, exact):
    error = np.abs(np.asarray(values, "float64") - exact)
    return {"largest": float(error.max()), "mean": float(error.mean())}


def measure_tf32(options, keep):
    images = given_images(options)
    side = images.shape[1]
    sources = {"given" if options.images else "smooth noise": images}
    sources["bright and almost flat"] = smooth_noise(len(images), side, 0.85, 0.95)
    kept, jobs, rng = {"ssim": {}, "fills": {}}, {}, np.random.default_rng(2)
    pairs = {
        f"{source}, noise {noise}": (x, np.clip(x + rng.normal(0, noise, x.shape), 0, 1).astype("float32"))
        for (source, x), noise in itertools.product(sources.items(), NOISES)
    }
    for variant in ("TF32", "float32"):
        compiled = compiling(options.pool, ik.metrics.ssim, images, images, precision=PRECISIONS[variant][1])
        jobs[variant] = Job(compiled, images, [images])
    fills = {}
    mask = block_masks(len(images), *images.shape[1:3])
    for variant, (policy, precision) in PRECISIONS.items():
        with building(policy):
            network = ik.load(options.weights)
        fills[variant] = forward_job(options.pool, network, [images * mask, mask], precision)
    wait(jobs | fills)
    for name, (x, y) in pairs.items():
        exact = exact_ssim(x, y)
        kept["ssim"][name] = {
            variant: differences(job.compiled.result()(x, y), exact) for variant, job in jobs.items()
        }
    kept["ssim time"] = measure(jobs, options.rounds)
    kept["weights"] = options.weights
    filled = {name: np.asarray(running(job)(), "float32") for name, job in fills.items()}
    filled = {name: images * mask + x * (1 - mask) for name, x in filled.items()}
    ssim = {name: exact_ssim(images, x) for name, x in filled.items()}
    psnr = {name: exact_psnr(images, x, mask) for name, x in filled.items()}
    for name in filled:
        kept["fills"][name] = {
            "values": differences(filled[name], filled["float32"]),
            "SSIM": float(ssim[name].mean()),
            "SSIM differs": differences(ssim[name], ssim["float32"]),
            "hole PSNR": float(psnr[name].mean()),
            "hole PSNR differs": differences(psnr[name], psnr["float32"]),
        }
    keep(kept)


def given_images(options):
    """The images of the file, float32 in [0, 1], or smooth noise."""
    if not options.images:
        return smooth_noise(2 if options.small else 32, 32 if options.small else 128)
    with np.load(options.images) as file:
        images = file[file.files[0]]
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (images.shape[1],) * 2 + (3,):
        raise ValueError(f"{options.images}: {images.dtype} {images.shape}: expected uint8 (N, S, S, 3)")
    return images.astype("float32") / 255


@contextlib.contextmanager
def counting(name):
    """Yields a list of the seconds that each compilation of a function of this name takes."""
    seconds = []

    def listen(event, duration, fun_name="", **_):
        if event.endswith("backend_compile_duration") and name in fun_name:
            seconds.append(round(duration, 2))

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield seconds
    name = "nothing is called so"  # JAX has no public function that takes a listener away


def measure_shapes(options, keep):
    kept, side = {}, 32
    for name, count in (
        ("all: batches of 4, 4 and 2", 10),
        ("with drop_last: batches of 4 and 4", 8),
    ):
        model = ik.Inpainter(ik.models.pconv_unet(filters=(4, 8)))
        model.compile("adam", ik.losses.HoleValidLoss())
        images, masks = smooth_noise(10, side)[:count], block_masks(10, side, side)[:count]
        for epochs in ("first epoch", "two more epochs"):
            with counting("step") as seconds:
                model.fit([images * masks, masks], images, 4, 1 + ("two" in epochs), verbose=0)
            kept[f"fit of 10 images, {name}; {epochs}"] = seconds
    network = ik.models.pconv_unet(filters=(4, 8))
    for turn in ("images of five sizes", "the same five sizes again"):
        with counting("step") as seconds:
            for size in (32, 40, 48, 56, 64):
                image, mask = smooth_noise(1, size), block_masks(1, size, size)
                network.predict_on_batch([image * mask, mask])
        kept[turn] = seconds
    keep(kept)


PARTS = {"pconv": measure_pconv, "networks": measure_networks, "tf32": measure_tf32, "shapes": measure_shapes}


def about(options, seconds):
    device, versions = jax.devices()[0].device_kind, (jax.__version__, keras.__version__, np.__version__)
    text = (
        f"{datetime.date.today()}, {device}, Python {platform.python_version()}, JAX %s, Keras %s, NumPy %s"
    )
    return f"{text % versions}; batch {options.batch}, {options.rounds} rounds; {seconds:.0f} s"


def run_part(part, options, results):
    """Measures a part and writes each of its tables; whether it reached the end."""
    begun = time.perf_counter()

    def keep(tables):
        seconds = time.perf_counter() - begun
        results[part] = {"about": about(options, seconds), "tables": tables}
        options.out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(options.out) as file:
            file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(f"{part}: {seconds:.0f} s", flush=True)

    try:
        PARTS[part](options, keep)
    except Exception:  # the machine is lent for a short time: the other parts still run
        traceback.print_exc()
        return False
    return True


def main(options):
    results = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
    parts = [] if options.markdown else options.parts or PARTS
    failed = [part for part in parts if not run_part(part, options, results)]
    print("\n".join(markdown(results)))
    sys.exit(f"not finished: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--images", type=Path, help=".npz file of uint8 (N, S, S, 3), for tf32")
    parser.add_argument(
        "--weights", default="photos", help=f"for tf32: one of {', '.join(ik.pretrained.NAMES)}"
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--small", action="store_true", help="tiny shapes and one round: does it run?")
    parser.add_argument("--markdown", action="store_true", help="only prints the tables of --out")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(unknown)}; expected some of {', '.join(PARTS)}")
    if keras.backend.backend() != "jax":
        parser.error(f"Keras computes with {keras.backend.backend()}: expected KERAS_BACKEND=jax")
    if options.small:
        options.batch, options.rounds = 2, 1
    options.pool = ThreadPoolExecutor(os.cpu_count())
    main(options)
