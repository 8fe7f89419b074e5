"""Reads files that were damaged at random, by every reader of the kit, and prints what came of them.

    python benchmarks/damaged_files.py --files 2000

Each file must be read, or refused with a ValueError; anything else is a fault. The readers and the damage are
those of `tests/test_damaged_files.py` and `tests/images/test_mutated_files.py`.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import traceback
import warnings
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "images")]

import test_mutated_files as of_images  # noqa: E402
from damaged_files import CHANGES, READERS, damaged, read_quietly  # noqa: E402
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402


def read_damaged(examples, whole, read):
    """Reads so many damaged files; returns (read, refused, {fault: changes})."""
    counts, faults = {True: 0, False: 0}, {}

    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.sampled_from(whole), CHANGES)
    def check(content, changes):
        try:
            counts[bool(read(damaged(content, changes)))] += 1
        except Exception as error:
            places = [f for f in traceback.extract_tb(error.__traceback__) if "/inpaintkit/" in f.filename]
            place = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
            faults.setdefault(f"{type(error).__name__}: {str(error)[:200]} [{place}]", changes)

    check()
    return counts[True], counts[False], faults


def of_image(name, examples):
    """As `read_damaged`, for a reader of images or masks."""
    return read_damaged(examples, of_images.FILES, partial(of_images.check_reader, name))


def of_file(name, examples):
    """As `read_damaged`, for a reader that reads a file in the working folder."""
    file, write, _ = READERS[name]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write()
        whole = Path(file).read_bytes()
        return read_damaged(
            examples, [whole], lambda data: (Path(file).write_bytes(data), read_quietly(name))[1]
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    runs = {f"images.{name}": partial(of_image, name) for name in of_images.READERS}
    runs |= {name: partial(of_file, name) for name in READERS}
    each, found = -(-options.files // len(runs)), 0
    print("| reader | read | refused | faults |\n|---|---|---|---|")
    for name, run in runs.items():
        read, refused, faults = run(each)
        found += len(faults)
        print(f"| {name} | {read} | {refused} | {len(faults)} |", flush=True)
        for fault, changes in faults.items():
            print(f"    {fault} {changes}", file=sys.stderr, flush=True)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
