"""Every source, offline: what is on the machine is found; for what is not, the error says what to do."""

import importlib.util
import os
import shutil
import sys
import types
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import inpaintkit as ik
from inpaintkit import cli, data
from inpaintkit.data import arrays, downloads, loading, sources
from inpaintkit.data import cache as cache_files
from inpaintkit.data import tfds as tfds_sources
from inpaintkit.data.listing import ImageListing

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(autouse=True)
def offline(no_network, monkeypatch, tmp_path):
    """No host answers, and no data set of this machine is found."""
    for variable in (name for name in os.environ if name.lower().endswith("_proxy")):
        monkeypatch.delenv(variable)
    for variable in ("INPAINTKIT_CACHE", "TFDS_DATA_DIR", "KERAS_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def import_tfds():
    """As the kit does it: imported alone, it comes back empty if TensorFlow has an older protobuf."""
    if importlib.util.find_spec("tensorflow_datasets") is None:
        pytest.skip("tensorflow-datasets is not installed")
    return tfds_sources._import_tfds()


@pytest.fixture
def online(monkeypatch):
    """The host seems to answer; the test decides what the download does."""
    for module in (downloads, tfds_sources):
        monkeypatch.setattr(module, "check_reachable", lambda host, what: None)


def noise(count, height=20, width=24, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype="uint8")


def save(folder, names, size=(24, 20)):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new("RGB", size, (number % 256, 50, 100)).save(folder / name)
    return folder


def every_split(source, size=16, **options):
    return {split: data.images(source, split, size, **options) for split in data.SPLITS}


def assert_nothing_is_in_two_splits(images):
    names = [name for split in images.values() for name in split.names]
    assert len(names) == len(set(names))


# -- by name


def test_photos_need_no_network():
    assert len(data.images("photos", "val", 16, count=3)) == 3


def test_cifar10_keeps_its_test_and_lends_every_tenth_image_to_val(monkeypatch, tmp_path):
    train, test = noise(40, 32, 32), noise(7, 32, 32, seed=1)
    (tmp_path / "keras_home" / "datasets" / "cifar-10-batches-py-target").mkdir(parents=True)
    loaded = (train, np.zeros(40)), (test, np.zeros(7))
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", lambda: loaded)
    images = every_split("cifar10", 32)
    assert [len(p) for p in images.values()] == [36, 4, 7]
    np.testing.assert_array_equal(images["val"].array, train[8::10])
    np.testing.assert_array_equal(images["test"].array, test)
    assert_nothing_is_in_two_splits(images)
    assert len(data.images("cifar10", "train", 16, count=5)) == 5


def test_cifar10_without_a_network(tmp_path):
    with pytest.raises(ValueError, match=r"CIFAR-10.*www\.cs\.toronto\.edu"):
        data.images("cifar10")
    (tmp_path / "keras_home" / "datasets").mkdir(parents=True)
    (tmp_path / "keras_home" / "datasets" / "cifar-10-batches-py-target_archive").write_bytes(b"half")
    with pytest.raises(ValueError, match=r"CIFAR-10.*: .*datasets"):
        data.images("cifar10")


def test_celeb_a_without_a_network_is_explained_in_five_lines_of_which_one_runs(tmp_path):
    with pytest.raises(ValueError) as caught:
        data.images("celeb_a", "val")
    text = str(caught.value)
    assert len(text.splitlines()) == 5 and caught.value.__suppress_context__
    for words in (
        "drive.google.com",
        "kaggle.com",
        "mmlab.ie.cuhk.edu.hk",
        "img_align_celeba",
    ):
        assert words in text
    assert str(Path.cwd()) in text and str(tmp_path / "inpaintkit_cache") in text
    line = text.splitlines()[-1].split(": ", 1)[1]
    assert len(eval(line, {"ik": ik})) == 96


def test_celeb_a_over_its_quota_shows_no_traceback_of_tfds(monkeypatch, online):
    tfds = import_tfds()

    def refuse(*_, **__):
        raise RuntimeError("Artifact … has wrong checksum.\nTo debug, see …\n  more lines")

    monkeypatch.setattr(tfds, "builder", refuse)
    with pytest.raises(ValueError) as caught:
        data.images("celeb_a")
    assert len(str(caught.value).splitlines()) == 5 and "wrong checksum" in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_command_line_shows_only_those_five_lines_too():
    result = CliRunner().invoke(cli.app, ["compare", "--source", "celeb_a"])
    assert result.exit_code == 2 and len(result.stderr.strip().splitlines()) == 5
    assert not Path("runs").exists()


CELEBA = ("000001.jpg", "162770.jpg", "162771.jpg", "182637.jpg", "182638.jpg")


@pytest.mark.parametrize("where", [".", "data", "cache", "given"])
@pytest.mark.parametrize("as_zip", [False, True])
def test_celeb_a_downloaded_by_hand_has_its_own_partition(tmp_path, where, as_zip):
    place = {"cache": tmp_path / "inpaintkit_cache", "given": tmp_path / "elsewhere"}.get(where, Path(where))
    folder = save(place / "img_align_celeba", CELEBA)
    if as_zip:
        shutil.make_archive(str(folder), "zip", place, "img_align_celeba")
        shutil.rmtree(folder)
    source = folder.with_suffix(".zip" if as_zip else "") if where == "given" else "celeb_a"
    images = every_split(source)
    assert [len(p) for p in images.values()] == [2, 2, 1]
    assert Path(images["test"].names[0]).name == "182638.jpg"


# -- TensorFlow Datasets


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A prepared set of 20 training and 5 validation images, and the class that prepares it."""
    tfds = import_tfds()

    class Tiny(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {"label": tfds.features.ClassLabel(num_classes=2), "photo": tfds.features.Image()}
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, downloads):
            return {
                "train": self._generate_examples(0, 20),
                "validation": self._generate_examples(20, 25),
            }

        def _generate_examples(self, start, stop):
            for i in range(start, stop):
                yield i, {"label": 0, "photo": np.full((20, 24, 3), 10 * i, "uint8")}

    home = tmp_path_factory.mktemp("tfds")
    Tiny(data_dir=home).download_and_prepare()
    return home / "tiny" / "1.0.0"


def shades(images):
    return {int(image.mean()) for image in images}


def test_a_prepared_set_is_read_without_a_network_and_not_kept_in_memory(tiny, tmp_path, monkeypatch):
    builder = pytest.importorskip("tensorflow_datasets").core.DatasetBuilder
    original, kept = builder.as_dataset, []

    def as_dataset(self, *, read_config=None, **settings):
        kept.append(read_config is None or read_config.try_autocache)  # up to 250 MiB, by TFDS's default
        return original(self, read_config=read_config, **settings)

    monkeypatch.setattr(builder, "as_dataset", as_dataset)
    shutil.copytree(tiny, tmp_path / "tfds_data_dir" / "tiny" / "1.0.0")
    images = every_split("tfds:tiny")
    assert [len(p) for p in images.values()] == [18, 5, 2]  # it has a validation split, and no test
    assert kept == [False] * 3
    assert shades(images["val"]) == {200, 210, 220, 230, 240}
    assert len(shades(images["train"]) | shades(images["test"])) == 20
    assert_nothing_is_in_two_splits(images)
    some = data.images("tfds:tiny", "train", 16, count=4, cache=tmp_path / "cache")
    np.testing.assert_array_equal(some.array, images["train"].array[:4])
    (tmp_path / "tfds_data_dir" / "tiny").rename(tmp_path / "tfds_data_dir" / "celeb_a")
    assert len(data.images("celeb_a", "val", 16)) == 5  # the first place that is searched


def test_a_set_that_can_be_loaded_is_prepared_and_found_the_next_time(tiny, online, monkeypatch, tmp_path):
    assert len(data.images("tfds:tiny", "val", 16)) == 5
    assert (tmp_path / "tfds_data_dir" / "tiny" / "1.0.0" / "dataset_info.json").exists()
    monkeypatch.undo()  # removes the answering host and the folder in the environment
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds_data_dir"))
    assert len(data.images("tfds:tiny", "val", 16)) == 5


def test_the_splits_of_a_set_and_those_cut_from_it():
    def parts(*splits):
        return [tfds_sources.split_slice("x", splits, split) for split in data.SPLITS]

    assert parts("train", "validation", "test") == ["train", "validation", "test"]
    assert parts("train", "test") == ["train[:90%]", "train[90%:100%]", "test"]
    assert parts("train", "extra") == ["train[:80%]", "train[80%:90%]", "train[90%:100%]"]
    with pytest.raises(ValueError, match=r"tfds:x: .*'train'.*only test"):
        parts("test")


def test_a_set_that_tfds_lacks_or_that_has_no_images_is_explained(online, monkeypatch):
    tfds = import_tfds()
    with pytest.raises(ValueError, match=r"TensorFlow Datasets.*no_such_set"):
        data.images("tfds:no_such_set")
    text = types.SimpleNamespace(features={"text": tfds.features.Text()})
    builder = types.SimpleNamespace(info=text, download_and_prepare=lambda: None)
    monkeypatch.setattr(tfds, "builder", lambda *_, **__: builder)
    with pytest.raises(ValueError, match=r"tfds:poems: .*text"):
        data.images("tfds:poems")


def test_tfds_that_is_absent_or_empty_is_explained(online, monkeypatch):
    pytest.importorskip("tensorflow")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", types.ModuleType("tensorflow_datasets"))
    with pytest.raises(ValueError, match=r"tensorflow-datasets.*restart Python"):
        data.images("tfds:mnist")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ValueError, match="pip install tensorflow-datasets"):
        data.images("tfds:mnist")


def test_without_tensorflow_the_error_says_how_to_install_it(online, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ValueError, match="pip install tensorflow"):
        data.images("tfds:mnist")


def test_a_set_that_is_not_here_fails_at_once():
    with pytest.raises(ValueError, match=r"mnist.*storage\.googleapis\.com"):
        data.images("tfds:mnist")


# -- files and arrays


def test_a_zip_gives_the_same_images_as_its_folder(tmp_path):
    folder = save(tmp_path / "images", [f"{i}.png" for i in range(30)])
    (folder / "._0.png").write_bytes(b"macOS writes such files beside images")
    shutil.make_archive(str(folder), "zip", folder)
    for split, images in every_split(folder).items():
        zipped = data.images(str(folder) + ".zip", split, 16)
        assert zipped.names == images.names
        np.testing.assert_array_equal(zipped.array, images.array)


def test_a_damaged_image_in_a_zip_is_left_out(tmp_path):
    save(tmp_path / "test", ["good.png", "damaged.png"], size=(200, 200))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("good.png", "damaged.png"):
            archive.write(tmp_path / "test" / name, f"test/{name}")
    whole = (tmp_path / "x.zip").read_bytes()
    spot = whole.index(b"damaged.png") + 100  # not compressed: only its checksum shows the change
    (tmp_path / "x.zip").write_bytes(whole[:spot] + b"oops" + whole[spot + 4 :])
    with pytest.warns(UserWarning, match=r"1 unreadable: .*damaged\.png"):
        assert data.images(tmp_path / "x.zip", "test", 16).names == ("test/good.png",)


def test_behind_a_proxy_the_host_is_not_checked(monkeypatch):
    with pytest.raises(ValueError, match=r"mnist.*storage\.googleapis\.com"):
        downloads.check_reachable("storage.googleapis.com", "mnist")
    for variable in ("https_proxy", "HTTP_PROXY", "all_proxy"):
        with monkeypatch.context() as patch:
            patch.setenv(variable, "http://proxy.example:3128")
            downloads.check_reachable("storage.googleapis.com", "mnist")
            patch.setenv("no_proxy", "localhost,.googleapis.com")
            with pytest.raises(ValueError, match=r"mnist.*storage\.googleapis\.com"):
                downloads.check_reachable("storage.googleapis.com", "mnist")
            downloads.check_reachable("www.cs.toronto.edu", "CIFAR-10")


@pytest.mark.parametrize("name", ["photos", "cifar10", "celeb_a", "tfds:mnist"])
def test_a_folder_named_like_a_data_set_is_reported(monkeypatch, name):
    save(Path(name), [f"{i}.png" for i in range(30)])
    monkeypatch.setattr(sources, "cifar10", lambda split, count: arrays.list_array(noise(2), "ab"))
    monkeypatch.setattr(sources, "celeb_a", lambda split, count: arrays.list_array(noise(2), "ab"))
    monkeypatch.setattr(sources, "list_tfds", lambda name, split, count: arrays.list_array(noise(2), "ab"))
    with pytest.warns(UserWarning, match=rf"'{name}'.*'\./{name}'") as caught:
        taken = data.images(name, "val", 16, count=2)
    assert len(caught) == 1 and caught[0].filename == __file__ and "0.png" not in taken.names
    for folder in (f"./{name}", Path(name), Path(name).resolve()):
        images = data.images(folder, "train", 16)
        assert 15 < len(images) < 30 and all(file.endswith(".png") for file in images.names)


def test_a_path_that_does_not_exist_may_be_a_name():
    assert len(data.images(Path("photos"), "val", 16, count=2)) == 2


def test_such_a_folder_is_reported_also_when_the_data_set_cannot_be_loaded():
    save(Path("cifar10"), ["0.png"])
    with pytest.warns(UserWarning, match=r"'\./cifar10'"), pytest.raises(ValueError, match="toronto"):
        data.images("cifar10")


def test_an_array_is_split_by_tenths():
    array = noise(50)
    images = every_split(array, (20, 24))
    assert [len(p) for p in images.values()] == [40, 5, 5] and images["train"].source == "array"
    np.testing.assert_array_equal(images["val"].array, array[8::10])
    np.testing.assert_array_equal(images["test"].array, array[9::10])
    assert_nothing_is_in_two_splits(images)
    assert set(every_split(array[:43], (20, 24))["train"].names) <= set(images["train"].names)
    floats = data.images(array.astype("float32") / 255, "val", (20, 24))
    np.testing.assert_array_equal(floats.array, images["val"].array)
    assert data.images(array, "test", 16).array.shape == (5, 16, 16, 3)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 20, 20), "uint8"), "expected images"),
        (np.zeros((4, 20, 20, 3), "int64"), "int64"),
        (np.full((20, 20, 20, 3), 255.0), r"255\.0.*0, 1.*divide.*255"),
        (np.full((20, 20, 20, 3), np.nan), "nan.*0, 1"),
        (np.zeros((3, 20, 20, 3), "uint8"), "'test'.* 3"),
    ],
)
def test_an_array_that_is_no_batch_of_images_is_explained(array, words):
    with pytest.raises(ValueError, match=words):
        data.images(array, "test", 16)


def test_npz_files(tmp_path):
    train, test = noise(30), noise(6, seed=1)
    np.savez(tmp_path / "one.npz", images=train, labels=np.zeros(30))
    np.savez(tmp_path / "two.npz", x_train=train, y_train=np.zeros(30), x_test=test)
    np.savez(tmp_path / "more.npz", train_a=train, train_b=test, valid_a=test, test_b=test)
    sizes = {name: [len(p) for p in every_split(tmp_path / name).values()] for name in ("one.npz", "two.npz")}
    assert sizes == {"one.npz": [24, 3, 3], "two.npz": [27, 3, 6]}
    assert [len(p) for p in every_split(tmp_path / "more.npz").values()] == [36, 6, 6]
    assert len(data.images(f"{tmp_path}/more.npz:_a", "train", 16)) == 27  # it has no test_a
    np.savez(tmp_path / "labels.npz", y=np.zeros(5))
    (tmp_path / "half.npz").write_bytes((tmp_path / "one.npz").read_bytes()[:500])
    np.savez(tmp_path / "objects.npz", x=np.array([{}], dtype=object))
    for name in ("labels", "half", "objects"):
        with pytest.raises(ValueError, match=rf"{name}\.npz: "):
            data.images(tmp_path / f"{name}.npz")
    with pytest.raises(ValueError, match="'c'"):
        data.images(f"{tmp_path}/more.npz:c")
    np.savez(tmp_path / "floats.npz", train / 1.0)
    with pytest.raises(ValueError, match=r"floats\.npz.*divide.*255"):
        data.images(tmp_path / "floats.npz")


def test_an_array_of_two_splits_or_of_none_is_in_no_split(tmp_path):
    arrays = {
        name: noise(20, seed=seed) for seed, name in enumerate(("x_train", "x_test", "x_train_val", "x"))
    }
    np.savez(tmp_path / "four.npz", **arrays)
    with pytest.warns(UserWarning, match=r"2 of 4 arrays.*x_train_val, x\b"):
        images = every_split(tmp_path / "four.npz", (20, 24))
    assert [len(one) for one in images.values()] == [18, 2, 20]
    np.testing.assert_array_equal(images["val"].array, arrays["x_train"][8::10])
    np.testing.assert_array_equal(images["test"].array, arrays["x_test"])
    np.savez(tmp_path / "two.npz", train_val=arrays["x"], test=arrays["x_test"])
    for split in ("train", "val"):
        with pytest.raises(ValueError, match=f"'{split}'.*train_val, test"):
            data.images(tmp_path / "two.npz", split)
    assert [len(one) for one in every_split(f"{tmp_path}/two.npz:train_val").values()] == [16, 2, 2]


def test_masks_among_the_arrays_are_left_out(tmp_path):
    images, holes = noise(20), noise(20, seed=1)
    np.savez(tmp_path / "pairs.npz", images=images, masks=holes)
    np.savez(tmp_path / "splits.npz", trainX=images, train_mask=holes)
    for name in ("pairs", "splits"):
        with pytest.warns(UserWarning, match=r"left out \w*mask"):
            taken = every_split(tmp_path / f"{name}.npz", (20, 24))
        np.testing.assert_array_equal(taken["test"].array, images[9::10])
        assert len(taken["train"]) == 16
    assert len(data.images(f"{tmp_path}/pairs.npz:mask", "train", (20, 24))) == 16


def test_arrays_of_two_sizes_are_named(tmp_path):
    np.savez(tmp_path / "two.npz", x_train=noise(4), y_train=np.zeros((4, 32, 32, 3), "uint8"))
    with pytest.raises(ValueError, match=r"two\.npz.*\(20, 24, 3\) and \(32, 32, 3\).*'train'.*:word"):
        data.images(tmp_path / "two.npz")


@pytest.mark.parametrize("source", [3, [np.zeros((16, 16, 3), "uint8")], b"photos"])
def test_a_source_of_another_type_is_named(source):
    with pytest.raises(ValueError, match=f"type {type(source).__name__}: .*name.*path.*array"):
        data.images(source)


def test_home_is_found_for_npz_too(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    np.savez(tmp_path / "x.npz", noise(20))
    assert len(data.images("~/x.npz", "test", 16)) == 2


@pytest.mark.parametrize("name", ["photo.jpg", "cut.zip", "all.tar.gz"])
def test_a_file_that_is_no_source_is_not_reported_as_missing(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match=rf"{name}.*folder.*\.zip.*give the folder"):
        data.images(tmp_path / name)


def test_one_image_that_cannot_be_read_does_not_stop_the_others(monkeypatch, tmp_path):
    """A source gives an exception in place of such an image; readers of broken files raise many errors."""

    def read(start):
        for number in range(start, 40):
            yield RuntimeError(f"number {number} is corrupt") if number in bad else number

    def decode(number, size):
        if number in (5, 6):
            raise {5: IndexError, 6: MemoryError}[number]("in the reader")
        return np.full((*size, 3), number, "uint8")

    bad = {0, 9, 10, 11, 39}
    listing = ImageListing(tuple(f"image {i}" for i in range(40)), read, lambda: "stamp")
    monkeypatch.setattr(loading, "list_images", lambda *_: listing)
    monkeypatch.setattr(cache_files, "read_uint8", decode)
    for cache in (None, tmp_path / "cache"):
        message = "7 unreadable: image 0: RuntimeError number 0 is corrupt"
        with pytest.warns(UserWarning, match=message):
            images = data.images("x", "train", 16, cache=cache)
        assert images[:, 0, 0, 0].tolist() == sorted(set(range(40)) - bad - {5, 6})
        assert images.names[0] == "image 1" and len(images.names) == 33


def test_a_source_that_ends_early_keeps_the_images_before(monkeypatch):
    """A generator ends with its first error."""

    def read(start):
        yield from range(start, 3)
        raise OSError("the archive is damaged")

    listing = ImageListing(tuple(f"image {i}" for i in range(6)), read, lambda: "stamp")
    monkeypatch.setattr(loading, "list_images", lambda *_: listing)
    monkeypatch.setattr(cache_files, "read_uint8", lambda number, size: np.full((*size, 3), number, "uint8"))
    with pytest.warns(UserWarning, match=r"3 unreadable: image 3: OSError the archive.*image 4: .*ended"):
        assert data.images("x", "train", 16)[:, 0, 0, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("source", ["nowhere", "nowhere.npz", "nowhere.zip", None])
def test_the_error_of_an_unknown_source_names_the_known_ones(source):
    with pytest.raises(ValueError, match=r"('nowhere|'None).*'photos', 'cifar10', 'celeb_a'"):
        data.images(source)


# -- the real data beside the project


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data of ../shared/data")
@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("faces/celeba_crop_178", 8800),
        ("faces/celeba_aligned_89x109", 6000),
        ("paintings", 600),
        ("albums", 700),
        ("photos/bsds500", None),
        ("cifar10/cifar10_dev.npz", 14500),
        ("cifar10/cifar10_dev.npz:lossless", 3500),
    ],
)
def test_the_real_data_loads(source, count):
    found = [sources.list_images(SHARED / source, split, (32, 32)) for split in data.SPLITS]
    names = [name for split in found for name in split.names]
    assert len(names) == len(set(names)) == (count or len(names))
    for split in data.SPLITS:
        assert len(data.images(SHARED / source, split, 32, count=4)) == 4
