"""Photographs that ship inside scikit-image, scikit-learn and Matplotlib: no download."""

import importlib.util
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from inpaintkit.data.arrays import list_array
from inpaintkit.data.listing import SPLITS
from inpaintkit.images import read_uint8

# Whole photographs are held out, so that no test crop comes from a photograph that was trained on. The two
# of scikit-learn are worth the dependency: with them the demo's network gains 0.35 dB on the test crops.
PHOTOS = {
    # file: (package, split, what it shows, licence)
    "chelsea.png": ("skimage", "train", "Chelsea the cat, Stéfan van der Walt", "CC0"),
    "rocket.jpg": ("skimage", "train", "a Falcon 9 at its launch, SpaceX", "public domain"),
    "ihc.png": ("skimage", "train", "colon tissue, Human Protein Atlas", "no known copyright restrictions"),
    "china.jpg": ("sklearn", "train", "a temple in China, danielbuechele", "CC BY 2.0"),
    "flower.jpg": ("sklearn", "train", "a flower, vultilion", "CC BY 2.0"),
    "hubble_deep_field.jpg": ("skimage", "train", "Hubble eXtreme Deep Field, NASA", "public domain"),
    "retina.jpg": ("skimage", "train", "a human retina, Mikael Häggström", "CC0"),
    "grace_hopper.jpg": ("matplotlib", "val", "Grace Hopper, US Navy", "public domain"),
    "astronaut.png": ("skimage", "test", "Eileen Collins, NASA", "public domain"),
    "coffee.png": ("skimage", "test", "a cup of coffee, Rachel Michetti", "CC0"),
}
_FOLDERS = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}
_CROP_COUNTS = {"train": 1600, "val": 96, "test": 120}


def photo_crops(size, split, count):
    """Lists `count` crops of a split's photographs, at scales from single pixels to the whole photograph."""
    count = count or _CROP_COUNTS[split]
    rng = np.random.default_rng(list(SPLITS).index(split))
    photos = {name: _photo(package, name) for name, (package, its, *_) in PHOTOS.items() if its == split}
    names = [list(photos)[i % len(photos)] for i in range(count)]
    array = np.empty((count, *size, 3), "uint8")
    for i, name in enumerate(names):
        photo = photos[name]
        largest = min(photo.width / size[1], photo.height / size[0])  # photo pixels per crop pixel
        scale = max(1, largest) ** rng.random() * min(1, largest)
        width, height = min(size[1] * scale, photo.width), min(size[0] * scale, photo.height)
        left, top = rng.random(2) * (photo.width - width, photo.height - height)
        box = (left, top, left + width, top + height)
        crop = photo.resize(size[::-1], Image.Resampling.LANCZOS, box=box)
        array[i] = ImageOps.mirror(crop) if split == "train" and rng.random() < 0.5 else crop
    return list_array(array, names)


def _photo(package, name):
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    return Image.fromarray(read_uint8(Path(folder, _FOLDERS[package], name)))
