"""Pictures from anywhere, and endless batches of `((holed image, mask), image)` from them.

Data is random access: `images` gives a sequence of uint8 pictures, in memory or in a memory-mapped file,
and `pairs` a `keras.utils.PyDataset` that every back end eats; what batch k of epoch e holds depends on
(seed, e, k) alone, whatever the number of workers.
"""

import contextlib
import functools
import hashlib
import itertools
import json
import math
import re
import shutil
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import keras
import numpy as np

from inpaintkit import sources
from inpaintkit.augment import Augment, check_augmented
from inpaintkit.images import check_binary, read_uint8, size_pair
from inpaintkit.sources import PHOTOS, SPLITS  # noqa: F401 (found here too)

IN_MEMORY = 2 * 2**30  # bytes: more than that is kept in a file
_SAVE_EVERY = 1000  # pictures: what a kill of the preparation costs
_GIVE_UP = 20  # errors in a row of a source that cannot go on behind an image


@dataclass(frozen=True, eq=False)  # equal to itself only: arrays have no single answer
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

    def _where(self, image):
        return [number for number, own in enumerate(self.array) if np.array_equal(image, own)]

    def __contains__(self, image):
        return bool(self._where(image))

    def count(self, image):
        return len(self._where(image))

    def index(self, image):
        if numbers := self._where(image):
            return numbers[0]
        raise ValueError("the image is none of these")

    def __repr__(self):
        n, height, width, _ = self.array.shape
        return f"Pictures({n} of {height}×{width}, {self.source!r}, {self.split!r})"

    def as_float(self, count=None):
        """The first `count` (all) as float32 (N, H, W, 3) in [0, 1], the shape every method takes."""
        return self.array[:count].astype("float32") / 255


def images(source="photos", split="train", image_size=64, count=None, cache=None):
    """Loads one split of a source.

    Args:
        source: where the pictures are:
            "photos": crops of the photographs in `PHOTOS`, cut at many scales; no network.
            "cifar10": CIFAR-10, 32×32, through `keras.datasets`; every tenth training picture is for val.
            "celeb_a": CelebA, prepared by TensorFlow Datasets, or a folder or zip `img_align_celeba` that
                lies in the working folder, its `data`, or the cache; with CelebA's own partition.
            Where a folder is called as one of these, "./photos" (or a `Path`) means the folder.
            "tfds:<name>": any data set of TensorFlow Datasets with pictures, such as "tfds:oxford_iiit_pet";
                a split that it lacks is a tenth of its training pictures.
            a folder or a zip: searched through, links too. Its `train`, `val` and `test` sub-folders (at any
                depth; also `training`, `valid`, `validation`, `testing`) are its splits, and of several in
                one path the outermost decides; a folder or zip that itself bears one of these names is that
                split and no other, unless it holds folders of two or more. Any other is divided 80/10/10 by
                a hash of each file's path without its ending, so that adding files moves none. Files in a
                folder `mask` or `masks`, and `x_mask.png` or `mask_x.png` beside `x.jpg`, are left out with a
                warning.
            an .npz file: one array of pictures, or several, each with one of train, val and test in its name;
                "some.npz:word" takes those alone that have the word in their names.
            an array (N, H, W, 3), uint8 or float in [0, 1]: like one array in an .npz, every tenth picture
                is for val, every tenth for test.
        split: "train", "val" or "test".
        image_size: an int or (height, width) in pixels, each at least 16. Pictures are cropped to that
            shape at their centre, and resized with antialiasing.
        count: at most this many images, spread over all; of a folder, the same whatever the files' endings.
        cache: None, or a folder for decoded pictures, where the next call finds them. Without it those of
            more than `IN_MEMORY` bytes are kept in `sources.cache_folder()`: they are decoded once, with a
            line of progress, and memory-mapped; a preparation that is killed goes on where it was.

    Returns:
        `Pictures`.

    Raises:
        ValueError: unknown source or split; a source that cannot be had, or has no readable picture in that
            split; no room for the cache.
        Files that cannot be read are left out, with one warning that counts and names them.

    Warns:
        UserWarning: images of a folder or zip that belong to no split; links to images that are used already;
            files whose bytes are exactly those of a file in another split; a folder called as a data set.
    """
    if split not in SPLITS:
        raise ValueError(f"split={split!r}: expected one of {', '.join(SPLITS)}")
    if count is not None and (not isinstance(count, int | np.integer) or count < 1):
        raise ValueError(f"count={count!r}: expected a whole number of images, at least 1")
    size = size_pair(image_size)
    found = sources.find(source, split, size, count)
    source = "array" if isinstance(source, np.ndarray) else str(source)
    shape = (len(found.names), *size, 3)
    if found.array is not None and found.array.shape == shape:
        array, broken = found.array, {}
    elif cache is None and math.prod(shape) <= IN_MEMORY:
        array, broken = np.empty(shape, "uint8"), {}
        for _ in _decode(found, array, broken):
            continue
    else:
        array, broken = _kept(found, shape, Path(cache or sources.cache_folder()), f"{source} {split}")
    names = tuple(name for i, name in enumerate(found.names) if i not in broken)
    reasons = "; ".join([*broken.values()][:5] + ["…"] * (len(broken) > 5))
    if not names:
        raise ValueError(
            f"{source}: no usable picture for the split {split!r}: {reasons or 'it is empty'}. Add pictures, "
            "or sort them into sub-folders train, val and test"
        )
    for note in found.notes:
        warnings.warn(note, stacklevel=2)
    if broken:
        warnings.warn(f"{source}: left out {len(broken)} unreadable: {reasons}", stacklevel=2)
    return Pictures(array[: len(names)], names, source, split)


