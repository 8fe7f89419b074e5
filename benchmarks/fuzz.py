"""Gives random arguments, right and wrong ones, to every public function and class of the kit.

    python benchmarks/fuzz.py --minutes 10 --only baselines masks

The cases are those of `tests/test_fuzz.py`, with new random numbers at each run. Prints what was tried,
and an example of each fault that was found.
"""

import argparse
import collections
import os
import re
import sys
import time
import traceback
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

from fuzz_cases import CASES, attempt  # noqa: E402
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

SECONDS = 60  # of processor time, after which a call counts as one that never ends


def fuzz(name, examples, counts, shrink):
    """Tries a name; returns the fault that was found, or None."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    options = {
        "deadline": None,
        "database": None,
        "suppress_health_check": list(HealthCheck),
        "phases": phases,
    }

    @settings(max_examples=examples, report_multiple_bugs=True, **options)
    @given(st.data())
    def check(data):
        start = time.process_time()
        counts[attempt(name, data.draw)] += 1
        seconds = time.process_time() - start
        assert seconds < SECONDS, f"{seconds:.0f} seconds of processor time"

    try:
        check()
    except BaseException as error:  # hypothesis groups several faults
        if isinstance(error, KeyboardInterrupt):
            raise
        return error
    return None


def shown(error):
    """The faults in an error: their type and message, where they come from, and the arguments."""
    for each in list(getattr(error, "exceptions", [error]))[:4]:
        places = [f for f in traceback.extract_tb(each.__traceback__) if "/inpaintkit/" in f.filename]
        place = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
        first = (str(each).strip().splitlines() or [""])[0][:300]
        drawn = [re.sub(r"\s+", " ", note)[:160] for note in getattr(each, "__notes__", ()) if "Draw" in note]
        yield f"{type(each).__name__}: {first} [{place}]", drawn[-3:]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--examples", type=int, default=15, help="per name and round")
    parser.add_argument("--only", nargs="*", default=(), help="beginnings of names")
    parser.add_argument("--shrink", action="store_true", help="look for the smallest example of each fault")
    options = parser.parse_args()
    names = [n for n in CASES if not options.only or n.startswith(tuple(options.only))]
    counts, faults, end, done = collections.Counter(), {}, time.monotonic() + 60 * options.minutes, 0
    while time.monotonic() < end:
        for name in names:
            if time.monotonic() > end:
                break
            done += 1
            if name in faults:
                continue
            if error := fuzz(name, options.examples, counts, options.shrink):
                faults[name] = list(shown(error))
                for message, drawn in faults[name]:
                    print(f"{name}: {message}", *drawn, sep="\n    ", flush=True)
    rounds = done / len(names)
    tried = f"{counts['right']:,} right answers, {counts['refused']:,} refused with a sentence"
    print(f"{len(names)} public names, {rounds:.1f} rounds: {tried}, {len(faults)} names with faults")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
