"""Endless batches of `((masked image, mask), image)`, a `keras.utils.PyDataset` for every back end.

Batch k of epoch e depends only on (seed, e, k), not on the number of workers.
"""

import functools
from collections.abc import Callable
from typing import Any

import cv2
import keras
import numpy as np

from inpaintkit.checks import as_array, check_function, check_number, is_number
from inpaintkit.data.augment import Augment, check_augmented
from inpaintkit.data.loading import Images
from inpaintkit.data.stages import at_epoch, check_stages
from inpaintkit.data.tfds import tensorflow
from inpaintkit.images import check_binary, size_pair


class Pairs(keras.utils.PyDataset):
    """Batches of `((masked image, mask), image)` for `fit`, `evaluate` and `predict`, by index.

    `ik.data.pairs` is another name of this class. Images are float32 (B, H, W, 3) in [0, 1], masks float32
    (B, H, W, 1) of 1 (known) and 0 (hole).

    `fit` of an `Inpainter` or `InpaintingGAN` sets `epoch` to Keras's number when each epoch begins: a second
    `fit` starts again at epoch 0, or at its `initial_epoch`. For a plain Keras model, `epoch` counts the
    epochs that have ended.

    Args:
        images: `Images`, or a uint8 array (N, H, W, 3).
        masks: a mask generator (`ik.masks.Lines(…)`), or fixed masks (N, H, W, 1), one per image. For
            training also {first epoch: generator or masks}, such as thin lines at first and thick ones later.
        batch_size: images per batch.
        augment: None, an `ik.data.Augment`, or any function (uint8 batch, NumPy random generator) -> uint8
            batch. Fixed masks belong to their images, and only an `Augment` moves them along.
        shuffle: True for training: a new order, new holes and new crops in each epoch. False for validation
            and test: the same order, holes and crops every time.
        seed: of order, holes, crops and augmentation.
        drop_last: True leaves out the images that do not fill a batch, so that a compiled training step
            meets only one shape; with shuffle these are other images in each epoch. Fewer images than one
            batch still make one batch. None is True with shuffle and False without.
        crop: None, or an int or (height, width) in pixels, each at least 16: with shuffle, one random crop of
            that size per image and epoch; without, the central one. Cropping comes before augmentation.
        shrink: with shuffle, this share of the crops is cut larger, at a random scale up to that of the whole
            image, and shrunk to the size of the crop: one image then shows its details at many scales.
        steps: None, or the batches of an epoch, however many images there are: the next epoch continues
            where this one has stopped in the order of the images, with new holes and crops.
        workers: `workers`, `use_multiprocessing`, `max_queue_size` of `keras.utils.PyDataset`. Use one
            worker. On JAX and PyTorch, `fit` peeks at a batch before training, and Keras 3.15 then repeats
            what further workers had prefetched.

    Raises:
        ValueError: fixed masks that do not fit the images, or hold other values than 0 and 1; masks by epoch
            without epoch 0, or with shuffle=False; a batch_size or steps under 1; a crop larger than the
            images; a shrink outside [0, 1], without a crop, or with fixed masks, which cannot be shrunk.

    Example:
        >>> import inpaintkit as ik
        >>> images = ik.data.images("photos", "val", image_size=32, count=5)
        >>> batches = ik.data.pairs(images, ik.masks.Lines(), batch_size=2, crop=(16, 24), shuffle=False)
        >>> (masked, mask), image = batches[0]
        >>> len(batches), masked.shape, mask.shape, bool((masked == image * mask).all())
        (3, (2, 16, 24, 3), (2, 16, 24, 1), True)
    """

    def __init__(
        self,
        images: Images | np.ndarray,
        masks: Any,
        batch_size: int = 16,
        augment: Callable | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool | None = None,
        crop: int | tuple[int, int] | None = None,
        shrink: float = 0,
        steps: int | None = None,
        **workers,
    ):
        super().__init__(**workers)
        check_number("batch_size", batch_size, 1, whole=True)
        check_number("steps", 1 if steps is None else steps, 1, whole=True)
        check_number("seed", seed, 0, whole=True)
        check_function("augment", augment, "(uint8 batch, NumPy random generator)")
        self.array = images.array if isinstance(images, Images) else as_array("images", images)
        shape = self.array.shape
        if self.array.dtype != np.uint8 or len(shape) != 4 or shape[-1] != 3:
            raise ValueError(f"images {self.array.dtype} of shape {shape}: expected uint8 (N, H, W, 3)")
        if isinstance(masks, dict) and not shuffle:
            raise ValueError("masks by epoch with shuffle=False: expected one mask generator for all epochs")
        self.masks = masks if isinstance(masks, dict) else {0: masks}
        check_stages(self.masks, "masks")
        for stage in self.masks.values():
            if not hasattr(stage, "sample"):
                if as_array("masks", stage).shape != (*shape[:3], 1):
                    expected = f"expected a mask generator or one mask per image, {(*shape[:3], 1)}"
                    raise ValueError(f"masks of shape {np.shape(stage)}: {expected}")
                check_binary(stage)
        self.crop = None if crop is None else size_pair(crop, "crop")
        self.size = self.crop or shape[1:3]
        if np.greater(self.size, shape[1:3]).any():
            raise ValueError(f"crop={crop}: larger than the images of {shape[1]}×{shape[2]} pixels")
        self.shrink, fixed = shrink, not all(hasattr(stage, "sample") for stage in self.masks.values())
        if not is_number(shrink, 0, 1) or (shrink and (crop is None or fixed)):
            raise ValueError(f"{shrink=}, {crop=}: expected 0 to 1, with a crop and a mask generator")
        self.batch_size, self.steps, self.augment = int(batch_size), steps, augment
        self.shuffle, self.seed, self.epochs_ended = shuffle, seed, 0
        self.drop_last = shuffle if drop_last is None else drop_last
        self.title = repr(images) if isinstance(images, Images) else None
        self.part = (0, 1)  # the first of one: of several processes, each reads its own part of every batch

    @property
    def epoch(self):
        """The epoch whose order and holes the batches have, from 0; always 0 without shuffle."""
        return max(0, self.epochs_ended - 1) if self.shuffle else 0

    @epoch.setter
    def epoch(self, epoch):
        self.epochs_ended = epoch + 1  # with the one that Keras ends before the first

    def settings(self):
        """What the batches depend on, {name: (value, text or None)}: see `inpaintkit.fingerprint`."""
        masks = self.masks[0] if list(self.masks) == [0] else self.masks
        names = ("shuffle", "seed", "drop_last", "crop", "shrink", "steps")
        return {
            "images": (self.array, self.title),
            "masks": (masks, repr(masks) if hasattr(masks, "sample") else None),
            "batch size": (self.batch_size, None),
            "augmentation": (self.augment, None),
            **{name: (getattr(self, name), None) for name in names},
        }

    def __len__(self):
        return self.steps or self._batches()

    def _batches(self):
        """The batches of one pass over the images."""
        batches, rest = divmod(len(self.array), self.batch_size)
        return batches + (rest > 0 and not (self.drop_last and batches))

    def __iter__(self):  # Keras 3.10 has none: then a loop would never end
        return (self[k] for k in range(len(self)))

    def __getitem__(self, k):
        images, mask = self._batch(k)
        number, parts = self.part
        rows = slice(len(images) * number // parts, len(images) * (number + 1) // parts)
        images, mask = images[rows], mask[rows]
        # Masking in uint8, and one buffer for both outputs: 0.75 of the time of `image * mask` in float32.
        known = cv2.merge([mask.astype("uint8").reshape(-1, mask.shape[2])] * 3).reshape(images.shape)
        masked, image = np.empty((2, *images.shape), "float32")
        np.divide(images * known, np.float32(255), out=masked)
        np.divide(images, np.float32(255), out=image)
        return (masked, mask), image

    def _batch(self, k):
        """Batch k of this epoch before masking: images uint8 (B, H, W, 3), masks float32 (B, H, W, 1)."""
        count, (passes, part) = len(self.array), divmod(self.epoch * len(self) + k, self._batches())
        order = _shuffled(count, self.seed, passes) if self.shuffle else np.arange(count)
        chosen = order[part * self.batch_size : (part + 1) * self.batch_size]
        # k + 1, because for NumPy (seed, epoch) and (seed, epoch, 0) are the same seed.
        masks_seed, augment_seed, crop_seed = np.random.SeedSequence((self.seed, self.epoch, k + 1)).spawn(3)
        images, stage = np.asarray(self.array[chosen]), at_epoch(self.masks, self.epoch)
        masks = None if hasattr(stage, "sample") else np.asarray(stage[chosen], "float32")
        if self.crop:
            rng, sizes = np.random.default_rng(crop_seed), np.array([self.crop] * len(images))  # (B, 2)
            if self.shrink and self.shuffle:
                largest = np.min(np.divide(self.array.shape[1:3], self.crop))
                scales = largest ** (rng.random(len(images)) * (rng.random(len(images)) < self.shrink))
                sizes = np.floor(sizes * scales[:, None] + 1e-6).astype(int)
            room = np.subtract(self.array.shape[1:3], sizes)
            corners = rng.integers(0, room + 1) if self.shuffle else room // 2  # (B, 2): top and left
            images = _cut(images, corners, sizes, self.crop)
            masks = masks if masks is None else _cut(masks, corners, sizes, self.crop)
        rng = np.random.default_rng(augment_seed)
        if masks is not None and isinstance(self.augment, Augment):
            return self.augment(images, rng, masks)
        if self.augment is not None:
            images = check_augmented(self.augment(images.copy(), rng), images)
        if masks is None:
            masks = stage.sample(len(images), *self.size, seed=masks_seed)
        return images, masks

    def as_tf_dataset(self):
        """The same batches as a `tf.data.Dataset`; each complete pass over it is an epoch.

        An interrupted pass does not count as an epoch. We do not prefetch, since prefetching would consume
        the rest of it.

        Raises:
            ValueError: TensorFlow is not installed.
        """
        tf = tensorflow()

        def batches():
            yield from self
            self.epoch += 1

        image, mask = (tf.TensorSpec((None, *self.size, channels)) for channels in (3, 1))
        data = tf.data.Dataset.from_generator(batches, output_signature=((image, mask), image))
        return data.apply(tf.data.experimental.assert_cardinality(len(self)))

    def on_epoch_end(self):
        # Keras also calls this before the first epoch of a fit. Its on_epoch_begin is no better: JAX and
        # PyTorch begin one epoch too many, to look at a batch, and workers have started by then.
        self.epochs_ended += 1


pairs = Pairs  # the name that notebooks use: `ik.data.pairs(images, masks)`


@functools.lru_cache(4)
def _shuffled(count, seed, epoch):
    """The order of an epoch; cached, because shuffling 200,000 numbers for each batch would take long."""
    return np.random.default_rng((seed, epoch, 0)).permutation(count)


def _cut(arrays, corners, sizes, size):
    """Cuts arrays (B, H, W, C), each at its (top, left) and of its own size, and shrinks them to one size."""
    parts = []
    for array, (top, left), (height, width) in zip(arrays, corners, sizes, strict=True):
        part = array[top : top + height, left : left + width]
        larger = (height, width) != tuple(size)
        parts.append(cv2.resize(part, size[::-1], interpolation=cv2.INTER_AREA) if larger else part)
    return np.stack(parts)
