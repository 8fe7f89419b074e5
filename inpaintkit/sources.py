"""Where pictures come from: names, folders, archives and arrays, found but not yet decoded.

`find` lists what one split of a source holds; `ik.data.images` decodes it, into memory or into a file.
Nothing here waits for a network that does not answer, and what TensorFlow Datasets or Keras say when a
download fails is told in a few lines, with what to do.

A source that lacks a split gives some of its training pictures for it, by a rule that is the same on every
machine: folders by a hash of each file's path, arrays every tenth row, TensorFlow Datasets a slice.
"""

import contextlib
import hashlib
import importlib
import importlib.util
import io
import os
import socket
import urllib.request
import warnings
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from inpaintkit.folders import find_files
from inpaintkit.images import read_uint8, to_uint8
from inpaintkit.listing import SPLITS, Found, some, words

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

_CELEBA_BY_HAND = """CelebA could not be had: {reason}.
By hand, from Kaggle: https://www.kaggle.com/datasets/jessicali9530/celeba-dataset (a zip of everything);
or from its own page: https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, Align&Cropped, img_align_celeba.zip.
Put img_align_celeba, folder or zip, into {here} or {cache}; or give its path as the source.
Until then, this works: ik.data.images("photos", "{split}", image_size=64)"""


def find(source, split, size, count=None):
    """Finds the pictures of a source: see `ik.data.images`, whose arguments these are.

    Raises:
        ValueError: an unknown source, one that has nothing for this split, or one that cannot be had now.
    """
    if isinstance(source, np.ndarray):
        return _rows("the array", {"train": source}, split, count)
    if not isinstance(source, str | os.PathLike | None):
        raise ValueError(
            f"source of type {type(source).__name__}: expected a name, a path or a NumPy array (N, H, W, 3)"
        )
    here = Path(str(source)).exists()
    named = None if here and isinstance(source, os.PathLike) else _by_name(str(source))
    if named:
        if here:
            warnings.warn(
                f"source {source!r}: the data set of that name is taken, not the file or folder {source!r} "
                f"that lies here; for that, give {'./' + source!r}",
                stacklevel=3,
            )
        return named(split, size, count)
    source = str(source)
    path, dot, word = source.partition(".npz")
    file = Path(path + dot).expanduser()
    if dot and file.is_file():
        return _npz(file, word.removeprefix(":"), split, count)
    path = Path(source).expanduser()
    if path.is_dir() or zipfile.is_zipfile(path):
        return find_files(path, split, count)
    if path.is_file():
        raise ValueError(
            f"source {source!r}: neither a folder nor a whole .zip or .npz; if it is an image, give its "
            "folder; if it is another archive, unpack it and give the folder"
        )
    raise ValueError(
        f"source {source!r}: no such folder, .zip or .npz; by name there are 'photos', 'cifar10', 'celeb_a' "
        "and 'tfds:<name>', a data set of TensorFlow Datasets"
    )


def _by_name(name):
    """The function (split, size, count) of a data set that is called by name, or None."""
    if name.startswith("tfds:"):
        return lambda split, size, count: _tfds_set(name.removeprefix("tfds:"), split, count)
    return {
        "photos": lambda split, size, count: _photo_crops(split, size, count or _CROPS[split]),
        "cifar10": lambda split, size, count: _cifar10(split, count),
        "celeb_a": lambda split, size, count: _celeb_a(split, count),
    }.get(name)


def cache_folder():
    """Where decoded pictures are kept that memory does not hold; the variable INPAINTKIT_CACHE moves it."""
    return Path(os.environ.get("INPAINTKIT_CACHE", "~/.cache/inpaintkit")).expanduser()


def tensorflow():
    """TensorFlow, for its data pipelines. Beside another back end it leaves the GPU's memory alone."""
    import keras

    try:
        tf = importlib.import_module("tensorflow")
    except ModuleNotFoundError as error:
        raise ValueError("this needs TensorFlow, on every back end: pip install tensorflow") from error
    if keras.backend.backend() != "tensorflow":
        with contextlib.suppress(RuntimeError):  # it has the GPU already: whoever began that wants it
            tf.config.set_visible_devices([], "GPU")
    return tf


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


