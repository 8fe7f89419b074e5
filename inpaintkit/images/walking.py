"""The files below a folder."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path


def files_below(folder: str | os.PathLike, rank: Callable[[str], int] = lambda name: 0) -> Iterator[Path]:
    """Yields the files of a folder and of the folders below it, without hidden ones.

    Links are followed, but no folder is entered twice: neither in a circle of links nor under a second name,
    which could put the same images into training and test.

    Args:
        folder: where to begin.
        rank: a function of a folder's name. If two names beside each other are the same folder, the one of
            lower rank counts.

    Returns:
        An iterator of paths.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("a.png", ".b.png"):
        ...         _ = Path(folder, name).write_bytes(b"")
        ...     [file.name for file in ik.images.files_below(folder)]
        ['a.png']
    """
    seen = set()
    for path, folders, names in os.walk(folder, followlinks=True):
        place = os.path.realpath(path)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        # Then links first: a link called `train` to a folder beside it makes that folder the training set.
        folders.sort(key=lambda name: (rank(name), not os.path.islink(os.path.join(path, name)), name))
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (file for name in names if not is_hidden(name) and (file := Path(path, name)).is_file())


def is_hidden(path: str | os.PathLike) -> bool:
    """Whether a part of a relative path begins with a dot, or is __MACOSX, which macOS adds to zip files.

    Args:
        path: such as "._x.jpg" of macOS, or ".ipynb_checkpoints/x.png" of Jupyter.

    Returns:
        True or False.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.is_hidden("train/._x.jpg"), ik.images.is_hidden("train/x.jpg")
        (True, False)
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in Path(path).parts)
