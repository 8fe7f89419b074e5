"""Folders and zips as sources: which of their images belong to which split.

1. Files below a folder `mask` or `masks`, and `x_mask.png` or `mask_x.png` beside `x.png`, are masks, and are
   left out.
2. The outermost folder that bears a split's name decides, the given folder or zip itself included; but where
   one that holds all images has folders of two splits or more, those decide. Images outside all of them are
   not used.
3. CelebA's folder has CelebA's own partition.
4. Any other is divided 80/10/10 by a hash of each file's path, so that adding files moves none.

A file that links give several names counts once, held out rather than trained on: test before val before
train. Exact copies (the same bytes) in two splits are only reported: nobody but the user knows which to keep.
"""

import hashlib
import posixpath
import re
import unicodedata
import zipfile
import zlib
from pathlib import PurePosixPath

from PIL import Image

from inpaintkit.data.listing import SPLITS, Found, some, words
from inpaintkit.images import files_below, is_hidden

CELEBA = {"train": (1, 162_770), "val": (162_771, 182_637), "test": (182_638, 202_599)}  # its own partition


_CALLED = {name: split for split, names in SPLITS.items() for name in names}
_BY_HASH = "by a hash"
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_TAIL = 4096  # bytes at a file's end, which tell most files of one size apart


def find_files(root, split, count=None):
    """Finds the images of one split in a folder or a zip: see `ik.data.images`.

    Raises:
        ValueError: no image at all, or none in this split; a zip that Python cannot unpack.
    """
    store = _Folder(root) if root.is_dir() else _Zip(root)
    endings = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    files = sorted(file for file in store.files if file.suffix.lower() in endings)
    if not files:
        archives = [
            file for file in store.files if file.suffix.lower() in (".zip", ".tar", ".gz", ".7z", ".rar")
        ]
        advice = f"; unpack the archives in it ({some(archives)})" if archives else ""
        raise ValueError(f"{root}: no image in it or below it (JPEG, PNG, TIFF, WebP, …){advice}")
    files, masks = _without_masks(files)
    split_of, rule = _splits(root, files, split)
    linked = _linked(store, split_of)
    notes = _notes(store, masks, split_of, rule, linked)
    split_of = {file: its for file, its in split_of.items() if its and file not in linked}
    chosen = [file for file, its in split_of.items() if its == split]
    if not chosen:
        raise ValueError(
            f"{root}: no usable image for the split {split!r}: none of its {len(files)} falls into it. Add "
            f"images, or sort them into sub-folders train, val and test{''.join('; ' + n for n in notes)}"
        )
    if count is not None:  # spread over the folder, not its first names
        chosen = sorted(sorted(chosen, key=_draw)[:count])
    reasons = [store.locked(file) for file in chosen]
    if all(reasons):
        raise ValueError(f"{root}: {' or '.join(sorted(set(reasons)))}: unpack it and give the folder")
    copies = _copies(store, chosen, [file for file, its in split_of.items() if its != split])
    if copies:
        pairs = [f"{ours} = {theirs}" for ours, theirs in copies.items()]
        notes.append(
            f"{len(copies)} of the {len(chosen)} images of the split {split!r} are exact copies of images in "
            f"another split ({some(pairs)}): remove one of each, or the scores will be too good"
        )
    return Found(
        tuple(map(str, chosen)),
        lambda start: store.read(chosen[start:]),
        lambda: store.stamp(chosen),
        notes=tuple(f"{root}: {note}" for note in notes),
    )


def _notes(store, masks, split_of, rule, linked):
    """What the user should know of the files that are not used, and of names that only look like splits."""
    notes = []
    if store.twice:
        notes.append(f"{len(store.twice)} names occur twice, and the last is used ({some(store.twice)})")
    if masks:
        notes.append(
            f"left out {len(masks)} files as masks of the images ({some(masks)}); to load them as images, "
            "rename them, or give their own folder as the source"
        )
    if linked:
        notes.append(f"left out {len(linked)} links to images that are used by another name ({some(linked)})")
    outside = [file for file, its in split_of.items() if its is None and file not in linked]
    if outside:
        notes.append(f"{len(outside)} of {len(split_of)} images {rule}, and are not used ({some(outside)})")
    spoken = {file: _spoken(file) for file in split_of} if rule == _BY_HASH else {}
    named = [file for file in spoken if spoken[file]]
    if len(set().union(*spoken.values())) > 1:
        notes.append(
            f"some names speak of splits ({some(named)}), yet the images are divided by a hash of their "
            "paths; to have these splits, name the folders train, val and test"
        )
    return notes


