"""What does partial convolution cost? `python benchmarks/pconv.py [PART …] [--batch 8] [--rounds 15]`.

Compares, in one run, each partial network with the plain one that computes as much:

layers    one `PConv2D` with one `Conv2D`
levels    one decoder level, `PConv2DUp`, with `UpSampling2D`, `Concatenate` and `Conv2D`
networks  `pconv_unet` with the same U-Net of plain layers, at 64×64 and 128×128
memory    what a training step of these adds to the resident memory
peers     partial convolution in PyTorch with `torch.nn.Conv2d`, where PyTorch is installed (`pconv_peers.py`)

A ratio is that of the median processor times on one thread. The networks take turns, so that whatever else
the machine does slows both. Works on every back end. Prints each table and saves it in a folder of
`benchmarks/results/pconv` that is named after the processor, with date and versions.
"""

import os

if __name__ == "__main__":  # before TensorFlow is imported
    os.environ |= dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")

import argparse
import datetime
import importlib.util
import itertools
import platform
import re
import statistics
import subprocess
import sys
import time
from functools import partial as bind
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
from keras import layers
from process_memory import added_at_peak

import inpaintkit as ik

RESULTS = Path(__file__).parent / "results/pconv"
LAYERS = [  # height = width, channels in, channels out, kernel, stride
    (128, 64, 64, 3, 1),
    (64, 128, 128, 3, 1),
    (32, 256, 256, 3, 2),
    (256, 3, 64, 7, 2),
]
LEVELS = [  # height = width, channels of the skip, channels from below, channels out
    (128, 64, 128, 64),
    (64, 128, 256, 128),
    (32, 128, 128, 128),
]
SIDES = (64, 128)  # of the images for the networks
WAYS = (False, True)  # forward, training step


def layer_model(partial, side, channels, filters, kernel, stride, use_bias=True):
    """One layer over [features, mask]."""
    inputs = [keras.Input((side, side, channels)), keras.Input((side, side, 1))]
    settings = {"strides": stride, "padding": "same", "use_bias": use_bias}
    if partial:
        y, _ = ik.PConv2D(filters, kernel, **settings)(inputs)
    else:
        y = layers.Conv2D(filters, kernel, **settings)(inputs[0])
    return trainable(keras.Model(inputs, y))


def level_model(partial, side, skip_channels, channels, filters):
    """A decoder level over [features, mask, skip, skip mask]."""
    half = side // 2
    shapes = (half, half, channels), (half, half, 1), (side, side, skip_channels), (side, side, 1)
    inputs = [keras.Input(shape) for shape in shapes]
    if partial:
        y, _ = ik.layers.PConv2DUp(filters, use_bias=False)(inputs)
    else:
        y = plain_level(inputs[0], inputs[2], filters, use_bias=False)
    return trainable(keras.Model(inputs, y))


def plain_level(x, skip, filters, **settings):
    """What `PConv2DUp` replaces, of Keras's own layers."""
    y = layers.Concatenate()([layers.UpSampling2D()(x), skip])
    return layers.Conv2D(filters, 3, padding="same", **settings)(y)


