"""Runs the setup cell and some notebooks with the package versions that Colab publishes.

    python benchmarks/colab_replica.py LIST [LIST ...] [--folder FOLDER] [--notebooks 00 03 08 10]

A list is Colab's `pip freeze`, named like 2026.08-py3.13-gpu.txt, from github.com/googlecolab/backend-info.
Of each list a virtual environment gets the packages that requirements.txt touches, with their dependencies,
in Colab's versions (without suffixes such as +cu128, since there is no GPU), and Jupyter. There the
setup cell runs as it is. Only the module `google.colab` is a stand-in: access to Drive is denied, then an
upload is cancelled, then a text file comes, then a zip file without the course, then the course. The script
proves with `pip freeze` that no version changed, and executes notebooks in fast mode.

It needs uv (`pip install uv`), the Pythons that the lists name, a package registry, and 3 GB of disk a list.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHOWN = ("tensorflow", "keras", "numpy", "opencv-python", "scikit-image", "keras-tuner")
JUPYTER = ["ipykernel", "nbclient", "nbformat", "pip", "setuptools"]

# These files come before everything else on the path. A kernel with google.colab is in Colab.
STAND_INS = {
    "sitecustomize.py": "import google.colab",
    "google/colab/__init__.py": "from google.colab import drive, files",
    "google/colab/drive.py": "def mount(folder):\n    raise RuntimeError('access was denied')",
    "google/colab/files.py": """
import json, pathlib

def upload():
    queue = pathlib.Path("uploads.json")
    name, *rest = json.loads(queue.read_text())
    queue.write_text(json.dumps(rest))
    return {name: pathlib.Path(name).read_bytes()} if name else {}
""",
}
EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=900).execute()
print(sum(len(cell.get("outputs", ())) for cell in notebook.cells), "outputs")
"""


def run(*words, **options):
    """The output of a command; an error shows what it printed."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def environment(colab, folder):
    """Builds a virtual environment with what the kit touches of one of Colab's lists; its Python."""
    uv = [sys.executable, "-m", "uv"]
    version = re.search(r"py(3\.\d+)", colab.name)[1]
    listed = dict(re.findall(r"^([\w.-]+)==([^+\s]+)", colab.read_text(), re.MULTILINE))
    pins = folder / "pins.txt"
    pins.write_text("".join(f"{name}=={pin}\n" for name, pin in listed.items()))
    (folder / "wanted.txt").write_text((ROOT / "requirements.txt").read_text() + "\n".join(JUPYTER))
    solved = run(
        *uv, "pip", "compile", "-q", "--no-header", "--no-annotate", "--python-version", version,
        "-c", pins, folder / "wanted.txt",
    )  # fmt: skip
    plain = {re.sub(r"[-_.]+", "-", name).lower() for name in listed}
    needed = [line for line in solved.splitlines() if line.split("==")[0] in plain]
    # Colab has three packages that hold the same folder cv2; whichever comes last writes it.
    needed += [f"{name}=={pin}" for name, pin in listed.items() if name.startswith("opencv-")]
    (folder / "needed.txt").write_text("\n".join(dict.fromkeys(needed)))
    run(*uv, "venv", "-q", "--clear", "--python", version, folder / "environment")
    python = folder / "environment/bin/python"
    run(*uv, "pip", "install", "-q", "--no-deps", "--python", python, "-r", folder / "needed.txt")
    return python


def content(folder):
    """A folder like Colab's /content: what will be uploaded, and the stand-ins."""
    here = folder / "content"
    here.mkdir()
    (here / "notes.txt").write_text("no zip file")
    with zipfile.ZipFile(here / "faces.zip", "w") as file:
        file.writestr("faces/1.jpg", "no image")
    archive = ["git", "archive", "--prefix=inpaintkit-main/", "-o", here / "inpaintkit-main.zip", "HEAD"]
    run(*archive, cwd=ROOT)
    (here / "uploads.json").write_text(json.dumps(["", "notes.txt", "faces.zip", "inpaintkit-main.zip"]))
    for name, text in STAND_INS.items():
        (folder / "stand_ins" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "stand_ins" / name).write_text(text)
    return here


def like_colab(folder):
    """The environment variables of a process that shall take itself for one in Colab."""
    bin = folder / "environment/bin"
    return os.environ | {
        "PATH": f"{bin}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "stand_ins"),
        "INPAINTKIT_FAST": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def set_up(python, folder):
    """Runs the setup cell, and compares what is installed before and after it."""

    def freeze():
        return set(run(python, "-m", "pip", "freeze", "--all", "--exclude-editable").splitlines())

    before, start = freeze(), time.time()
    setup = (ROOT / "notebooks/setup_cell.py").read_text("utf-8")
    setup = setup.replace('REPOSITORY = ""', 'REPOSITORY = "drive/MyDrive/inpaintkit"')
    said = run(python, "-c", setup, cwd=folder / "content", env=like_colab(folder))
    seconds, after = time.time() - start, freeze()
    print(said, flush=True)
    assert said.count("The course is not in") == 4, "Drive, cancelled, wrong file, wrong zip"
    assert before <= after, f"changed: {before - after}"
    run(python.parent / "inpaintkit", "--help", cwd=folder)
    versions = dict(line.split("==") for line in after if "==" in line)
    return {
        "packages before": len(before),
        "changed": len(before - after),
        "new": sorted(after - before),
        "seconds": round(seconds),
        "versions": {name: versions[name] for name in SHOWN},
    }


def execute(python, folder, number):
    """Executes one notebook in fast mode, as Colab would; what it took."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    here, start = folder / "content", time.time()
    (here / path.name).write_bytes(path.read_bytes())
    outputs = run(python, "-c", EXECUTE, path.name, cwd=here, env=like_colab(folder))
    return f"{outputs.strip()}, {time.time() - start:.0f} s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lists", nargs="+", type=Path, metavar="LIST")
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/colab_replica"), help="for the environments"
    )
    parser.add_argument("--notebooks", nargs="*", default=["00", "03", "08", "10"])
    arguments = parser.parse_args()
    for colab in arguments.lists:
        folder = (arguments.folder / f"{colab.stem}-{time.strftime('%Y%m%d-%H%M%S')}").resolve()
        folder.mkdir(parents=True)
        python = environment(colab, folder)
        content(folder)
        print(colab.stem, json.dumps(set_up(python, folder), indent=1), flush=True)
        for number in arguments.notebooks:
            print(colab.stem, number, execute(python, folder, number), flush=True)
