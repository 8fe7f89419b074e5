"""Makes the images of results, and says which are stale: `python images/make.py [NAME … | all]`.

Without a name it lists every image of the table in README.md:

    current   made from the code as it is now
    stale     made from other code: make it again, look at it, commit it
    unknown   not made by this script
    missing   there is no file

With names, such as `weights.png notebooks/03.png`, it makes these; with `all`, all that are not current. The
fingerprint of the code that an image was made from is kept beside it (made_from.py). If a change of the code
cannot change an image, `python images/make.py --same NAME …` says so, and the image is current without
being made.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from made_from import fingerprint, record, recorded

ROOT = Path(__file__).parents[1]


def images(root=ROOT):
    """{name of an image: (command, [what it is made from])}, from the table in images/README.md."""
    numbers = [path.name.split("_")[0] for path in sorted((root / "notebooks").glob("*_*.ipynb"))]
    found = {}
    for line in (root / "images/README.md").read_text("utf-8").splitlines():
        if not line.startswith("| `"):
            continue
        for number in numbers if "NN.png" in line else [""]:  # this row stands for every notebook
            files, command, sources, _ = re.sub(r"\bNN", number, line).strip("| ").split(" | ")
            paths = [path for name in re.findall("`(.+?)`", sources) for path in sorted(root.glob(name))]
            found |= {name: (command.strip("`"), paths) for name in re.findall("`(.+?)`", files)}
    return found


def state(image, sources):
    """What the list says of an image."""
    if not image.is_file():
        return "missing"
    try:
        return {None: "unknown", fingerprint(sources): "current"}.get(recorded(image), "stale")
    except ValueError as error:  # a notebook without a header cell
        return str(error)


def make(command, root=ROOT):
    """Runs a command of the table, with this Python."""
    if "$DATA" in command and "DATA" not in os.environ:
        raise SystemExit(f"{command}\nneeds DATA=FOLDER, a folder of images; see the script")
    paths = {"PATH": [str(Path(sys.executable).parent)], "PYTHONPATH": [str(root)]}
    environment = os.environ | {
        name: os.pathsep.join([*first, os.environ.get(name, "")]) for name, first in paths.items()
    }
    subprocess.run(command, shell=True, cwd=root, env=environment, check=True)


def main(names, root=ROOT):
    table = images(root)
    states = {name: state(root / "images" / name, sources) for name, (_, sources) in table.items()}
    if not names:
        for name, (command, _) in table.items():
            print(f"{states[name]:8} {name:36} {command}")
        return
    only_mark, names = names[0] == "--same", [name for name in names if name != "--same"]
    if names == ["all"]:
        names = [name for name in table if states[name] != "current"]
    if unknown := set(names) - set(table):
        raise SystemExit(f"{', '.join(sorted(unknown))}: not in the table of images/README.md")
    for command in dict.fromkeys(table[name][0] for name in names):
        if not only_mark:
            print(f"$ {command}", flush=True)
            make(command, root)
        for name, (made_by, sources) in table.items():
            if made_by == command and (name in names or not only_mark):
                record(root / "images" / name, sources)


if __name__ == "__main__":
    main(sys.argv[1:])
