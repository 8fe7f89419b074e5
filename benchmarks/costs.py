"""What does each method cost? Time and memory against size, hole, batch, width: `python benchmarks/costs.py`.

Fills photographs with every classical method and every network, and changes one of four things at a time. The
methods take turns for several rounds, and the median counts: milliseconds of processor time per image, on one
thread. Memory is what the process has at its peak during a call, beyond what it had before. TensorFlow keeps
the memory that it once had, so each number of a network is from a process of its own. A curve ends after the
first point that takes longer than a second; it is measured three times at most.

Every measurement is kept in `benchmarks/results/costs.json`, so that the command can be stopped and started
again (`--fresh` measures anew). At the end it draws `images/costs.png` and writes the table into
`docs/speed.md`; `--draw` does only this.
"""

import os

if __name__ == "__main__":  # before the libraries are imported
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    os.environ |= dict.fromkeys(names, "1")

import argparse
import inspect
import json
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from process_memory import added_at_peak

import inpaintkit as ik
from inpaintkit.cli.options import NETWORKS
from inpaintkit.files import replacing

ROOT = Path(__file__).parents[1]
RESULTS, PAGE, IMAGE = (
    ROOT / "benchmarks/results/costs.json",
    ROOT / "docs/speed.md",
    ROOT / "images/costs.png",
)
ROUNDS, TOO_LONG = 3, 1.0  # seconds of one call
USUAL = {"size": 64, "ratio": 0.2, "batch": 1, "width": 1.0}
AXES = {
    "size": (32, 64, 128, 256),  # height = width in pixels
    "ratio": (0.02, 0.1, 0.2, 0.4, 0.6),  # share of the image that is missing
    "batch": (1, 4, 16),
    "width": (0.5, 1.0, 2.0),  # of a network: all numbers of filters times this
}
TITLES = {
    "size": "height = width, pixels",
    "ratio": "share of the image that is missing",
    "batch": "images per batch",
    "width": "width of the network",
}
# N pixels of the image, M of them in the hole, W the width of a network: what time grows with.
COMPLEXITY = {
    "masked input": "O(N)",
    "mean colour": "O(N)",
    "Telea": "O(N + M log M)",
    "Navier–Stokes": "O(N + M log M)",
    "biharmonic": "O(N + M^1.5)",
    "heat": "O(N)",
    "push-pull": "O(N)",
    "total variation": "O(N + M^1.5)",
    "exemplar": "O(N M)",
    "PatchMatch": "O(N + M log N)",
}
NETWORK_COMPLEXITY = "O(N W²)"
MARKERS = dict(zip([*COMPLEXITY, *NETWORKS], "xPv^sD<>ph" + "o*Xd8Hv^s", strict=True))
FLOOR = {"ms": 0, "mib": 0.01}  # a logarithmic axis has no zero
BEGIN, END = "<!-- costs: benchmarks/costs.py writes this table -->", "<!-- end of costs -->"


def settings_of(axis, value):
    """The cell of a curve: the usual settings, but for one."""
    return USUAL | {axis: value}


def key_of(name, cell):
    """The name under which the measurements of a cell are kept."""
    return " ".join([name, *(f"{axis}={value:g}" for axis, value in cell.items())])


def widened(name, width):
    """A network of the kit with all numbers of filters times `width`."""
    build = getattr(ik.models, name)
    filters = inspect.signature(build).parameters["filters"].default
    return build((None, None, 3), filters=[max(2, 2 * round(n * width / 2)) for n in filters])


