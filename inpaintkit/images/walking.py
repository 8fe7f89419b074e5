"""The files below a folder."""

import os
from pathlib import Path


def files_below(folder, rank=lambda name: 0):
    """Yields the files of a folder and of those below it, hidden ones left out.

    Links are followed, but no folder is entered twice: neither a circle of links nor a second name of the
    same images, which could put one into training and test. Of two such names beside each other the one of
    the lower `rank` counts, a function of the name.
    """
    seen = set()
    for path, folders, names in os.walk(folder, followlinks=True):
        place = os.path.realpath(path)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        # Then links first: who links `train` to a folder beside it means that name.
        folders.sort(key=lambda name: (rank(name), not os.path.islink(os.path.join(path, name)), name))
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (file for name in names if not is_hidden(name) and (file := Path(path, name)).is_file())


def is_hidden(path):
    """Whether a part of a relative path begins with a dot: macOS's "._x.jpg", Jupyter's copies of files.

    Or is __MACOSX, the folder that macOS adds to zips.
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in Path(path).parts)