def pairs(pictures, masks, batch_size=16, augment=None, shuffle=True, seed=0, drop_last=None, **workers):
    """Batches for `fit`, `evaluate` and `predict`: `((holed image, mask), image)`.

    Args:
        pictures: `Pictures`, or a uint8 array (N, H, W, 3).
        masks: a kind of hole (`ik.masks.Lines(…)`), or fixed masks (N, H, W, 1), one a picture; for training
            also either by epoch, {first epoch, from 0: kind}, such as thin lines first and thick ones later.
        batch_size: pictures a batch.
        augment: None, an `ik.augment.Augment`, or any function (uint8 batch, NumPy random generator) -> uint8
            batch. Fixed masks belong to their pictures, and an `Augment` moves them along.
        shuffle: True for training: a new order, and new holes, each epoch. False for validation and
            test: the same order and the same holes every time.
        seed: of order, holes and augmentation.
        drop_last: True leaves out what does not fill a batch, so that a compiled training step meets only
            one shape; with shuffle these are other images each epoch. Fewer images than one batch are one
            batch all the same. None is True with shuffle and False without.
        workers: `workers`, `use_multiprocessing`, `max_queue_size` of `keras.utils.PyDataset`. One worker is
            enough, and under JAX and PyTorch the only right number: there `fit` looks at a batch first, and
            Keras (3.15) serves what other workers had ready by then once more, in each epoch.

    Returns:
        `Pairs`, a `keras.utils.PyDataset`; images float32 (B, H, W, 3), masks float32 (B, H, W, 1).

    Raises:
        ValueError: fixed masks that do not fit the pictures, or are not of 0 and 1; masks by epoch that leave
            out epoch 0, or come with shuffle=False; a batch_size under 1.
    """
    return Pairs(pictures, masks, batch_size, augment, shuffle, seed, drop_last, **workers)