class Bench:
    """Methods, images and masks, each made when it is first needed."""

    def __init__(self):
        self.networks, self.images, self.masks, self.called = {}, {}, {}, set()

    def call(self, name, cell, called=True):
        """A function without arguments that fills one batch. It was called once: to compile, to import."""
        images, masks = self.batch(cell["size"], cell["ratio"], cell["batch"])
        method, shape = ik.baselines.ALL.get(name), None
        if name in NETWORKS:
            made, shape = (name, cell["width"]), images.shape
            if made not in self.networks:
                self.networks[made] = ik.as_method(widened(*made), max(AXES["batch"]))
            method = self.networks[made]
        if called and (name, cell["width"], shape) not in self.called:
            self.called.add((name, cell["width"], shape))
            method(images, masks.copy())
        return lambda: method(images, masks.copy())

    def batch(self, size, ratio, count):
        if size not in self.images:
            photos = ik.data.images("photos", "test", size).as_float()
            self.images[size] = np.concatenate([photos] * -(-max(AXES["batch"]) // len(photos)))
        if (size, ratio) not in self.masks:
            holes = ik.masks.Strokes(hole_ratio=(0.95 * ratio, 1.05 * ratio))
            self.masks[size, ratio] = holes.sample(max(AXES["batch"]), size, size, seed=0)
        masks = self.masks[size, ratio][:count]
        return self.images[size][:count] * masks, masks


def seconds_of(call):
    """Processor time of one call; short ones are repeated."""
    begun, calls = time.process_time(), 0
    while not calls or (time.process_time() - begun < 0.01 and calls < 20):
        call()
        calls += 1
    return (time.process_time() - begun) / calls


def memory_in_a_process(name, cell):
    """`added_at_peak` by a network in a new process, where smaller images were filled before, to compile."""
    code = f"import costs; bench = costs.Bench(); cell = {cell}; call = bench.call\n"
    code += f"for size in (32, 48): call({name!r}, cell | {{'size': size, 'batch': 1}})()\n"
    code += f"print(round(costs.added_at_peak(bench.call({name!r}, cell, False)), 2))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=environment, text=True, check=True, stdout=subprocess.PIPE)
    return float(run.stdout.split()[-1])


def cells_of(name, results):
    """The cells of a method's curves, one after the other; a curve ends after one that takes too long."""
    seen = []
    for axis, values in AXES.items():
        if axis == "width" and name not in NETWORKS:
            continue
        for value in values:
            cell = settings_of(axis, value)
            if cell not in seen:
                seen.append(cell)
                yield cell
            if min(results[key_of(name, cell)]["ms"]) * cell["batch"] > 1000 * TOO_LONG:
                break


def measure(methods, file=RESULTS, rounds=ROUNDS):
    """Measures what the file does not have yet, method by method, and writes it after each of them."""
    results = json.loads(file.read_text("utf-8")) if file.exists() else {}
    bench = Bench()
    for turn in range(rounds):
        for name in methods:
            for cell in cells_of(name, results):
                kept = results.setdefault(key_of(name, cell), {"ms": []})
                too_long = kept["ms"] and kept["ms"][0] * cell["batch"] > 1000 * TOO_LONG
                if len(kept["ms"]) > turn or (too_long and len(kept["ms"]) >= ROUNDS):
                    continue
                call = bench.call(name, cell)
                kept["ms"].append(round(1000 * seconds_of(call) / cell["batch"], 4))
                if "mib" in kept or kept["ms"][0] * cell["batch"] > 1000 * TOO_LONG:
                    continue
                if name not in NETWORKS:
                    kept["mib"] = round(added_at_peak(call), 2)
                elif cell["ratio"] == USUAL["ratio"]:  # a network computes the same for every hole
                    kept["mib"] = memory_in_a_process(name, cell)
            write_results(file, results, name)
        print(f"round {turn + 1} of {rounds}: {time.process_time():.0f} s of processor time", flush=True)
    return results


def write_results(file, results, name):
    """Writes the measurements of one method; those of others stay as they are in the file."""
    kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
    kept |= {key: values for key, values in results.items() if key.startswith(f"{name} size=")}
    with replacing(file) as part:
        part.write_text(json.dumps(kept, indent=0, sort_keys=True) + "\n", "utf-8")


def curve(results, name, axis, quantity):
    """The measured points of one curve, ([values], [medians])."""
    points = []
    for value in AXES[axis]:
        kept = results.get(key_of(name, settings_of(axis, value)))
        if kept and kept.get(quantity) not in (None, []):
            points.append((value, float(np.median(kept[quantity]))))
    return [list(column) for column in zip(*points, strict=True)] or [[], []]


def growth(results, name, axis):
    """The exponent p of time ~ value^p, fitted to a curve without its first point, or None."""
    values, times = curve(results, name, axis, "ms")
    if len(values) < 3:
        return None
    return float(np.polyfit(np.log(values[1:]), np.log(times[1:]), 1)[0])


def draw(results, methods, file=IMAGE):
    """Time and memory against each of the four things, one panel each."""
    import matplotlib.pyplot as plt
    from PIL import Image

    rows = {"ms": "ms per image", "mib": "MiB at the peak, added"}
    figure, axes = plt.subplots(2, len(AXES), figsize=(15, 7.4), sharey="row", layout="constrained")
    for row, (quantity, label) in zip(axes, rows.items(), strict=True):
        for panel, axis in zip(row, AXES, strict=True):
            for name in methods:
                values, heights = curve(results, name, axis, quantity)
                if len(values) > 1:
                    style = {"linestyle": "--" if name in NETWORKS else "-", "marker": MARKERS[name]}
                    panel.plot(
                        values,
                        np.maximum(heights, FLOOR[quantity]),
                        label=name,
                        color=ik.plots.method_color(name),
                        **style,
                    )
            panel.set(xlabel=TITLES[axis], xscale="linear" if axis == "ratio" else "log", yscale="log")
            panel.set_xticks(AXES[axis], [f"{value:g}" for value in AXES[axis]])
            panel.minorticks_off()
            panel.grid(alpha=0.3)
        row[0].set_ylabel(label)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", frameon=False)
    figure.savefig(file, dpi=90)
    plt.close(figure)
    Image.open(file).convert("RGB").quantize(128).save(file, optimize=True)


def table(results, methods):
    """One row per method: what time grows with, and how it grew; a cell of time at each size."""
    sizes = AXES["size"]
    head = ["method", "time grows as", *(f"{size}², ms" for size in sizes), "memory at 128², MiB"]
    head += ["pixels^", "hole^", "width^"]
    lines = [f"| {' | '.join(head)} |", f"|:---|:---|{'---:|' * (len(head) - 2)}"]
    for name in methods:
        times = dict(zip(*curve(results, name, "size", "ms"), strict=True))
        memories = dict(zip(*curve(results, name, "size", "mib"), strict=True))
        if not times:
            continue
        cells = [name, COMPLEXITY.get(name, NETWORK_COMPLEXITY)]
        cells += [f"{times[size]:.3g}" if size in times else "–" for size in sizes]
        cells += [f"{memories[128]:.1f}" if 128 in memories else "–"]
        for axis, share in (("size", 0.5), ("ratio", 1), ("width", 1)):
            power = growth(results, name, axis)  # a side twice as long has four times the pixels
            cells.append("–" if power is None else f"{power * share:.2f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def write(results, methods, file=PAGE):
    """Puts the table between the two comments of the page."""
    first, _, rest = file.read_text("utf-8").partition(BEGIN)
    _, _, last = rest.partition(END)
    file.write_text(f"{first}{BEGIN}\n\n{table(results, methods)}\n\n{END}{last}", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", help="names, separated by commas; without it all")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--fresh", action="store_true", help="forgets earlier measurements")
    parser.add_argument("--draw", action="store_true", help="measures nothing")
    options = parser.parse_args()
    every = [*COMPLEXITY, *NETWORKS]
    cv2.setNumThreads(1)
    if options.fresh:
        RESULTS.unlink(missing_ok=True)
    if not options.draw:
        measure(options.methods.split(",") if options.methods else every, rounds=options.rounds)
    kept = json.loads(RESULTS.read_text("utf-8"))
    draw(kept, every)
    write(kept, every)
    print(table(kept, every))