def _in_memory(array, names):
    def stamp():
        return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()

    return Found(tuple(names), lambda start: iter(array[start:]), stamp, array)


def _rows(source, arrays, split, count):
    """A split of {split: pictures (N, H, W, 3)}; for one that is missing, every tenth row of train's."""
    whole = split if split in arrays else "train"
    if whole not in arrays:
        raise ValueError(f"{source}: nothing for the split {split!r}, only {', '.join(arrays)}")
    array = arrays[whole]
    if array.ndim != 4 or array.shape[-1] != 3 or not (array.dtype == np.uint8 or array.dtype.kind == "f"):
        raise ValueError(
            f"{source}: {array.dtype} of shape {array.shape}: expected pictures (N, H, W, 3), uint8 in 0…255 "
            "or float in [0, 1]"
        )
    if array.dtype != np.uint8:
        if not (array.min(initial=0) >= 0 and array.max(initial=0) <= 1):  # NaN neither
            raise ValueError(
                f"{source}: floats from {array.min():.4g} to {array.max():.4g}: expected [0, 1]"
                + ("; divide 8-bit images by 255" if array.min() >= 0 else "")
            )
        array = to_uint8(array)
    rows = np.arange(len(array))
    if whole == "train":
        lent = {s: last for s, last in (("val", 8), ("test", 9)) if s not in arrays}
        rows = (
            rows[rows % 10 == lent[split]]
            if split in lent
            else rows[~np.isin(rows % 10, list(lent.values()))]
        )
    if not len(rows):
        raise ValueError(f"{source}: no picture for the split {split!r} in {len(array)}")
    if count is not None:  # spread over all: they may lie in order of what they show
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:count])
    array = array if len(rows) == len(array) else array[rows]
    return _in_memory(array, (f"{whole} {row}" for row in rows))


