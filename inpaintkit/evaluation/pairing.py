"""Fills that some other program has made, paired with their originals by name."""

import unicodedata
from pathlib import PurePosixPath

from inpaintkit.data import SPLITS, Images
from inpaintkit.evaluation.before_training import with_untrained
from inpaintkit.evaluation.methods import check_names


def prepare_methods(methods, images, untrained=True):
    """Methods as they are compared: with their untrained rows, and fills in the order of the originals.

    Args:
        methods, images, untrained: as for `ik.compare`.

    Returns:
        ({name: method}, {name: why}): the methods, and the networks that could not be rebuilt.
    """
    check_names(methods)
    every, missing = with_untrained(methods) if untrained else (methods, {})
    fills = {name: method for name, method in every.items() if isinstance(method, Images)}
    return {**every, **{name: paired(name, method, images) for name, method in fills.items()}}, missing


def paired(name, fills, images):
    """Fills, `Images`, in the order of the originals: each goes with the original of the same name.

    Names are compared below the folder of the split and without their ending, so that `r/test/007.png` goes
    with `o/007.bmp`. More fills than originals, or another order, are no matter.

    Args:
        name: of the method, for the message. fills: `Images`. images: the originals; where they have no
            names, an array, or all names are the same in the same order, fills are taken as they lie.

    Raises:
        ValueError: names that do not pair up, or that pair up in several ways.
    """
    if not isinstance(images, Images) or fills.names == images.names:
        return fills
    theirs, ours = ([_stem(n) for n in each.names] for each in (fills, images))
    place = {stem: i for i, stem in enumerate(theirs)}
    lost = next((i for i, stem in enumerate(ours) if stem not in place), None)
    advice = (
        "give both the same names, or, if their order is the same, the fills as an array: fills.as_float()"
    )
    if lost is not None:
        beside = f", where the fills have {fills.names[lost]!r}" if lost < len(fills) else ""
        raise ValueError(
            f"fills {name!r}: {len(fills)} for {len(images)} originals, and none has the name of the "
            f"original {images.names[lost]!r}{beside}; {advice}"
        )
    for stems, names in ((theirs, fills.names), (ours, images.names)):
        if len({*stems} & {*ours}) < sum(stem in ours for stem in stems):
            twice = next(n for n, stem in zip(names, stems, strict=True) if stems.count(stem) > 1)
            raise ValueError(f"fills {name!r}: {twice!r} could pair with several of the same name; {advice}")
    chosen = [place[stem] for stem in ours]
    return Images(fills.array[chosen], tuple(fills.names[i] for i in chosen), fills.source, fills.split)


def _stem(name):
    """A file's path below its split's folder, without its ending."""
    path = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/"))
    folders = [part.lower() for part in path.parts[:-1]]
    split = next((i + 1 for i, part in enumerate(folders) if any(part in s for s in SPLITS.values())), 0)
    return PurePosixPath(*path.parts[split:]).with_suffix("").as_posix()
