"""Endless batches of `((masked image, mask), image)`, a `keras.utils.PyDataset` that every back end eats.

What batch k of epoch e holds depends on (seed, e, k) only, whatever the number of workers.
"""

import functools

import cv2
import keras
import numpy as np

from inpaintkit.data.augment import Augment, check_augmented
from inpaintkit.data.loading import Images
from inpaintkit.data.tfds import tensorflow
from inpaintkit.images import check_binary


def pairs(images, masks, batch_size=16, augment=None, shuffle=True, seed=0, drop_last=None, **workers):
    """Batches for `fit`, `evaluate` and `predict`: `((holed image, mask), image)`.

    Args:
        images: `Images`, or a uint8 array (N, H, W, 3).
        masks: a kind of hole (`ik.masks.Lines(…)`), or fixed masks (N, H, W, 1), one an image; for training
            also either by epoch, {first epoch, from 0: kind}, such as thin lines first and thick ones later.
        batch_size: images a batch.
        augment: None, an `ik.data.Augment`, or any function (uint8 batch, NumPy random generator) -> uint8
            batch. Fixed masks belong to their images, and an `Augment` moves them along.
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
        ValueError: fixed masks that do not fit the images, or are not of 0 and 1; masks by epoch that leave
            out epoch 0, or come with shuffle=False; a batch_size under 1.
    """
    return Pairs(images, masks, batch_size, augment, shuffle, seed, drop_last, **workers)


class Pairs(keras.utils.PyDataset):
    """Batches of `((holed image, mask), image)` by index: see `pairs`, which makes them.

    `fit` of an `Inpainter` or `InpaintingGAN` sets `epoch` at the beginning of each epoch, to the number
    that Keras gives it: a second `fit` begins at epoch 0 again, or at its `initial_epoch`. A plain Keras
    model does not; then the epochs are counted as they end.
    """

    def __init__(self, images, masks, batch_size, augment, shuffle, seed, drop_last=None, **workers):
        super().__init__(**workers)
        if batch_size < 1:
            raise ValueError(f"batch_size={batch_size}: expected at least 1")
        self.array = images.array if isinstance(images, Images) else np.asarray(images)
        if self.array.dtype != np.uint8 or self.array.ndim != 4 or self.array.shape[-1] != 3:
            raise ValueError(
                f"images {self.array.dtype} of shape {self.array.shape}: expected uint8 (N, H, W, 3)"
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
                    f"or one mask an image, {(*self.array.shape[:3], 1)}"
                )
            if not hasattr(stage, "sample"):
                check_binary(stage)
        self.batch_size, self.augment = batch_size, augment
        self.shuffle, self.seed, self.epochs_ended = shuffle, seed, 0
        self.drop_last = shuffle if drop_last is None else drop_last
        self.title = repr(images) if isinstance(images, Images) else None

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
        images, mask = self._batch(k)
        # Three times as fast as image * mask: hiding in uint8, with as many channels, and both in one block,
        # since what two large arrays cost most is the fresh memory that the system brings for each.
        known = cv2.merge([mask.astype("uint8").reshape(-1, mask.shape[2])] * 3).reshape(images.shape)
        holed, image = both = np.empty((2, *images.shape), "float32")
        for x, scaled in zip((images * known, images), both, strict=True):
            np.divide(x, np.float32(255), out=scaled)
        return (holed, mask), image

    def _batch(self, k):
        """Batch k of this epoch, before the holes: images uint8 (B, H, W, 3), masks float32."""
        count = len(self.array)
        order = _shuffled(count, self.seed, self.epoch) if self.shuffle else np.arange(count)
        chosen = order[k * self.batch_size : (k + 1) * self.batch_size]
        # k + 1, since NumPy takes (seed, epoch) and (seed, epoch, 0) for the same seed.
        holes_seed, augment_seed = np.random.SeedSequence((self.seed, self.epoch, k + 1)).spawn(2)
        images, rng = np.asarray(self.array[chosen]), np.random.default_rng(augment_seed)
        masks = at_epoch(self.masks, self.epoch)
        fixed = None if hasattr(masks, "sample") else np.asarray(masks[chosen], "float32")
        if fixed is not None and isinstance(self.augment, Augment):
            return self.augment(images, rng, fixed)
        if self.augment is not None:
            images = check_augmented(self.augment(images.copy(), rng), images)
        if fixed is None:
            fixed = masks.sample(len(images), *images.shape[1:3], seed=holes_seed)
        return images, fixed

    def as_tf_dataset(self):
        """The same batches as a `tf.data.Dataset`, scaled and holed in the graph; each pass is an epoch.

        A pass that is broken off is no epoch: the next one serves it again. Hence no prefetching here, which
        would run on to the end of a short epoch that nobody asked for.

        Raises:
            ValueError: TensorFlow is not installed.
        """
        tf = tensorflow()

        def batches():
            for k in range(len(self)):
                images, mask = self._batch(k)
                yield images, mask.astype("uint8")  # a quarter of the bytes to hand over
            self.epoch += 1

        def finish(images, mask):
            image, mask = tf.cast(images, tf.float32) / 255, tf.cast(mask, tf.float32)
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
