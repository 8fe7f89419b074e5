"""How fast does each network train, with XLA and in mixed precision? `python benchmarks/throughput.py`.

For each network of `inpaintkit train`: milliseconds of processor time of a training step, on one thread, with
`jit_compile` False and True, in float32, mixed_float16 and mixed_bfloat16; the time to compile; and the time
of `ik.data.pairs` to make the batch. The variants of a network take turns for several rounds, and the median
counts: compare ratios within a row. Batches are small, so that the whole run takes minutes.

Every variant is measured once and kept in `benchmarks/results/throughput.json`, so that the command can be
stopped and started again (`--fresh` measures anew). At the end it writes the table into `docs/speed.md`.
"""

import os

if __name__ == "__main__":  # before the libraries are imported
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    os.environ |= dict.fromkeys(names, "1")

import argparse
import itertools
import json
import statistics
import time
from pathlib import Path

import keras

import inpaintkit as ik
from inpaintkit.cli.options import NETWORKS
from inpaintkit.files import replacing

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "benchmarks/results/throughput.json", ROOT / "docs/speed.md"
SIDE, BATCH, ROUNDS = 32, 4, 3
POLICIES = ("float32", "mixed_float16", "mixed_bfloat16")
VARIANTS = [f"{policy}{jit}" for policy, jit in itertools.product(POLICIES, ("", ", XLA"))]
BEGIN, END = "<!-- throughput: benchmarks/throughput.py writes this table -->", "<!-- end of throughput -->"


def trained(name, variant):
    """A network as `inpaintkit train` compiles it, but for `jit_compile` and the dtype policy."""
    policy, _, jit = variant.partition(", ")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = ik.Inpainter(getattr(ik.models, name)((SIDE, SIDE, 3)))
    finally:
        keras.config.set_dtype_policy(before)
    model.compile(keras.optimizers.Adam(2e-3), ik.losses.HoleValidLoss(), jit_compile=bool(jit))
    return model


def milliseconds(call):
    begun = time.process_time()
    call()
    return round(1000 * (time.process_time() - begun), 3)


def measure_network(name, variants, rounds=ROUNDS):
    """{variant: {"compile": ms of the first step, "step" and "batch": ms of a step and of making its batch,
    "ratio": of its step to that of the first variant}}.
    """
    images = ik.data.images("photos", "train", SIDE)
    pairs = ik.data.pairs(images, ik.masks.Lines(hole_ratio=(0.1, 0.3)), BATCH, augment=ik.data.symmetries)
    models = {variant: trained(name, variant) for variant in variants}
    x, y = pairs[0]
    kept = {}
    for variant, model in models.items():
        compiling = milliseconds(lambda model=model: model.train_on_batch(x, y))
        kept[variant] = {"compile": compiling, "step": [], "batch": []}
    for turn, (variant, model) in itertools.product(range(rounds), models.items()):
        batch = milliseconds(lambda k=turn: pairs[k % len(pairs)])
        kept[variant]["batch"].append(batch)
        kept[variant]["step"].append(milliseconds(lambda model=model: model.train_on_batch(x, y)))
    for times in kept.values():
        times |= {key: statistics.median(times[key]) for key in ("step", "batch")}
        times["ratio"] = round(times["step"] / kept[variants[0]]["step"], 3)
    return kept


def measure(networks, variants, file=RESULTS):
    """Measures the networks of which the file lacks a variant, and writes it after each."""
    results = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for name in networks:
        missing = [variant for variant in variants if variant not in results.get(name, {})]
        if missing:
            variants_now = list(dict.fromkeys(["float32", *missing]))  # all are divided by the first
            results[name] = measure_network(name, variants_now) | results.get(name, {})
            with replacing(file) as part:
                part.write_text(json.dumps(results, indent=0, sort_keys=True) + "\n", "utf-8")
            print(f"{name}: {time.process_time():.0f} s of processor time until now", flush=True)
            keras.backend.clear_session()
    return results


def table(results):
    """One row per network: the step in float32, the others divided by it, and the pipeline's share."""
    head = ["network", "float32, ms", *(f"{variant}, ×" for variant in VARIANTS[1:])]
    head += ["compiling, s: plain", "XLA", "pipeline"]
    lines = [f"| {' | '.join(head)} |", f"|:---|{'---:|' * (len(head) - 1)}"]
    for name in NETWORKS:
        kept = results.get(name, {})
        if kept:
            plain = kept["float32"]
            cells = [name, f"{plain['step']:.0f}"]
            cells += [f"{kept[v]['ratio']:.2f}" if v in kept else "–" for v in VARIANTS[1:]]
            cells += [f"{kept[v]['compile'] / 1000:.1f}" if v in kept else "–" for v in VARIANTS[:2]]
            cells += [f"{plain['batch'] / plain['step']:.1%}"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def write(text, file=PAGE):
    """Puts the table between the two comments of the page."""
    first, _, rest = file.read_text("utf-8").partition(BEGIN)
    _, _, last = rest.partition(END)
    file.write_text(f"{first}{BEGIN}\n\n{text}\n\n{END}{last}", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default=",".join(NETWORKS), help="names, separated by commas")
    parser.add_argument("--variants", default=";".join(VARIANTS), help="separated by semicolons")
    parser.add_argument("--fresh", action="store_true", help="forgets earlier measurements")
    options = parser.parse_args()
    if options.fresh:
        RESULTS.unlink(missing_ok=True)
    text = table(measure(options.networks.split(","), options.variants.split(";")))
    print(f"{SIDE}×{SIDE}, batch {BATCH}, {keras.backend.backend()}\n\n{text}")
    write(text)