def _spoken(file):
    """The splits that a path speaks of without being called so: trainA, test_images, valset, train2017."""
    bare = {re.sub("(set|data|images?)$", "", word) for word in words(file)}
    return {_CALLED[word] for word in bare & set(_CALLED)}


def _without_masks(files):
    """(images, masks): what lies in a folder of masks; and x_mask.png, x_mask_1.png, mask_x.png by x.jpg."""
    likely = [file for file in files if "mask" in str(file).lower()]
    masks = {file for file in likely if {"mask", "masks"} & {part.lower() for part in file.parts[:-1]}}
    if len(masks) == len(files):  # then they are what is wanted
        masks = set()
    stems = {(file.parent, file.stem) for file in files} if likely else ()
    for file in likely:
        named = re.fullmatch(r"(.+)[_. -]masks?[_-]?\d*|masks?[_. -](.+)", file.stem, re.IGNORECASE)
        if named and (file.parent, named[1] or named[2]) in stems:
            masks.add(file)
    return [file for file in files if file not in masks], sorted(masks)


def _splits(root, files, split):
    """({file: its split or None}, the rule: one of 2 to 4 above, or what those without a split are)."""
    around = PurePosixPath(posixpath.commonpath(file.parent for file in files)).parts  # hold all images
    below = {file: _outermost(file.parts[len(around) : -1]) for file in files}
    held = set(below.values()) - {None}
    own = _outermost(path.name if root.is_dir() else path.stem for path in (root.resolve(), root))
    if (own or _outermost(around)) and len(held) < 2:
        if own and own != split:  # drawing another split from it would test on what was trained on
            kind, above = ("folder", "give the folder above it, or ") if root.is_dir() else ("zip", "")
            raise ValueError(
                f"{root}: this {kind} is the split {own!r}, and {split!r} was asked for: {above}rename it to "
                "have it divided 80/10/10"
            )
        return dict.fromkeys(files, own or _outermost(around)), "by its own name"
    if held:
        return below, "lie in no folder named train, val or test"
    if "img_align_celeba" in {root.resolve().stem, root.stem}.union(*(file.parts[:-1] for file in files)):
        return {file: _celeba_split(file) for file in files}, "bear no number of CelebA's"
    draws = {file: _draw(file) for file in files}
    return {file: "train" if x < 0.8 else "val" if x < 0.9 else "test" for file, x in draws.items()}, _BY_HASH


def _outermost(folders):
    """The split of the first of these names that is called as one, or None."""
    return next((_CALLED[folder.lower()] for folder in folders if folder.lower() in _CALLED), None)


def _celeba_split(file):
    number = int(file.stem) if file.stem.isdecimal() else 0
    return next((split for split, (low, high) in CELEBA.items() if low <= number <= high), None)


def _draw(file):
    """A number in [0, 1) from a file's path in its source: the same on every machine, for ever.

    The ending does not count, so that 7.png, the fill of 7.bmp, is drawn with it; it is hashed as .jpg, so
    that folders of .jpg files are divided as they were when it did. Nor does it count whether ü is written as
    one character or, as by macOS, as two.
    """
    name = unicodedata.normalize("NFC", file.with_suffix(".jpg").as_posix())
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()  # old names are not UTF-8
    return int.from_bytes(digest[:6], "big") / 2**48


def _linked(store, split_of):
    """The files that are only another name of one that is used."""
    first = {}
    rank = ["test", "val", "train", None].index
    for file in sorted(split_of, key=lambda file: rank(split_of[file])):
        first.setdefault(store.place(file), file)
    used = set(first.values())
    return [file for file in split_of if file not in used]


def _copies(store, ours, theirs):
    """{file: one of `theirs` that holds the same bytes}; the costly keys only where the cheap ones agree."""
    for key in store.keys:
        ours, theirs = {file: key(file) for file in ours}, {file: key(file) for file in theirs}
        common = set(ours.values()) & set(theirs.values())
        ours = {file: value for file, value in ours.items() if value in common}
        theirs = {file: value for file, value in theirs.items() if value in common}
    by_value = {value: file for file, value in reversed(theirs.items())}
    return {file: by_value[value] for file, value in ours.items()}


