"""Images from TensorFlow Datasets, CelebA among them."""

import contextlib
import importlib
import io
import os
from pathlib import Path
from types import ModuleType

from inpaintkit.data.downloads import check_reachable, first_line
from inpaintkit.data.folders import list_folder
from inpaintkit.data.listing import SPLITS, ImageListing, cache_folder

_CELEBA_BY_HAND = """CelebA cannot be loaded: {reason}.
Download it yourself, from Kaggle: https://www.kaggle.com/datasets/jessicali9530/celeba-dataset (one zip);
or from its own page: https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, Align&Cropped, img_align_celeba.zip.
Put img_align_celeba, folder or zip, into {here} or {cache}; or give its path as the source.
Until then, this works: ik.data.images("photos", "{split}", image_size=64)"""


def tensorflow() -> ModuleType:
    """Imports TensorFlow, for its data pipelines; on another back end it leaves the GPU's memory alone.

    Returns:
        the module `tensorflow`.

    Raises:
        ValueError: TensorFlow is not installed.

    Example:
        >>> import inpaintkit as ik
        >>> ik.data.tensorflow().constant([1, 2]).shape  # doctest: +SKIP
        TensorShape([2])
    """
    import keras

    try:
        tf = importlib.import_module("tensorflow")
    except ModuleNotFoundError as error:
        raise ValueError("this needs TensorFlow, on every back end: pip install tensorflow") from error
    if keras.backend.backend() != "tensorflow":
        with contextlib.suppress(RuntimeError):  # it uses the GPU already: the user wants that
            tf.config.set_visible_devices([], "GPU")
    return tf


def celeb_a(split, count):
    """Lists CelebA from the first place that has it: prepared by TFDS, downloaded by hand, or by TFDS now."""
    if not _prepared_folder("celeb_a"):
        for folder in (Path(), Path("data"), cache_folder()):
            for path in (folder / "img_align_celeba", folder / "img_align_celeba.zip"):
                if path.exists():
                    return list_folder(path, split, count)
    try:
        return list_tfds("celeb_a", split, count, host="drive.google.com")
    except ValueError as error:  # often: Google counts downloads, and refuses
        text = _CELEBA_BY_HAND.format(reason=error, here=Path.cwd(), cache=cache_folder(), split=split)
        raise ValueError(text) from None


def list_tfds(name, split, count, host="storage.googleapis.com"):
    """Lists a split of a data set of TensorFlow Datasets; its images are decoded only when they are read."""
    folder = _prepared_folder(name)
    if not folder:
        check_reachable(host, name)
    tfds = _import_tfds()
    try:
        builder = tfds.builder_from_directory(folder) if folder else tfds.builder(name, data_dir=_tfds_home())
        builder.download_and_prepare()  # does nothing in a folder that is prepared
    except Exception as error:  # its classes differ for quota, checksum, unknown name, no space, …
        raise ValueError(f"TensorFlow Datasets, {name}: {first_line(error)}") from None
    info = builder.info
    features = [key for key, feature in info.features.items() if isinstance(feature, tfds.features.Image)]
    if not features:
        raise ValueError(f"tfds:{name}: no images, but {', '.join(info.features)}")
    feature = "image" if "image" in features else features[0]
    part = split_slice(name, info.splits, split)
    names = tuple(f"{part} {i}" for i in range(info.splits[part].num_examples)[:count])

    def read(start):
        decoders = {feature: tfds.decode.SkipDecoding()}
        reading = tfds.ReadConfig(try_autocache=False)  # else up to 250 MiB would stay in memory
        examples = builder.as_dataset(split=part, decoders=decoders, read_config=reading)
        for example in tfds.as_numpy(examples.take(len(names)).skip(start)):
            yield io.BytesIO(example[feature])

    return ImageListing(names, read, lambda: info.full_name)


def split_slice(name, splits, split):
    """TFDS's name of a split; one that a data set lacks is a slice at the end of its training images."""
    own = {ours: theirs for ours, names in SPLITS.items() for theirs in splits if theirs in names}
    if split in own and split != "train":
        return own[split]
    if "train" not in own:
        raise ValueError(f"tfds:{name}: nothing for the split {split!r}, only {', '.join(splits)}")
    lacking = [name for name in ("val", "test") if name not in own]
    end = 100 - 10 * len(lacking)
    if split == "train":
        return f"{own['train']}[:{end}%]" if lacking else own["train"]
    start = end + 10 * lacking.index(split)
    return f"{own['train']}[{start}%:{start + 10}%]"


def _tfds_home():
    return Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()


def _prepared_folder(name):
    """The folder of a data set that TFDS has prepared before, or None. TFDS itself would use the network."""
    versions = sorted(_tfds_home().glob(f"{name}/*/dataset_info.json"))
    return versions[-1].parent if versions else None


def _import_tfds():
    """TensorFlow Datasets, imported at first use.

    In some Colab images its protobuf files are newer than the library: then the import leaves an empty
    module behind without an error. The environment variable allows the newer files.
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
