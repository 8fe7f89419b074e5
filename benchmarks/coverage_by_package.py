"""Which lines of the package no test runs. `python benchmarks/coverage_by_package.py [PYTEST ARGUMENT ...]`

Runs pytest (the quick tests, if no argument is given) under coverage, also in the processes that tests
start, and prints for each package of `inpaintkit` how many lines ran, and of each file which did not. The
settings are in pyproject.toml. Needs `pip install coverage`.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUICK = ["-m", "not slow", "-q", "-n", "2"]


def coverage(*words):
    """Runs a command of coverage in the repository; its exit status."""
    return subprocess.run([sys.executable, "-m", "coverage", *words], cwd=ROOT).returncode


def rows(report):
    """(package, lines, lines that ran, {file: lines that did not}) for each package of a JSON report."""
    files = defaultdict(dict)
    for name, file in report["files"].items():
        parts = Path(name).parts[1:]
        files[parts[0] if len(parts) > 1 else "single files"][Path(*parts).as_posix()] = file
    for package, members in sorted(files.items()):
        totals = [file["summary"] for file in members.values()]
        lines, ran = (sum(each[key] for each in totals) for key in ("num_statements", "covered_lines"))
        yield package, lines, ran, {name: file["missing_lines"] for name, file in members.items()}


if __name__ == "__main__":
    coverage("erase")
    failed = coverage("run", "-m", "pytest", *(sys.argv[1:] or QUICK))
    coverage("combine", "-q")
    coverage("json", "-q", "-o", "runs/coverage.json")
    print("| package | lines | ran | % |\n|---|---:|---:|---:|")
    missing = {}
    for package, lines, ran, left in rows(json.loads((ROOT / "runs/coverage.json").read_text())):
        print(f"| {package} | {lines:,} | {ran:,} | {100 * ran / max(1, lines):.1f} |")
        missing |= {name: numbers for name, numbers in left.items() if numbers}
    for name, numbers in missing.items():
        print(f"{name}: {', '.join(map(str, numbers))}")
    sys.exit(failed)
