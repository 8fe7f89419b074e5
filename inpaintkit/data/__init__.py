"""Images from anywhere, and batches of `((masked image, mask), image)` from them.

Images and batches are read by index, in any order: `images` gives a sequence of uint8 images, in memory or in
a memory-mapped file, and `pairs` a `keras.utils.PyDataset` for every back end.
"""

from inpaintkit.data.augment import Augment, faces, flips, symmetries
from inpaintkit.data.batches import Pairs, pairs
from inpaintkit.data.cache import IN_MEMORY
from inpaintkit.data.listing import SPLITS, cache_folder
from inpaintkit.data.loading import Images, images
from inpaintkit.data.photos import PHOTOS
from inpaintkit.data.splits import CELEBA
from inpaintkit.data.stages import at_epoch, check_stages
from inpaintkit.data.tfds import tensorflow

__all__ = [
    "CELEBA", "IN_MEMORY", "PHOTOS", "SPLITS", "Augment", "Images", "Pairs", "at_epoch", "cache_folder",
    "check_stages", "faces", "flips", "images", "pairs", "symmetries", "tensorflow",
]  # fmt: skip