class _Folder:
    """The files of a folder: {path in it, with `/` between folders: where it lies}."""

    def __init__(self, root):
        self.root, self.twice = root, []
        self.files = {}
        # Of two names of one folder the one held out counts: for `val`, linked to `test`, that is `test`.
        rank = {"test": 0, "val": 1, "train": 2}
        for file in files_below(root, lambda name: rank.get(_CALLED.get(name.lower()), 3)):
            # Python unpacks a zip of Windows's outside Windows to one folder of files named "train\0.png".
            name = file.relative_to(root).as_posix()
            _add(self.files, _inside(name) if "\\" in name else PurePosixPath(name), file, self.twice)
        self._stats = {}
        self.keys = (self._size, self._tail, self._digest)

    def place(self, file):
        """The same for all names of one file, whether they are links of the one kind or of the other."""
        stat = self._stat(file)
        return stat.st_dev, stat.st_ino

    def locked(self, file):
        return None

    def read(self, files):
        return (self.files[file] for file in files)

    def stamp(self, files):
        stats = [(self.files[file].resolve(), self.files[file].stat()) for file in files]
        return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats]

    def _stat(self, file):
        if file not in self._stats:
            self._stats[file] = self.files[file].stat()
        return self._stats[file]

    def _size(self, file):
        return self._stat(file).st_size or file  # empty files are broken, not copies

    def _tail(self, file):
        def checksum(opened):
            opened.seek(max(0, self._stat(file).st_size - _TAIL))
            return zlib.crc32(opened.read())

        return self._of_bytes(file, checksum)

    def _digest(self, file):
        return self._of_bytes(file, lambda opened: hashlib.file_digest(opened, "sha256").digest())

    def _of_bytes(self, file, function):
        try:
            with open(self.files[file], "rb") as opened:
                return function(opened)
        except OSError:  # the decoder will say so; it is nobody's copy
            return file


class _Zip:
    """The files of a zip: {path in it, with `/` between folders: zipfile's own entry}."""

    def __init__(self, root):
        self.root, self.twice = root, []
        try:
            self.archive = zipfile.ZipFile(root)
        except (
            zipfile.BadZipFile,
            RuntimeError,
            OSError,
            ValueError,
        ) as error:  # such as one of several parts
            raise ValueError(
                f"{root}: a zip that Python cannot read ({error}): unpack it and give the folder"
            ) from error
        self.files = {}
        for info in self.archive.infolist():
            path = _inside(info.filename)
            if not info.filename.endswith(("/", "\\")) and not is_hidden(path):
                _add(self.files, path, info, self.twice)
        self.keys = (self._checksum,)

    def place(self, file):
        return file

    def locked(self, file):
        """Why Python's zipfile cannot unpack this one, or None."""
        info = self.files[file]
        if info.flag_bits & 0x41:
            return "encrypted"
        if info.compress_type not in _READABLE | {getattr(zipfile, "ZIP_ZSTANDARD", None)}:
            method = _METHODS.get(info.compress_type, f"number {info.compress_type}")
            return f"packed with a method that Python cannot read ({method})"
        return None

    def read(self, files):
        for file in files:
            try:
                if reason := self.locked(file):
                    raise ValueError(f"{file}: {reason}")
                opened = self.archive.open(self.files[file])
            except Exception as error:  # zipfile has many, from BadZipFile to NotImplementedError
                yield error
            else:
                with opened:
                    yield opened

    def stamp(self, files):
        return [(str(self.root.resolve()), self.root.stat().st_size, self.root.stat().st_mtime_ns)]

    def _checksum(self, file):
        info = self.files[file]
        return (info.CRC, info.file_size) if info.file_size and not self.locked(file) else file


def _inside(name):
    """A name in a zip as a path that stays inside: `\\` parts folders too, and no drive, root or `..`."""
    parts = []
    for part in re.split(r"[/\\]", re.sub(r"^[A-Za-z]:(?=.*[/\\])", "", name)):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return PurePosixPath(*parts)


def _add(files, path, place, twice):
    if path in files:
        twice.append(path)
    files[path] = place