def _npz(path, word, split, count):
    """The pictures among an .npz file's arrays; those of a split have its name among the words of theirs."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files if word in key}
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: not an .npz file of plain arrays ({error})") from error
    pictures = {key: array for key, array in arrays.items() if array.ndim == 4 and array.shape[-1] == 3}
    masks = [key for key in pictures if {"mask", "masks"} & words(key) and "mask" not in word]
    pictures = {key: array for key, array in pictures.items() if key not in masks}
    splits, unused = {}, []
    for key, array in pictures.items():
        its = [s for s, names in SPLITS.items() if names & words(key)]
        if len(its) == 1:
            splits.setdefault(its[0], []).append(array)
        else:  # of no split; or of two, as "train_val" is, which would put its images into both
            unused.append(key)
    if not splits and len(pictures) == 1:
        splits, unused = {"train": list(pictures.values())}, []
    if split not in splits and "train" not in splits:
        raise ValueError(
            f"{path}: nothing for the split {split!r}: expected one array of pictures (N, H, W, 3), or some "
            "with one of train, val and test in the name of each, and found "
            f"{', '.join(arrays) or f'none with {word!r} in its name'}"
        )
    for s, parts in splits.items():
        shapes = sorted({part.shape[1:] for part in parts})
        if len(shapes) > 1:
            raise ValueError(
                f"{path}: arrays of images of {' and '.join(map(str, shapes))} for the split {s!r}: expected "
                f"one shape; take some by a word of their names, as in '{path}:word'"
            )
    splits = {s: np.concatenate(parts) for s, parts in splits.items()}
    found = _rows(str(path), splits, split, count)
    notes = [f"{path}: left out {some(masks)} as masks of the images"] if masks else []
    if unused:
        note = f"{len(unused)} of {len(pictures)} arrays of images bear the name of no split, or of two"
        notes.append(f"{path}: {note}, and are not used ({some(unused)})")
    return replace(found, notes=tuple(notes))


def _cifar10(split, count):
    import keras

    kept = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
    if not any(kept.glob("cifar-10*")):
        _knock("www.cs.toronto.edu", "CIFAR-10")
    try:
        (train, _), (test, _) = keras.datasets.cifar10.load_data()
    except Exception as error:  # Keras has no narrower one for a download that fails
        raise ValueError(f"CIFAR-10 could not be had: {_first_line(error)}; is {kept} whole?") from None
    return _rows("cifar10", {"train": train, "test": test}, split, count)


def _celeb_a(split, count):
    """CelebA by the first way that leads to it: prepared by TFDS, by hand, or downloaded by TFDS."""
    if not _prepared("celeb_a"):
        for folder in (Path(), Path("data"), cache_folder()):
            for path in (folder / "img_align_celeba", folder / "img_align_celeba.zip"):
                if path.exists():
                    return find_files(path, split, count)
    try:
        return _tfds_set("celeb_a", split, count, host="drive.google.com")
    except ValueError as error:  # more often than not: Google counts downloads, and refuses
        words = {"reason": error, "here": Path.cwd(), "cache": cache_folder(), "split": split}
        raise ValueError(_CELEBA_BY_HAND.format(**words)) from None


def _tfds_set(name, split, count, host="storage.googleapis.com"):
    """A split of a data set of TensorFlow Datasets, its files left as they are until they are read."""
    prepared = _prepared(name)
    if not prepared:
        _knock(host, name)
    tfds = _tfds()
    if prepared:
        builder = tfds.builder_from_directory(prepared)
    else:
        try:
            builder = tfds.builder(name, data_dir=_tfds_home())
            builder.download_and_prepare()
        except Exception as error:  # one class for each of quota, checksum, unknown name, no space, …
            raise ValueError(f"TensorFlow Datasets, {name}: {_first_line(error)}") from None
    features = [key for key, kind in builder.info.features.items() if isinstance(kind, tfds.features.Image)]
    if not features:
        raise ValueError(f"tfds:{name}: no pictures, but {', '.join(builder.info.features)}")
    feature = "image" if "image" in features else features[0]
    part = _tfds_part(name, builder.info.splits, split)
    total = builder.info.splits[part].num_examples
    names = tuple(f"{part} {i}" for i in range(total)[:count])

    def read(start):
        encoded = {feature: tfds.decode.SkipDecoding()}
        examples = builder.as_dataset(split=part, decoders=encoded, shuffle_files=False)
        for number, example in enumerate(tfds.as_numpy(examples.take(len(names)).skip(start)), start):
            file = io.BytesIO(example[feature])
            file.name = names[number]
            yield file

    return Found(names, read, lambda: builder.info.full_name)


def _tfds_part(name, splits, split):
    """How TFDS calls a split; what a set lacks is cut from the end of its training pictures."""
    own = {s: theirs for s, names in SPLITS.items() for theirs in splits if theirs in names}
    if split in own and split != "train":
        return own[split]
    if "train" not in own:
        raise ValueError(f"tfds:{name}: nothing for the split {split!r}, only {', '.join(splits)}")
    lacking = [s for s in ("val", "test") if s not in own]
    end = 100 - 10 * len(lacking)
    if split == "train":
        return f"{own['train']}[:{end}%]" if lacking else own["train"]
    start = end + 10 * lacking.index(split)
    return f"{own['train']}[{start}%:{start + 10}%]"


def _tfds_home():
    return Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()


def _prepared(name):
    """The folder of a data set that TFDS has prepared before, or None. To ask TFDS would ask the network."""
    versions = sorted(_tfds_home().glob(f"{name}/*/dataset_info.json"))
    return versions[-1].parent if versions else None


def _tfds():
    """TensorFlow Datasets, imported at first use, and whole.

    In some Colab images its protobuf files are newer than the library: then the import leaves an empty
    module behind, and says nothing. The variable lets them pass.
    """
    os.environ.setdefault("TEMPORARILY_DISABLE_PROTOBUF_VERSION_CHECK", "true")
    tensorflow()
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ValueError(f"{error}: pip install tensorflow-datasets importlib_resources") from error
    if not hasattr(tfds, "load"):
        raise ValueError("tensorflow-datasets came back empty: restart Python, and use this source first")
    return tfds


def _knock(host, what):
    """Raises ValueError when a host does not answer in 3 seconds; TFDS itself would try for minutes.

    Behind a proxy, downloads go through where a socket of ours does not: then there is nothing to try.
    """
    proxies = {"http", "https", "all"} & set(urllib.request.getproxies())
    if proxies and not urllib.request.proxy_bypass(host):
        return
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError as error:
        raise ValueError(f"{what} is not on this machine, and {host} does not answer ({error})") from error


def _first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
