"""Saves the header images of the notebooks: `python images/headers.py [NN …]`.

A notebook is executed, in its ordinary mode, up to its cell with the tag `header`. The first image that this
cell shows becomes images/notebooks/NN.png, at most 900 pixels wide and 150 kB.
"""

import base64
import io
import os
import sys
import tempfile
from pathlib import Path

from made_from import record, up_to_header
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).parents[1]
WIDTH, BYTES = 900, 150_000


def header_image(path):
    """Executes a notebook up to its header cell, and returns the first image that this cell shows."""
    notebook = up_to_header(path)
    environment = {name: value for name, value in os.environ.items() if name != "INPAINTKIT_FAST"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=None, resources={"metadata": {"path": folder}})
        client.execute(env=environment)
    for output in notebook.cells[-1].outputs:
        if "image/png" in output.get("data", ()):
            return Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    raise ValueError(f"{path.name}: the cell with the tag header shows no image")


def save_small(image, file):
    """Saves an image as PNG: with fewer colours, and then smaller, until it has at most 150 kB."""
    white = Image.new("RGBA", image.size, "white")
    image = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    image.thumbnail((WIDTH, 10 * WIDTH), Image.Resampling.LANCZOS)
    file.parent.mkdir(parents=True, exist_ok=True)
    while True:
        for colors in (None, 256, 128):
            (image.quantize(colors) if colors else image).save(file, optimize=True)
            if file.stat().st_size <= BYTES:
                return
        image = image.resize((image.width * 9 // 10, image.height * 9 // 10), Image.Resampling.LANCZOS)


def main(names):
    notebooks = {path.stem.split("_")[0]: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    if unknown := set(names) - set(notebooks):
        raise SystemExit(f"no notebook {', '.join(sorted(unknown))}; there are {', '.join(notebooks)}")
    for name in names or notebooks:
        file = ROOT / "images/notebooks" / f"{name}.png"
        save_small(header_image(notebooks[name]), file)
        record(file, [notebooks[name]])
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
