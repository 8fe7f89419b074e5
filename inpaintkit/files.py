"""Files that are whole or not there, and hashes of arrays and values."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

import numpy as np


@contextlib.contextmanager
def replacing(path, optional=False):
    """Yields a path to write to; it is moved to `path` if the block ends without an error, else removed.

    So a file of that name is always whole: a process that is killed while it writes leaves the old one.

    Args:
        path: of the file; its folder must exist.
        optional: whether the block may write nothing, which leaves the file as it is.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(Path(folder, "table.csv")) as part:
        ...         _ = part.write_text("PSNR", "utf-8")
        ...     [file.name for file in Path(folder).iterdir()]
        ['table.csv']
    """
    path = Path(path)
    part = path.with_name(f"{path.stem}.part{os.getpid()}{path.suffix}")  # the ending decides the format
    try:
        yield part
        if not optional or part.exists():
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def hash_arrays(*arrays):
    """SHA-256 of arrays: of their dtypes, shapes and values, as 64 hexadecimal digits.

    Example:
        >>> hash_arrays([[1, 2]]) == hash_arrays([[1, 2]]), hash_arrays([[1, 2]]) == hash_arrays([[1], [2]])
        (True, False)
    """
    digest = hashlib.sha256()
    for array in map(np.ascontiguousarray, arrays):
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(array.view("uint8").data if array.size else b"")
    return digest.hexdigest()


def hash_file(path):
    """SHA-256 of a file, as 64 hexadecimal digits.

    Example:
        >>> import os
        >>> hash_file(os.devnull)[:8]
        'e3b0c442'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_json(value):
    """SHA-256 of a value that JSON can hold; the order of a dict's keys does not matter.

    Example:
        >>> hash_json({"a": 1, "b": 2}) == hash_json({"b": 2, "a": 1})
        True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
