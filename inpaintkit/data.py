"""Pictures from a name or a folder, and endless batches of `((holed image, mask), image)` from them.

Data is random access: `images` gives a sequence of uint8 pictures, `pairs` a `keras.utils.PyDataset`
that every back end eats, and what batch k of epoch e holds depends on (seed, e, k) alone.
"""

import hashlib
import importlib.util
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from PIL import Image, ImageOps

from inpaintkit.images import check_binary, read_uint8, size_pair

SPLITS = ("train", "val", "test")

# Photographs that ship inside scikit-image, scikit-learn and matplotlib: no download, no network.
# Whole photographs are held out, so that no test crop has a neighbour in training. The two of
# scikit-learn are worth the dependency: with them the demo's network gains 0.35 dB on the test crops.
PHOTOS = {
    # file: (package, split, what it shows, licence)
    "chelsea.png": ("skimage", "train", "Chelsea the cat, Stéfan van der Walt", "CC0"),
    "rocket.jpg": ("skimage", "train", "a Falcon 9 at its launch, SpaceX", "public domain"),
    "ihc.png": (
        "skimage",
        "train",
        "stained colon tissue, Human Protein Atlas",
        "no known copyright restrictions",
    ),
    "china.jpg": ("sklearn", "train", "a temple in China, danielbuechele", "CC BY 2.0"),
    "flower.jpg": ("sklearn", "train", "a flower, vultilion", "CC BY 2.0"),
    "hubble_deep_field.jpg": ("skimage", "train", "Hubble eXtreme Deep Field, NASA", "public domain"),
    "retina.jpg": ("skimage", "train", "a human retina, Mikael Häggström", "CC0"),
    "grace_hopper.jpg": ("matplotlib", "val", "Grace Hopper, US Navy", "public domain"),
    "astronaut.png": ("skimage", "test", "Eileen Collins, NASA", "public domain"),
    "coffee.png": ("skimage", "test", "a cup of coffee, Rachel Michetti", "CC0"),
}
_CROPS = {"train": 1600, "val": 96, "test": 120}


@dataclass(frozen=True)
class Pictures(Sequence):
    """A sequence of uint8 pictures (H, W, 3), all of one size.

    Attributes:
        array: uint8 (N, H, W, 3).
        names: where each came from, N strings.
        source, split: as asked for.
    """

    array: np.ndarray
    names: tuple
    source: str
    split: str

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        return self.array[index]

    def __repr__(self):
        n, height, width, _ = self.array.shape
        return f"Pictures({n} of {height}×{width}, {self.source!r}, {self.split!r})"

    def as_float(self, count=None):
        """The first `count` (all) as float32 (N, H, W, 3) in [0, 1], the shape every method takes."""
        return self.array[:count].astype("float32") / 255


def images(source="photos", split="train", image_size=64, count=None):
    """Loads one split of a source.

    Args:
        source: "photos", crops of the photographs in `PHOTOS`, cut at many scales; or a folder, searched
            through. A folder's `train`, `val` and `test` sub-folders (at any depth) are its splits; a folder
            that itself bears one of these names is that split and no other; any other is divided 80/10/10
            by a hash of each file's path in it, so that adding files moves none.
        split: "train", "val" or "test".
        image_size: an int or (height, width) in pixels, each at least 16. Pictures are cropped to that
            shape at their centre, and resized with antialiasing.
        count: at most this many pictures.

    Returns:
        `Pictures`.

    Raises:
        ValueError: unknown source or split, a folder without a readable picture in that split.
        Files that cannot be read are left out, with one warning that counts and names them.
    """
    if split not in SPLITS:
        raise ValueError(f"split={split!r}: expected one of {', '.join(SPLITS)}")
    if count is not None and count < 1:
        raise ValueError(f"count={count}: expected at least 1 picture")
    size = size_pair(image_size)
    if source == "photos":
        return _photo_crops(split, size, count or _CROPS[split])
    if not Path(source).is_dir():
        raise ValueError(f"source {str(source)!r}: no such folder; by name there is 'photos'")
    return _folder(Path(source), split, size, count)


