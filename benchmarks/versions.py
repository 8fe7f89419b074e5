"""Runs the README's quick tests with other versions of Python, Keras and TensorFlow.

    python benchmarks/versions.py [COMBINATION ...] [--folder FOLDER] [--results FILE] [--commit COMMIT]

A combination is PYTHON:KERAS:TENSORFLOW, such as 3.12:3.13:2.20; `newest` stands for the newest version that
fits. Each combination gets a fresh virtual environment and a clone of the commit (HEAD if none is named),
with the packages for its tests. They are the newest ones that fit, or, where `:lowest` stands at the end,
the oldest ones that pyproject.toml allows. A row is written as soon as its tests have ended; its seconds are
processor time. The same command skips finished rows of the same commit, so it can be stopped and started
again.

It needs uv (`pip install uv`), the Pythons, a package registry, and about 4 GB of disk.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMBINATIONS = ("3.11:3.10:2.19", "3.12:3.13:2.20", "3.13:newest:newest")
SHOWN = ("keras", "tensorflow", "numpy", "opencv-python", "scikit-image", "pandas", "gradio")
COUNTS = ("passed", "skipped", "failed", "error", "warning")
UV = (sys.executable, "-m", "uv")


def run(*words, **options):
    """The output of a command; an error shows what it printed."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def environment(combination, folder, commit):
    """A fresh virtual environment and the kit at a commit; its Python, and the versions in it."""
    python_version, keras, tensorflow, *rest = combination.split(":")
    shutil.rmtree(folder, ignore_errors=True)
    run("git", "clone", "-q", "--no-checkout", ROOT, folder / "kit")
    run("git", "checkout", "-q", commit, cwd=folder / "kit")
    python = folder / "environment/bin/python"
    run(*UV, "venv", "-q", "--python", python_version, folder / "environment")
    wanted = {"keras": keras, "tensorflow": tensorflow}
    exact = [f"{name}=={version}.*" for name, version in wanted.items() if version != "newest"]
    lowest = ["--resolution", "lowest-direct"] if rest else []
    extras = "test,old-tensorboard" if tensorflow in ("2.19", "2.20") else "test"
    install = [*UV, "pip", "install", "-q", "--python", python, *lowest]
    run(*install, "-r", "requirements.txt", "-e", f".[{extras}]", *exact, cwd=folder / "kit")
    listed = json.loads(run(*UV, "pip", "list", "-q", "--format", "json", "--python", python))
    versions = {package["name"]: package["version"] for package in listed}
    return {"python": run(python, "-V").split()[1], **{name: versions[name] for name in SHOWN}}


def quick_tests(folder):
    """Runs the quick tests; how many passed, which did not, and the processor time that they took."""
    words = [folder / "environment/bin/python", "-m", "pytest", "-m", "not slow", "-q", "-n", "1"]
    alone = os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (folder / "tests.log").open("w") as log:
        subprocess.run(words, cwd=folder / "kit", env=alone, stdout=log, stderr=subprocess.STDOUT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = (folder / "tests.log").read_text(errors="replace")
    last = re.findall(r"^=* ?(\d+ .*) in [\d.]+s", said, re.MULTILINE)
    if not last:
        raise RuntimeError(f"pytest did not end:\n{said[-3000:]}")
    counts = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+?)s?\b", last[-1])}
    return {
        **{word: counts.get(word, 0) for word in COUNTS},
        "seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime),
        "not passed": re.findall(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE),
    }


def row_of(combination, folder, commit):
    """Tests one combination; its row. If the script was stopped, a complete environment is used again."""
    kept = folder / "complete.json"
    about = json.loads(kept.read_text()) if kept.exists() else {}
    if about.get("commit") != commit:
        about = {"combination": combination, "commit": commit}
        about |= environment(combination, folder, commit)
        kept.write_text(json.dumps(about))
    print(about, flush=True)
    return about | {"date": time.strftime("%Y-%m-%d")} | quick_tests(folder)


def table(rows):
    """The rows as a table in Markdown."""
    columns = ["combination", "python", *SHOWN, *COUNTS, "seconds", "commit"]
    lines = [columns, ["---"] * len(columns), *([str(row[name]) for name in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("combinations", nargs="*", default=COMBINATIONS, metavar="COMBINATION")
    parser.add_argument("--folder", type=Path, default=Path("runs/versions"), help="for the environments")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks/results/versions.json")
    parser.add_argument("--commit", default="HEAD", help="which commit of the kit is tested")
    arguments = parser.parse_args()
    for combination in arguments.combinations:
        if not re.fullmatch(r"3\.\d+(:(newest|\d+\.\d+)){2}(:lowest)?", combination):
            parser.error(f"{combination!r}: expected PYTHON:KERAS:TENSORFLOW, such as {COMBINATIONS[1]}")
    commit = run("git", "rev-parse", "--short=10", arguments.commit, cwd=ROOT).strip()
    rows = json.loads(arguments.results.read_text()) if arguments.results.exists() else []
    for combination in arguments.combinations:
        if any((row["combination"], row["commit"]) == (combination, commit) for row in rows):
            continue
        folder = arguments.folder.resolve() / combination.replace(":", "-")
        row = row_of(combination, folder, commit)
        print(row["not passed"], flush=True)
        rows = [old for old in rows if old["combination"] != combination] + [row]
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        arguments.results.write_text(json.dumps(rows, indent=1) + "\n")
    print(table(rows))
    sys.exit(any(row["failed"] or row["error"] for row in rows))