class Pairs(keras.utils.PyDataset):
    """Batches of `((holed image, mask), image)` by index: see `pairs`, which makes them.

    `fit` of an `Inpainter` or `InpaintingGAN` sets `epoch` at the beginning of each epoch, to the number
    that Keras gives it: a second `fit` begins at epoch 0 again, or at its `initial_epoch`. A plain Keras
    model does not; then the epochs are counted as they end.
    """

    def __init__(self, pictures, masks, batch_size, augment, shuffle, seed, drop_last=None, **workers):
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
        self.drop_last = shuffle if drop_last is None else drop_last
        self.title = repr(pictures) if isinstance(pictures, Pictures) else None

    @property
    def epoch(self):
        """The epoch whose order and holes are served, from 0; always 0 without shuffle."""
        return max(0, self.epochs_ended - 1) if self.shuffle else 0

    @epoch.setter
    def epoch(self, epoch):
        self.epochs_ended = epoch + 1  # with the one that Keras ends before the first

    def settings(self):
        """What the batches depend on, name to (value, text or None): see `inpaintkit.fingerprint`."""
        masks = self.masks[0] if list(self.masks) == [0] else self.masks
        return {
            "images": (self.array, self.title),
            "masks": (masks, repr(masks) if hasattr(masks, "sample") else None),
            "batch size": (self.batch_size, None),
            "augmentation": (self.augment, None),
            "shuffle": (self.shuffle, None),
            "seed": (self.seed, None),
            "drop_last": (self.drop_last, None),
        }

    def __len__(self):
        batches, rest = divmod(len(self.array), self.batch_size)
        return batches + (rest > 0 and not (self.drop_last and batches))

    def __getitem__(self, k):
        pictures, mask = self._batch(k)
        # Three times as fast as image * mask: hiding in uint8, with as many channels, and both in one block,
        # since what two large arrays cost most is the fresh memory that the system brings for each.
        known = cv2.merge([mask.astype("uint8").reshape(-1, mask.shape[2])] * 3).reshape(pictures.shape)
        holed, image = both = np.empty((2, *pictures.shape), "float32")
        for x, scaled in zip((pictures * known, pictures), both, strict=True):
            np.divide(x, np.float32(255), out=scaled)
        return (holed, mask), image

    def _batch(self, k):
        """Batch k of this epoch, before the holes: pictures uint8 (B, H, W, 3), masks float32."""
        count = len(self.array)
        order = _shuffled(count, self.seed, self.epoch) if self.shuffle else np.arange(count)
        chosen = order[k * self.batch_size : (k + 1) * self.batch_size]
        # k + 1, since NumPy takes (seed, epoch) and (seed, epoch, 0) for the same seed.
        holes_seed, augment_seed = np.random.SeedSequence((self.seed, self.epoch, k + 1)).spawn(2)
        pictures, rng = np.asarray(self.array[chosen]), np.random.default_rng(augment_seed)
        masks = at_epoch(self.masks, self.epoch)
        fixed = None if hasattr(masks, "sample") else np.asarray(masks[chosen], "float32")
        if fixed is not None and isinstance(self.augment, Augment):
            return self.augment(pictures, rng, fixed)
        if self.augment is not None:
            pictures = check_augmented(self.augment(pictures.copy(), rng), pictures)
        if fixed is None:
            fixed = masks.sample(len(pictures), *pictures.shape[1:3], seed=holes_seed)
        return pictures, fixed

    def as_tf_dataset(self):
        """The same batches as a `tf.data.Dataset`, scaled and holed in the graph; each pass is an epoch.

        A pass that is broken off is no epoch: the next one serves it again. Hence no prefetching here, which
        would run on to the end of a short epoch that nobody asked for.

        Raises:
            ValueError: TensorFlow is not installed.
        """
        tf = sources.tensorflow()

        def batches():
            for k in range(len(self)):
                pictures, mask = self._batch(k)
                yield pictures, mask.astype("uint8")  # a quarter of the bytes to hand over
            self.epoch += 1

        def finish(pictures, mask):
            image, mask = tf.cast(pictures, tf.float32) / 255, tf.cast(mask, tf.float32)
            return (image * mask, mask), image

        shapes = [(None, *self.array.shape[1:3], channels) for channels in (3, 1)]
        signature = tuple(tf.TensorSpec(shape, tf.uint8) for shape in shapes)
        data = tf.data.Dataset.from_generator(batches, output_signature=signature)
        data = data.apply(tf.data.experimental.assert_cardinality(len(self)))
        return data.map(finish)

    def on_epoch_end(self):
        # Keras calls it once more, before the first epoch of a fit. Its on_epoch_begin is no better: JAX and
        # PyTorch begin one epoch too many, to look at a batch, and workers have set out by then.
        self.epochs_ended += 1


@functools.lru_cache(4)
def _shuffled(count, seed, epoch):
    """The order of an epoch: kept, since to shuffle 200,000 numbers for each batch would show."""
    return np.random.default_rng((seed, epoch, 0)).permutation(count)


def at_epoch(stages, epoch):
    """What holds at an epoch, of {first epoch: what}: `at_epoch({0: "thin", 8: "thick"}, 7)` is "thin"."""
    return stages[max(first for first in stages if first <= epoch)]