def pairs(pictures, masks, batch_size=16, augment=None, shuffle=True, seed=0, **workers):
    """Batches for `fit`, `evaluate` and `predict`: `((holed image, mask), image)`.

    Args:
        pictures: `Pictures`, or a uint8 array (N, H, W, 3).
        masks: a kind of hole (`ik.masks.Lines(…)`), or fixed masks (N, H, W, 1), one a picture; for training
            also either by epoch, {first epoch, from 0: kind}, such as thin lines first and thick ones later.
        batch_size: pictures a batch; the last may be smaller.
        augment: None, or a function (uint8 batch, NumPy random generator) -> uint8 batch.
        shuffle: True for training: a new order, and new holes, each epoch. False for validation and
            test: the same order and the same holes every time.
        seed: of order, holes and augmentation.
        workers: `workers`, `use_multiprocessing`, `max_queue_size` of `keras.utils.PyDataset`.

    Returns:
        `Pairs`, a `keras.utils.PyDataset`; images float32 (B, H, W, 3), masks float32 (B, H, W, 1).

    Raises:
        ValueError: fixed masks that do not fit the pictures, or are not of 0 and 1; masks by epoch that leave
            out epoch 0, or come with shuffle=False; a batch_size under 1.
    """
    return Pairs(pictures, masks, batch_size, augment, shuffle, seed, **workers)


class Pairs(keras.utils.PyDataset):
    """Batches of `((holed image, mask), image)` by index: see `pairs`, which makes them."""

    def __init__(self, pictures, masks, batch_size, augment, shuffle, seed, **workers):
        super().__init__(**workers)
        if batch_size < 1:
            raise ValueError(f"batch_size={batch_size}: expected at least 1")
        self.array = pictures.array if isinstance(pictures, Pictures) else np.asarray(pictures)
        if self.array.dtype != np.uint8 or self.array.ndim != 4 or self.array.shape[-1] != 3:
            raise ValueError(
                f"pictures {self.array.dtype} of shape {self.array.shape}: expected uint8 (N, H, W, 3)"
            )
        if isinstance(masks, dict) and not shuffle:
            raise ValueError(
                "masks by epoch with shuffle=False: validation and test keep their holes; expected one kind"
            )
        self.masks = masks if isinstance(masks, dict) else {0: masks}
        check_stages(self.masks, "masks")
        for stage in self.masks.values():
            if not hasattr(stage, "sample") and np.shape(stage) != (*self.array.shape[:3], 1):
                raise ValueError(
                    f"masks of shape {np.shape(stage)}: expected a kind of hole, such as ik.masks.Lines(), "
                    f"or one mask a picture, {(*self.array.shape[:3], 1)}"
                )
            if not hasattr(stage, "sample"):
                check_binary(stage)
        self.batch_size, self.augment = batch_size, augment
        self.shuffle, self.seed, self.epochs_ended = shuffle, seed, 0

    @property
    def epoch(self):
        """The epoch whose order and holes are served, from 0; always 0 without shuffle."""
        return max(0, self.epochs_ended - 1) if self.shuffle else 0

    def __len__(self):
        return -(-len(self.array) // self.batch_size)

    def __getitem__(self, k):
        order = np.arange(len(self.array))
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch, 0)).permutation(order)
        chosen = order[k * self.batch_size : (k + 1) * self.batch_size]
        # k + 1, since NumPy takes (seed, epoch) and (seed, epoch, 0) for the same seed.
        holes_seed, augment_seed = np.random.SeedSequence((self.seed, self.epoch, k + 1)).spawn(2)
        pictures = self.array[chosen]
        if self.augment is not None:
            pictures = self.augment(pictures, np.random.default_rng(augment_seed))
        image = pictures.astype("float32") / 255
        masks = at_epoch(self.masks, self.epoch)
        if hasattr(masks, "sample"):
            mask = masks.sample(len(image), *image.shape[1:3], seed=holes_seed)
        else:
            mask = masks[chosen]
        return (image * mask, mask), image

    def on_epoch_end(self):
        # Keras calls it once more, before the first epoch of a fit. Its on_epoch_begin is no better: JAX and
        # PyTorch begin one epoch too many, to look at a batch, and workers have set out by then.
        self.epochs_ended += 1