def network_model(partial, side, filters=(32, 64, 128, 128, 128)):
    """`pconv_unet`, or the same U-Net of plain layers."""
    if partial:
        return trainable(ik.models.pconv_unet((side, side, 3), filters))
    inputs = [keras.Input((side, side, 3)), keras.Input((side, side, 1))]
    x, skips = layers.Multiply()(inputs), []
    for level, width in enumerate(filters, 1):
        skips.append(x)
        kernel = {1: 7, 2: 5, 3: 5}.get(level, 3)
        x = layers.Conv2D(width, kernel, strides=2, padding="same", use_bias=level == 1)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x) if level > 1 else x)
    for level in range(len(filters), 1, -1):
        x = plain_level(x, skips[level - 1], filters[level - 2], use_bias=False)
        x = layers.LeakyReLU(0.2)(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Activation("sigmoid")(plain_level(x, skips[0], 3))
    return trainable(keras.Model(inputs, x))


def trainable(network):
    network.compile(keras.optimizers.Adam(1e-4), "mse", jit_compile=False)
    return network


def example(network, batch):
    """A batch of noise with real masks for a network, and its target, as tensors."""
    rng, holes, x = np.random.default_rng(0), ik.masks.Strokes(hole_ratio=(0.2, 0.4)), []
    for tensor in network.inputs:
        height, width, channels = tensor.shape[1:]
        if channels == 1:
            x.append(holes.sample(batch, height, width))
        else:
            x.append(rng.random((batch, height, width, channels), "float32"))
    y = np.zeros((batch, *network.output_shape[1:]), "float32")
    return [keras.ops.convert_to_tensor(a) for a in x], keras.ops.convert_to_tensor(y)


def medians(steps, rounds):
    """The median processor time of each function, called in turns."""
    times = {name: [] for name in steps}
    for _, (name, step) in itertools.product(range(rounds + 2), steps.items()):
        start = time.process_time()
        step()
        times[name].append(time.process_time() - start)
    return {name: statistics.median(seconds[2:]) for name, seconds in times.items()}  # the first two compile


def ratios(make, options):
    """Forward and training step: the time of the partial network over that of the plain one."""
    networks = {partial: make(partial) for partial in (False, True)}
    x, y = example(networks[True], options.batch)
    for training in WAYS:
        steps = {
            partial: bind(network.train_on_batch, x, y) if training else bind(network.predict_on_batch, x)
            for partial, network in networks.items()
        }
        times = medians(steps, options.rounds)
        yield times[True] / times[False]


def layer_table(options):
    header = "PConv2D / Conv2D", "forward", "training step", "without bias: forward", "training step"
    rows = []
    for case in LAYERS:
        cells = [r for bias in (True, False) for r in ratios(bind_case(layer_model, *case, bias), options)]
        rows.append((layer_name(*case), *cells))
    return header, with_mean(rows)


def level_table(options):
    header = "PConv2DUp / UpSampling2D, Concatenate, Conv2D", "multiplications", "forward", "training step"
    rows = []
    for case in LEVELS:
        _, skip, up, _ = case
        multiplications = (4 * up + 9 * skip) / (9 * up + 9 * skip)  # per pixel and filter
        rows.append((level_name(*case), multiplications, *ratios(bind_case(level_model, *case), options)))
    return header, with_mean(rows)


def network_table(options):
    header = "pconv_unet / the same U-Net of plain layers", "forward", "training step"
    return header, [(f"{side}²", *ratios(bind_case(network_model, side), options)) for side in SIDES]


def memory_table(options):
    """Each number is from a process of its own."""
    header = "a training step adds", "plain, MiB", "partial, MiB", "partial / plain"
    cases = {f"decoder level, {level_name(*LEVELS[0])}": f"level_model(partial, *{LEVELS[0]})"}
    cases |= {f"network, {side}²": f"network_model(partial, {side})" for side in SIDES}
    rows = []
    for name, make in cases.items():
        code = f"import pconv; print(pconv.added_memory(lambda partial: pconv.{make}, %s, {options.batch}))"
        plain, partial = (float(in_a_process(code % partial)) for partial in (False, True))
        rows.append((name, f"{plain:.0f}", f"{partial:.0f}", partial / plain))
    return header, rows


def peer_table(options):
    from pconv_peers import peer_steps

    header = "PyTorch / torch.nn.Conv2d", "one channel: forward", "training step"
    rows = []
    for case in LAYERS:
        cells = {}
        for training in WAYS:
            times = medians(peer_steps(*case, options.batch, training), options.rounds)
            plain = times.pop("Conv2d")
            for name, seconds in times.items():
                cells.setdefault(name, []).append(seconds / plain)
        rows.append((layer_name(*case), *itertools.chain.from_iterable(cells.values())))
    return (*header, "multi-channel: forward", "training step"), with_mean(rows)


def added_memory(make, partial, batch):
    """MiB: the peak of resident memory in two training steps, the first ones, above that before them.

    TensorFlow keeps what it once had, so a start between two steps would hide what a step needs.
    """
    network = make(partial)
    x, y = example(network, batch)
    return added_at_peak(lambda: [network.train_on_batch(x, y) for _ in range(2)])


def in_a_process(code):
    """What a program prints that finds the modules that this one finds."""
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=os.environ | paths, text=True, check=True, stdout=subprocess.PIPE)
    return run.stdout.splitlines()[-1]


def bind_case(make, *case):
    return lambda partial: make(partial, *case)


def layer_name(side, channels, filters, kernel, stride):
    return f"{side}², {channels} → {filters}, k{kernel}, stride {stride}"


def level_name(side, skip_channels, channels, filters):
    return f"{side}², skip {skip_channels} + up {channels} → {filters}"


def with_mean(rows):
    """The rows, and the geometric mean of each column."""
    columns = list(zip(*rows, strict=True))[1:]
    return [*rows, ("geometric mean", *map(statistics.geometric_mean, columns))]


def save(part, header, rows, options):
    """Prints a table and saves it, with all that it depends on."""
    library = "torch" if part == "peers" else keras.backend.backend()
    packages = [library] if part == "peers" else ["keras", library]
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    cpu = next(line.split(": ")[1] for line in lines if "model name" in line)
    rounds = "a process per number" if part == "memory" else f"median of {options.rounds} rounds"
    lines = [
        f"{datetime.date.today()}, {cpu}, one thread of {os.cpu_count()}; "
        f"Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in packages)}; "
        f"batch {options.batch}, {rounds}.",
        "",
        f"| {' | '.join(header)} |",
        f"|---|{'---:|' * (len(header) - 1)}",
        *(f"| {' | '.join(c if isinstance(c, str) else f'{c:.2f}' for c in row)} |" for row in rows),
    ]
    print("\n".join(lines), end="\n\n", flush=True)
    name = re.sub(r"\((R|TM)\)| (Processor|CPU).*", "", cpu)  # "Intel(R) Xeon(R) Processor": intel-xeon
    folder = RESULTS / name.lower().replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{part}.md").write_text("\n".join(lines) + "\n", "utf-8")


TABLES = {
    "layers": layer_table,
    "levels": level_table,
    "networks": network_table,
    "memory": memory_table,
    "peers": peer_table,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(TABLES)}; default: all")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(TABLES):
        parser.error(f"unknown: {', '.join(unknown)}; expected some of {', '.join(TABLES)}")
    for part in options.parts or TABLES:
        if part == "peers" and not importlib.util.find_spec("torch"):
            print("peers: PyTorch is not installed here, so this table is left out (pip install torch).")
            continue
        save(part, *TABLES[part](options), options)
