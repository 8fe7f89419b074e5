"""Folders and zips as sources: which of their files are the images of a split.

Files in a folder `mask` or `masks`, and `x_mask.png` or `mask_x.png` beside `x.png`, are masks and are left
out. The others are assigned to splits by the rules in `splits.py`.

A file that has several names through links counts once, and rather as held out: test before val before
train. Exact copies (the same bytes) in two splits are only reported: the user knows which one to keep.
"""

import re

from PIL import Image

from inpaintkit.data.containers import FolderFiles, ZipFiles
from inpaintkit.data.listing import ImageListing, first_three
from inpaintkit.data.splits import BY_HASH, HELD_OUT_FIRST, assign_splits, hash_fraction, split_words


def list_folder(root, split, count=None):
    """Lists the images of one split in a folder or a zip: see `ik.data.images`.

    Raises:
        ValueError: no image at all, or none in this split; a zip that Python cannot open.
    """
    container = FolderFiles(root) if root.is_dir() else ZipFiles(root)
    files, masks = _without_masks(_image_files(root, container))
    split_of, rule = assign_splits(root, files, split)
    linked = _other_names(container, split_of)
    notes = _notes(container, masks, split_of, rule, linked)
    split_of = {file: its for file, its in split_of.items() if its and file not in linked}
    chosen = [file for file, its in split_of.items() if its == split]
    if not chosen:
        advice = "; ".join(["sort them into sub-folders train, val and test", *notes])
        raise ValueError(f"{root}: no usable image for the split {split!r} among its {len(files)}: {advice}")
    if count is not None:  # spread over the folder, not its first names
        chosen = sorted(sorted(chosen, key=hash_fraction)[:count])
    copies = _copies(container, chosen, [file for file, its in split_of.items() if its != split])
    if copies:
        pairs = first_three([f"{ours} = {theirs}" for ours, theirs in copies.items()])
        copied = f"{len(copies)} of the {len(chosen)} images of the split {split!r} are exact copies of"
        notes.append(f"{copied} images in another split, which makes scores too good: remove one ({pairs})")
    return ImageListing(
        tuple(map(str, chosen)),
        lambda start: container.read(chosen[start:]),
        lambda: container.stamp(chosen),
        notes=tuple(f"{root}: {note}" for note in notes),
    )


def _image_files(root, container):
    """The files that Pillow can read, by their endings, in order."""
    endings = {ending for ending, name in Image.registered_extensions().items() if name in Image.OPEN}
    files = sorted(file for file in container.files if file.suffix.lower() in endings)
    if not files:
        archives = [f for f in container.files if f.suffix.lower() in (".zip", ".tar", ".gz", ".7z", ".rar")]
        advice = f"; unpack the archives in it ({first_three(archives)})" if archives else ""
        raise ValueError(f"{root}: no image in it or below it (JPEG, PNG, TIFF, WebP, …){advice}")
    return files


def _without_masks(files):
    """(images, masks): files in a folder of masks; and x_mask.png, x_mask_1.png, mask_x.png beside x.jpg."""
    masks = {file for file in files if {"mask", "masks"} & {part.lower() for part in file.parts[:-1]}}
    if len(masks) == len(files):  # a folder of nothing but masks: then they are what the user wants
        masks = set()
    stems = {(file.parent, file.stem) for file in files}
    for file in files:
        named = re.fullmatch(r"(.+)[_. -]masks?[_-]?\d*|masks?[_. -](.+)", file.stem, re.IGNORECASE)
        if named and (file.parent, named[1] or named[2]) in stems:
            masks.add(file)
    return [file for file in files if file not in masks], sorted(masks)


def _other_names(container, split_of):
    """The files whose image is used by another name: links to it. Of all names, one held out is used."""
    used = {}
    for file in sorted(split_of, key=lambda file: HELD_OUT_FIRST.index(split_of[file])):
        used.setdefault(container.identity(file), file)
    return set(split_of) - set(used.values())


def _notes(container, masks, split_of, rule, linked):
    """Sentences on the files that are not used, and on names that only look like splits."""
    outside = [file for file, its in split_of.items() if its is None and file not in linked]
    mentions = {file: words for file in split_of if rule == BY_HASH and (words := split_words(file))}
    several = len(set().union(*mentions.values())) > 1
    notes = {
        "{} names occur twice, and the last is used ({})": container.repeated,
        "left out {} files as masks of the images ({}); to load them as images, rename them": masks,
        "left out {} links to images that are used by another name ({})": sorted(linked),
        f"{{}} of {len(split_of)} images {rule}, and are not used ({{}})": outside,
        "{} names mention splits ({}), but the images are divided by a hash of their paths; to have these "
        "splits, name the folders train, val and test": list(mentions) if several else [],
    }
    return [note.format(len(files), first_three(files)) for note, files in notes.items() if files]


def _copies(container, ours, theirs):
    """{file: one of `theirs` with the same bytes}. A costly key is computed only where cheaper ones agree."""
    for key in container.content_keys():
        value_of = {file: key(file) for file in theirs}
        common = set(value_of.values())
        ours = {file: value for file in ours if (value := key(file)) in common}
        common = set(ours.values())
        theirs = {file: value for file, value in value_of.items() if value in common}
    by_value = {value: file for file, value in reversed(theirs.items())}
    return {file: by_value[value] for file, value in ours.items()}