def check_stages(stages, name):
    """Raises ValueError unless every epoch has its stage of {first epoch: what}."""
    if 0 not in stages or not all(isinstance(first, int) and first >= 0 for first in stages):
        raise ValueError(f"{name} begin at epochs {list(stages)}: expected whole numbers, 0 among them")


def _decode(found, array, broken, start=0):
    """Decodes from number `start` on into the rows of an array, without gaps; yields how many are done.

    Those that cannot be read are put into `broken`, {number: reason}.
    """
    for number, file in _each(found, start):
        try:
            if isinstance(file, Exception):
                raise file
            array[number - len(broken)] = read_uint8(file, array.shape[1:3])
        except Exception as error:  # readers of broken files raise anything; one file stops no folder
            name, reason = found.names[number], str(error)
            named = PurePosixPath(name).name in reason
            broken[number] = reason if named else f"{name}: {type(error).__name__} {reason}".rstrip()
        yield number + 1


def _each(found, start):
    """Yields (number, file) for every name from `start` on, the file being an exception where there is none.

    A generator ends with the first error inside it; then it is begun again behind that one. Where that fails
    `_GIVE_UP` times in a row, the source itself is broken, and the rest gets the same error.
    """
    files, in_a_row = found.read(start), 0
    for number in range(start, len(found.names)):
        try:
            file, in_a_row = next(files), 0
        except StopIteration:
            file = ValueError(f"{found.names[number]}: the source ended before it")
        except Exception as error:
            file, in_a_row = error, in_a_row + 1
            files = found.read(number + 1) if in_a_row < _GIVE_UP else itertools.repeat(error)
        yield number, file


def _kept(found, shape, folder, title):
    """The decoded pictures as a memory-mapped file, which is made when it is not there, and (broken)."""
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(repr((title, found.names, found.stamp(), shape)).encode()).hexdigest()[:16]
    name = "-".join(re.findall(r"\w+", title)[-4:])
    file = folder / f"{name}-{shape[1]}x{shape[2]}-{key}.npy"
    state = file.with_suffix(".json")  # {"done": pictures, "broken": {number: reason}}
    with _alone(file.with_suffix(".lock")):
        if not file.exists():
            _prepare(found, shape, file.with_suffix(".part"), state, title)
            file.with_suffix(".part").replace(file)  # whoever sees the file sees all of it
    broken = json.loads(state.read_text("utf-8"))["broken"]
    return np.load(file, mmap_mode="r"), {int(number): reason for number, reason in broken.items()}


def _prepare(found, shape, part, state, title):
    """Decodes all pictures into the file `part`, from where `state` says that it was left."""
    done, broken, total = 0, {}, shape[0]
    if part.exists() and state.exists():
        saved = json.loads(state.read_text("utf-8"))
        done, broken = saved["done"], {int(number): reason for number, reason in saved["broken"].items()}
    elif (free := shutil.disk_usage(part.parent).free) < math.prod(shape):  # else it would crash, half way
        raise ValueError(
            f"{part.parent}: {total:,} pictures of {shape[1]}×{shape[2]} need {math.prod(shape) / 1e9:.1f} "
            f"GB, and {free / 1e9:.1f} are free: choose another folder with cache=, fewer with count=, or a "
            "smaller image_size"
        )
    array = np.lib.format.open_memmap(part, "r+" if done else "w+", "uint8", shape)
    began, start = time.monotonic(), done
    for done in _decode(found, array, broken, start):
        if done % _SAVE_EVERY == 0 or done == total:
            array.flush()  # first the pictures, then that they are there
            state.with_suffix(".new").write_text(json.dumps({"done": done, "broken": broken}), "utf-8")
            state.with_suffix(".new").replace(state)
            left = (time.monotonic() - began) / (done - start) * (total - done)
            print(
                f"\r{title}: {done:,} of {total:,} pictures decoded, {left:.0f} s left ", end="", flush=True
            )
    print()


@contextlib.contextmanager
def _alone(path):
    """Lets one process at a time in; the next waits, and finds the work done. A kill opens the door."""
    with open(path, "w") as file:
        with contextlib.suppress(ImportError, OSError):  # Windows and some network drives have no such lock
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
