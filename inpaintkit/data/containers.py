"""Folders and zips as containers of files: `FolderFiles` and `ZipFiles` have the same attributes and methods.

files                  {path inside, with `/` between folders: where the file lies}
repeated               paths that occur more than once; the last file of each is used
identity(file)         equal for two names of one file
read(files)            iterator over paths or open files, or an exception in place of one
stamp(files)           a value that changes when the files change
content_keys()         functions (file) -> a key that is equal for equal bytes; the cheapest comes first,
                       and the last one is certain

A folder may hold hundreds of thousands of files, so nothing here keeps more of a file than its names.
"""

import hashlib
import os
import posixpath
import re
import zipfile
from pathlib import Path, PurePosixPath

from inpaintkit.data.listing import SPLIT_OF_NAME
from inpaintkit.data.splits import HELD_OUT_FIRST
from inpaintkit.images import files_below, is_hidden

_READABLE_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_METHOD_NAMES = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd"}


class FolderFiles:
    """The files of a folder and of those below it."""

    def __init__(self, root):
        # A folder can have two names through a link. If `val` links to `test`, it counts as `test`.
        found = files_below(root, lambda name: HELD_OUT_FIRST.index(SPLIT_OF_NAME.get(name.lower())))
        # Outside Windows, Python unpacks a zip that was made on it to one folder of files "train\0.png".
        pairs = ((path_inside(file.relative_to(root).as_posix()), str(file)) for file in found)
        self.files, self.repeated = _by_path(pairs)

    def content_keys(self):
        return self._size, self._digest

    def identity(self, file):
        stat = os.stat(self.files[file])  # hard links have one inode, and `stat` follows soft links
        return stat.st_dev, stat.st_ino

    def read(self, files):
        return (self.files[file] for file in files)

    def stamp(self, files):
        digest = hashlib.sha256()
        for path in map(self.files.get, files):
            stat = os.stat(path)
            digest.update(repr((os.path.realpath(path), stat.st_size, stat.st_mtime_ns)).encode())
        return digest.hexdigest()

    def _size(self, file):
        return os.path.getsize(self.files[file]) or file  # empty files are broken, not copies

    def _digest(self, file):
        try:
            return hashlib.sha256(Path(self.files[file]).read_bytes()).digest()
        except OSError:  # the decoder will report it; here it equals no other file
            return file


class ZipFiles:
    """The files of a zip, as entries of `zipfile`."""

    def __init__(self, root):
        self.root = root
        try:
            self.archive = zipfile.ZipFile(root)
        except (zipfile.BadZipFile, RuntimeError, OSError, ValueError) as error:  # one of several parts
            advice = "unpack it and give the folder"
            raise ValueError(f"{root}: a zip that Python cannot read ({error}): {advice}") from error
        entries = [entry for entry in self.archive.infolist() if entry.filename[-1] not in "/\\"]
        pairs = ((path_inside(entry.filename), entry) for entry in entries)
        self.files, self.repeated = _by_path(pair for pair in pairs if not is_hidden(pair[0]))

    def content_keys(self):
        return (self._checksum,)

    def identity(self, file):
        return file

    def _problem(self, file):
        """Why Python cannot unpack the file, or None."""
        entry = self.files[file]
        if entry.flag_bits & 0x41:
            return "encrypted"
        if entry.compress_type not in _READABLE_METHODS | {getattr(zipfile, "ZIP_ZSTANDARD", None)}:
            method = _METHOD_NAMES.get(entry.compress_type, f"number {entry.compress_type}")
            return f"packed with a method that Python cannot read ({method})"
        return None

    def read(self, files):
        for file in files:
            try:
                if problem := self._problem(file):
                    raise ValueError(f"{file}: {problem}; unpack the zip and give the folder")
                opened = self.archive.open(self.files[file])
            except Exception as error:  # zipfile raises many, from BadZipFile to NotImplementedError
                yield error
            else:
                with opened:
                    yield opened

    def stamp(self, files):
        return [(str(self.root.resolve()), self.root.stat().st_size, self.root.stat().st_mtime_ns)]

    def _checksum(self, file):
        entry = self.files[file]
        return (entry.CRC, entry.file_size) if entry.file_size and not self._problem(file) else file


def path_inside(name):
    """A name in a zip as a path that stays inside: `\\` separates folders too; no drive, root or `..`."""
    without_drive = re.sub(r"^[A-Za-z]:(?=.*[/\\])", "", name).replace("\\", "/")
    return PurePosixPath(posixpath.normpath("/" + without_drive).lstrip("/"))


def _by_path(pairs):
    """({path: file}, the paths that occur more than once)."""
    files, repeated = {}, {}
    for path, file in pairs:
        if path in files:
            repeated[path] = None  # once, in order
        files[path] = file
    return files, list(repeated)
