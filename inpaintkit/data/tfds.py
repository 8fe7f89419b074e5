"""Images from TensorFlow Datasets, CelebA among them."""

import contextlib
import importlib
import importlib.util
import io
import os
from pathlib import Path

from inpaintkit.data.arrays import _first_line, _knock
from inpaintkit.data.folders import find_files
from inpaintkit.data.listing import SPLITS, Found, cache_folder

_CELEBA_BY_HAND = """CelebA could not be had: {reason}.
By hand, from Kaggle: https://www.kaggle.com/datasets/jessicali9530/celeba-dataset (a zip of everything);
or from its own page: https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, Align&Cropped, img_align_celeba.zip.
Put img_align_celeba, folder or zip, into {here} or {cache}; or give its path as the source.
Until then, this works: ik.data.images("photos", "{split}", image_size=64)"""


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
        raise ValueError(f"tfds:{name}: no images, but {', '.join(builder.info.features)}")
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
    """How TFDS calls a split; what a set lacks is cut from the end of its training images."""
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