def at_epoch(stages, epoch):
    """What holds at an epoch, of {first epoch: what}: `at_epoch({0: "thin", 8: "thick"}, 7)` is "thin"."""
    return stages[max(first for first in stages if first <= epoch)]


def check_stages(stages, name):
    """Raises ValueError unless every epoch has its stage of {first epoch: what}."""
    if 0 not in stages or not all(isinstance(first, int) and first >= 0 for first in stages):
        raise ValueError(f"{name} begin at epochs {list(stages)}: expected whole numbers, 0 among them")


def _photo_crops(split, size, count):
    """`count` crops of the split's photographs, at scales from one photo pixel a pixel to the whole photo."""
    rng = np.random.default_rng(SPLITS.index(split))
    photos = {name: _photo(package, name) for name, (package, s, *_) in PHOTOS.items() if s == split}
    names = [list(photos)[i % len(photos)] for i in range(count)]
    array = np.empty((count, *size, 3), "uint8")
    for i, name in enumerate(names):
        photo = photos[name]
        most = min(photo.width / size[1], photo.height / size[0])  # photo pixels a crop pixel
        scale = max(1, most) ** rng.random() * min(1, most)
        width, height = min(size[1] * scale, photo.width), min(size[0] * scale, photo.height)
        left, top = rng.random(2) * (photo.width - width, photo.height - height)
        crop = photo.resize(
            (size[1], size[0]), Image.Resampling.LANCZOS, box=(left, top, left + width, top + height)
        )
        array[i] = ImageOps.mirror(crop) if split == "train" and rng.random() < 0.5 else crop
    return Pictures(array, tuple(names), "photos", split)


def _photo(package, name):
    where = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    return Image.fromarray(read_uint8(Path(folder, where[package], name)))


def _folder(folder, split, size, count):
    endings = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in endings and f.is_file())
    if not files:
        raise ValueError(f"{folder}: no picture in this folder or below it (JPEG, PNG, TIFF, WebP, …)")
    chosen = _files_of(split, folder, files)
    if count is not None:  # spread over the folder, not its first names
        chosen = sorted(sorted(chosen, key=lambda file: _draw(file, folder))[:count])
    pictures, broken = {}, []
    for file in chosen:
        try:
            pictures[str(file.relative_to(folder))] = read_uint8(file, size)
        except ValueError as error:
            broken.append(str(error))
    if not pictures:
        reason = "; ".join(broken[:3]) or f"none of its {len(files)} falls into it"
        raise ValueError(
            f"{folder}: no usable picture for the split {split!r}: {reason}. Add pictures, or sort them into "
            "sub-folders train, val and test"
        )
    if broken:
        warnings.warn(f"{folder}: left out {len(broken)} unreadable: {'; '.join(broken[:5])}", stacklevel=3)
    return Pictures(np.stack(list(pictures.values())), tuple(pictures), str(folder), split)


def _files_of(split, folder, files):
    """A split of a folder's files: by sub-folder, by the folder's own name, or by hash."""
    below = {file: [part for part in file.relative_to(folder).parts[:-1] if part in SPLITS] for file in files}
    if any(below.values()):
        return [file for file, parts in below.items() if parts and parts[-1] == split]
    name = folder.resolve().name
    if name in SPLITS:  # drawing another split from it would test on what was trained on
        if name != split:
            raise ValueError(
                f"{folder}: this folder is the split {name!r}, and {split!r} was asked for: give the folder "
                "above it, or rename it to have it divided 80/10/10"
            )
        return files
    low, high = {"train": (0, 0.8), "val": (0.8, 0.9), "test": (0.9, 1)}[split]
    return [file for file in files if low <= _draw(file, folder) < high]


def _draw(file, folder):
    """A number in [0, 1) from a file's path in its folder: the same on every machine, for ever."""
    digest = hashlib.sha256(file.relative_to(folder).as_posix().encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
