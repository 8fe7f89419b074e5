"""Fills that another program made, paired with their originals by name."""

import unicodedata
from collections import Counter
from pathlib import PurePosixPath

from inpaintkit.data import SPLITS, Images
from inpaintkit.evaluation.before_training import with_untrained
from inpaintkit.evaluation.methods import check_names


def prepare_methods(methods, images, untrained=True):
    """Methods as they are compared: with their untrained rows, and fills in the order of the originals.

    Args:
        methods, images, untrained: as for `ik.compare`.

    Returns:
        ({name: method}, {name: reason}): the methods, and the networks that could not be rebuilt.
    """
    check_names(methods)
    methods, missing = with_untrained(methods) if untrained else (dict(methods), {})
    for name, method in methods.items():
        if isinstance(method, Images):
            methods[name] = pair_by_name(name, method, images)
    return methods, missing


def pair_by_name(name, fills, images):
    """Fills, `Images`, in the order of the originals: each goes with the original of the same name.

    Names are compared below the folder of the split and without their ending, so that `r/test/007.png` goes
    with `o/007.bmp`. There may be more fills than originals, in any order.

    Args:
        name: of the method, for the message. fills: `Images`. images: the originals. Where these are an
            array, without names, or all names are equal, the order of the fills is kept.

    Raises:
        ValueError: an original without a fill, or with several.
    """
    if not isinstance(images, Images) or fills.names == images.names:
        return fills
    fill_stems = [_stem(path) for path in fills.names]
    image_stems = [_stem(path) for path in images.names]
    wanted = set(image_stems)
    position = {stem: i for i, stem in enumerate(fill_stems)}
    advice = "give both the same names, or fills in the same order as an array, fills.as_float()"
    for i, stem in enumerate(image_stems):
        if stem not in position:
            beside = f", where the fills have {fills.names[i]!r}" if i < len(fills) else ""
            raise ValueError(
                f"fills {name!r}: {len(fills)} for {len(images)} originals, and none has the name of the "
                f"original {images.names[i]!r}{beside}; {advice}"
            )
    for stems, paths in ((fill_stems, fills.names), (image_stems, images.names)):
        counts = Counter(stems)
        for stem, path in zip(stems, paths, strict=True):
            if counts[stem] > 1 and stem in wanted:
                raise ValueError(f"fills {name!r}: {path!r} is one of several of the same name; {advice}")
    chosen = [position[stem] for stem in image_stems]
    return Images(fills.array[chosen], tuple(fills.names[i] for i in chosen), fills.source, fills.split)


def _stem(name):
    """A file's path below the folder of its split, without its ending."""
    path = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/"))
    folders = [part.lower() for part in path.parts[:-1]]
    split = next((i + 1 for i, part in enumerate(folders) if any(part in s for s in SPLITS.values())), 0)
    return PurePosixPath(*path.parts[split:]).with_suffix("").as_posix()
