"""Folders and zips: which image belongs to which split, and that none belongs to two."""

import io
import itertools
import os
import struct
import unicodedata
import zipfile

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaintkit import cli, data

SPLITS = ("train", "val", "test")


def image(seed, file_format="PNG"):
    """The bytes of a noise image whose first pixel is the seed."""
    array = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), "uint8")
    array[:] = np.where(np.arange(16)[:, None, None] < 8, seed, array)
    file = io.BytesIO()
    Image.fromarray(array).save(file, file_format)
    return file.getvalue()


def make(place, names):
    """Makes a folder, or a zip, of images with these names; the first pixel of each is its number."""
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
            for seed, name in enumerate(names):
                info = zipfile.ZipInfo("x")
                info.filename = name  # unchanged, on Windows too
                archive.writestr(info, image(seed))
    else:
        for seed, name in enumerate(names):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(image(seed))
    return place


def shown(source, split, **options):
    """The numbers in the first pixels of a split's images."""
    try:
        return data.images(source, split, 16, **options).array[:, 0, 0, 0].tolist()
    except ValueError as error:
        assert "usable" in str(error) or "is the split" in str(error)
        return []


def by_split(source):
    return [shown(source, split) for split in SPLITS]


@pytest.fixture(params=["folder", "x.zip"])
def place(request, tmp_path):
    return tmp_path / request.param


# -- the outermost folder decides


def test_the_outermost_split_decides(place):
    names = [
        "train/a.png",
        "train/test/b.png",
        "val/train/c.png",
        "deep/test/val/train/d.png",
        "TRAIN/val/e.png",
    ]
    assert [sorted(its) for its in by_split(make(place, names))] == [[0, 1, 4], [2], [3]]


def test_the_given_folder_is_the_outermost(tmp_path):
    for root in (tmp_path / "train", tmp_path / "Training.zip"):
        make(root, ["cats/a.png", "test/b.png"])
        assert by_split(root) == [[0, 1], [], []]
        with pytest.raises(ValueError, match=r"'train'.*'test'"):
            data.images(root, "test", 16)
    make(tmp_path / "test", ["train/a.png", "test/b.png", "val/c.png"])  # a data set with that name
    assert by_split(tmp_path / "test") == [[0], [2], [1]]


def test_a_folder_around_all_images_counts_as_the_given_one(place):
    """As in a zip of a folder named test, and in a folder that was unpacked into another folder."""
    make(place, ["mine/test/train/a.png", "mine/test/deep/val/b.png", "mine/test/test/c.png"])
    assert by_split(place) == [[0], [1], [2]]


def test_a_folder_around_all_images_that_has_no_two_splits_is_one(place):
    make(place, ["mine/Testing/train/a.png", "mine/Testing/cats/b.png", "mine/Testing/c.png"])
    assert [sorted(its) for its in by_split(place)] == [[], [], [0, 1, 2]]


def test_images_in_no_split_are_counted(place):
    make(place, ["train/a.png", "test/b.png", "more/c.png", "d.png"])
    with pytest.warns(UserWarning, match=r"2 of 4 images.*train.*not used.*d\.png, more/c"):
        assert shown(place, "train") == [0]


def test_names_that_only_look_like_splits_are_reported(place):
    make(place, [f"{name}/{i}.png" for name in ("train_images", "test2017") for i in range(20)])
    with pytest.warns(UserWarning, match=r"40 names.*splits \(test2017/0\.png.*train, val and test"):
        shown(place, "train")


@pytest.mark.parametrize(
    "names", [("trainA", "testA"), ("TrainImages", "TestImages"), ("trainset", "testset"), ("XTrain", "XVal")]
)
def test_compound_words_are_reported_too(place, names):
    make(place, [f"{name}/{i}.png" for name in names for i in range(9)])
    with pytest.warns(UserWarning, match=rf"18 names.*splits.*{min(names)}/0\.png.*train"):
        shown(place, "train")


def test_words_that_only_begin_like_a_split_are_not_reported(place):
    names = ["trains", "valley", "testament", "Trainer", "contest", "valentine_card"]
    make(place, [f"{name}/{i}.png" for name in names for i in range(9)])
    assert len(shown(place, "train")) > 30  # and no warning


def test_celebas_partition_reports_the_files_without_a_number(place):
    names = ["img_align_celeba/000001.png", "img_align_celeba/182638.png", "img_align_celeba/cover.png"]
    make(place, [*names, "img_align_celeba/202600.png"])
    with pytest.warns(UserWarning, match=r"2 of 4 images.*CelebA.*202600\.png, .*cover\.png"):
        assert by_split(place) == [[0], [], [1]]


# -- names in zips


def test_zips_of_windows_keep_their_splits(tmp_path):
    make(tmp_path / "w.zip", [f"{split}\\{i}.png" for split in SPLITS for i in range(20)])
    assert by_split(tmp_path / "w.zip") == [
        list(order)
        for order in by_split(
            make(tmp_path / "same", [f"{split}/{i}.png" for split in SPLITS for i in range(20)])
        )
    ]
    assert data.images(tmp_path / "w.zip", "val", 16).names[0] == "val/0.png"


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no file with such a name")
def test_a_zip_of_windows_unpacked_elsewhere_keeps_its_splits_too(tmp_path):
    names = [f"{split}\\{i}.png" for split in SPLITS for i in range(5)]
    assert [len(its) for its in by_split(make(tmp_path / "folder", names))] == [5, 5, 5]


def test_odd_names_in_zips(tmp_path):
    names = [
        "./train/a.png",
        "train\\sub/b.png",
        "C:\\data\\train\\c.png",
        "/data/train/d.png",
        "../train/e.png",
    ]
    names += ["val/../train/f.png", "\\\\server\\train\\g.png", "C:train\\h.png"]
    names += ["test/x.png/", "test\\y.png\\", "__MACOSX/train/._a.png", ".\\test\\z.png", "test//.hidden.png"]
    make(tmp_path / "odd.zip", names)
    assert [sorted(its) for its in by_split(tmp_path / "odd.zip")] == [list(range(8)), [], [11]]
    assert "train/e.png" in data.images(tmp_path / "odd.zip", "train", 16).names


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # of zipfile, which writes it here
def test_of_a_name_that_occurs_twice_in_a_zip_the_last_file_counts(tmp_path):
    make(tmp_path / "x.zip", ["test/a.png", "test\\a.png", "test/b.png", "test/b.png"])
    with pytest.warns(UserWarning, match=r"2 names.*twice.*test/a\.png, test/b\.png"):
        assert shown(tmp_path / "x.zip", "test") == [1, 3]


# -- links and copies


def link(how, old, new):
    new.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(old, new) if how == "soft" else os.link(old, new)


@pytest.mark.parametrize("how", ["soft", "hard"])
def test_a_linked_file_is_in_one_split_and_rather_held_out(tmp_path, how):
    root = make(tmp_path / "root", ["train/a.png", "test/b.png", "val/c.png", "train/d.png"])
    link(how, root / "test/b.png", root / "train/link_b.png")
    link(how, root / "val/c.png", root / "train/link_c.png")
    link(how, root / "val/c.png", root / "test/link_c.png")
    link(how, root / "train/a.png", root / "train/link_a.png")
    with pytest.warns(UserWarning, match=r"4 links.*\(train/link_a\.png, .*"):
        assert by_split(root) == [[0, 3], [], [1, 2]]


@pytest.mark.parametrize(("linked", "real"), [("val", "test"), ("train", "test"), ("train", "val")])
def test_of_two_names_of_one_folder_the_one_held_out_counts(tmp_path, linked, real):
    root = make(tmp_path / "root", [f"{real}/cats/a.png", f"{real}/b.png"])
    link("soft", root / real, root / linked)
    assert shown(root, linked) == [] and sorted(shown(root, real)) == [0, 1]


@pytest.mark.filterwarnings("ignore:.*left out .* links")
@pytest.mark.parametrize("how", ["soft", "hard"])
def test_files_linked_into_splits_from_one_folder(tmp_path, how):
    root = make(tmp_path / "root", [f"all/{i}.png" for i in range(4)])
    for number, split in enumerate(("train", "train", "test")):
        link(how, root / f"all/{number}.png", root / split / f"{number}.png")
    with pytest.warns(UserWarning, match=r"1 of 7 images.*all/3\.png"):
        assert by_split(root) == [[0, 1], [], [2]]


@pytest.mark.filterwarnings("ignore:.*left out .* links")
def test_links_within_a_folder_that_is_divided_by_hash(tmp_path):
    root = make(tmp_path / "root", [f"{i}.png" for i in range(30)])
    for number in range(30):
        link("soft", root / f"{number}.png", root / f"again{number}.png")
    splits = by_split(root)
    assert sorted(itertools.chain(*splits)) == list(range(30)) and min(map(len, splits)) > 0


@pytest.mark.parametrize("split", ["train", "test"])
def test_exact_copies_in_two_splits_are_reported(place, split):
    names = ["train/a.png", "train/b.png", "train/c.png", "test/d.png"]
    if place.suffix:
        make(place, names)
        with zipfile.ZipFile(place, "a") as archive:
            archive.writestr("test/copy.png", image(1))
            archive.writestr("test/twin.png", image(3))
    else:
        make(place, names)
        (place / "test/copy.png").write_bytes(image(1))
        (place / "test/twin.png").write_bytes(image(3))  # within one split: no leak
    other = {
        "train": r"1 of the 3 .*'train'.*train/b\.png = test/copy",
        "test": r"1 of the 3 .*copy\.png = train/b",
    }
    with pytest.warns(UserWarning, match=other[split]):
        assert len(shown(place, split)) == 3
    assert shown(place, "val") == []


def test_copies_in_a_folder_that_is_divided_by_hash_are_reported(tmp_path):
    for i in range(40):
        make(tmp_path, [f"{i}.png"])  # all the same
    with pytest.warns(UserWarning, match=r"exact copies.*another split"):
        assert len(shown(tmp_path, "test")) > 0


def test_only_equal_bytes_are_copies(tmp_path):
    """Uncompressed files of the same size with the same end."""
    for split, first in (("train", 1), ("test", 2)):
        (tmp_path / split).mkdir()
        array = np.zeros((64, 64, 3), "uint8")
        array[-1] = first  # BMP begins with the last row
        Image.fromarray(array).save(tmp_path / split / "a.bmp")
    assert len(shown(tmp_path, "train")) == 1


# -- count= and the 80/10/10


def test_count_and_hash_do_not_depend_on_endings(tmp_path):
    names = [f"{i:03d}" for i in range(80)]
    folders = {
        ending: make(tmp_path / ending, [f"{name}.{ending}" for name in names])
        for ending in ("bmp", "png", "JPG", "jpg")
    }
    for split in SPLITS:
        for count in (None, 3):
            every = [data.images(folder, split, 16, count=count).names for folder in folders.values()]
            stems = [[name.split(".")[0] for name in names] for names in every]
            assert stems[0] == stems[1] == stems[2] == stems[3] and len(stems[0]) >= 3


def test_count_and_hash_do_not_depend_on_how_an_umlaut_is_written(tmp_path):
    names = [f"Fotos für/ä {i} 100%.png" for i in range(40)]
    folders = [
        make(tmp_path / form, [unicodedata.normalize(form, name) for name in names])
        for form in ("NFC", "NFD")
    ]
    for split in SPLITS:
        one, two = (data.images(folder, split, 16, count=3).names for folder in folders)
        assert one == tuple(unicodedata.normalize("NFC", name) for name in two)


def test_two_endings_of_one_image_are_in_one_split(tmp_path):
    root = make(tmp_path / "root", [f"{i}.{ending}" for i in range(50) for ending in ("jpg", "png")])
    stems = [{name.split(".")[0] for name in data.images(root, split, 16).names} for split in SPLITS]
    assert sum(map(len, stems)) == len(set.union(*stems)) == 50


def test_folders_of_jpg_files_are_divided_as_in_earlier_versions(tmp_path):
    root = make(tmp_path / "root", [f"{i}.jpg" for i in range(40)])
    assert data.images(root, "test", 16).names == ("13.jpg", "15.jpg")
    assert data.images(root, "train", 16, count=3).names == ("26.jpg", "34.jpg", "36.jpg")


# -- masks beside the images


def test_masks_beside_the_images_are_left_out_with_a_warning(place):
    make(
        place,
        ["train/a.png", "train/a_mask.png", "train/b.jpg", "train/b-mask001.png", "train/face_mask.png"],
    )
    with pytest.warns(UserWarning, match=r"2 files as masks.*a_mask\.png, train/b-mask001\.png\)"):
        assert shown(place, "train") == [0, 2, 4]


def test_masks_have_many_names(place):
    names = ["a.png", "a mask.png", "a.mask.png", "a_MASK_1.png", "mask_a.png", "masks-a.png"]
    others = [
        "mask_of_zorro.jpg",
        "mask.png",
        "unmask_a.png",
        "a_masked.png",
        "b/a_mask.png",
        "with_mask/a.png",
    ]
    make(place, [f"test/{name}" for name in names + others])
    with pytest.warns(UserWarning, match=r"5 files as masks"):
        assert sorted(shown(place, "test")) == [0, *range(6, 12)]


def test_files_that_macos_adds_to_a_zip_are_no_images(tmp_path):
    make(tmp_path / "x.zip", ["d/test/a.png", "__MACOSX/d/test/a.png", "__MACOSX/d/test/._a.png"])
    assert by_split(tmp_path / "x.zip") == [[], [], [0]]


def test_a_folder_of_masks_is_left_out_with_a_warning(place):
    make(place, ["images/a.png", "images/b.png", "Masks/a.png", "images/mask/b.png"])
    with pytest.warns(UserWarning, match=r"2 files as masks"):
        assert sorted(itertools.chain(*by_split(place))) == [0, 1]


def test_a_folder_of_nothing_but_masks_is_a_folder_of_images(tmp_path):
    make(tmp_path / "theatre", ["masks/a.png", "masks/b.png"])
    for root in ("theatre", "theatre/masks"):
        assert sorted(itertools.chain(*by_split(tmp_path / root))) == [0, 1]


# -- zips that Python cannot unpack


def damage_headers(path, method=None, flag=0, only=()):
    """Sets the compression method or a flag in the headers of a zip's files: all, or only some, by number."""
    raw = bytearray(path.read_bytes())
    for mark, flags, methods in ((b"PK\3\4", 6, 8), (b"PK\1\2", 8, 10)):
        at, number = raw.find(mark), 0
        while at >= 0:
            if not only or number in only:
                struct.pack_into("<H", raw, at + flags, struct.unpack_from("<H", raw, at + flags)[0] | flag)
                if method is not None:
                    struct.pack_into("<H", raw, at + methods, method)
            at, number = raw.find(mark, at + 4), number + 1
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"method": 9}, r"Deflate64"),
        ({"method": 93}, r"Zstandard"),
        ({"method": 17}, r"17"),
        ({"flag": 1}, "encrypted"),
        ({"flag": 1, "method": 99}, "encrypted"),
    ],
)
def test_a_zip_that_python_cannot_unpack(tmp_path, fault, words, monkeypatch):
    if fault.get("method") == 93:
        monkeypatch.delattr(zipfile, "ZIP_ZSTANDARD", raising=False)
    names = [f"{split}/{i}.png" for split in SPLITS for i in range(2)]
    damage_headers(make(tmp_path / "x.zip", names), **fault)
    with pytest.raises(ValueError, match=rf"x\.zip: .*{words}.*unpack"):
        data.images(tmp_path / "x.zip", "test", 16)
    damage_headers(make(tmp_path / "some.zip", names), **fault, only=(4,))
    with pytest.warns(UserWarning, match=rf"1 unreadable: test/0\.png: .*{words}"):
        assert shown(tmp_path / "some.zip", "test") == [5]


def test_the_command_line_reports_such_a_zip_without_a_traceback(tmp_path):
    damage_headers(make(tmp_path / "x.zip", ["test/a.png"]), method=9)
    result = CliRunner().invoke(cli.app, ["compare", "--source", str(tmp_path / "x.zip")])
    assert result.exit_code == 2 and "Deflate64" in result.stderr and "Traceback" not in result.output


def test_a_zip_that_does_not_even_open(tmp_path):
    raw = bytearray(make(tmp_path / "x.zip", ["test/a.png"]).read_bytes())
    struct.pack_into("<H", raw, raw.find(b"PK\1\2") + 6, 99)  # wants version 9.9 of zip
    (tmp_path / "x.zip").write_bytes(raw)
    with pytest.raises(ValueError, match=r"x\.zip: .*zip.*unpack"):
        data.images(tmp_path / "x.zip", "test", 16)


def test_archives_inside_are_named(place):
    inner = make(place.parent / "train.zip", ["a.png"]).read_bytes()
    if place.suffix:
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr("train.zip", inner)
    else:
        place.mkdir()
        (place / "train.zip").write_bytes(inner)
    with pytest.raises(ValueError, match=r"no image.*unpack.*\(train\.zip\)"):
        data.images(place, "train", 16)


@pytest.mark.parametrize("fault", [{"method": 9}, {"flag": 1}])
def test_an_npz_that_python_cannot_unpack(tmp_path, fault):
    np.savez(tmp_path / "x.npz", np.zeros((20, 16, 16, 3), "uint8"))
    damage_headers(tmp_path / "x.npz", **fault)
    with pytest.raises(ValueError, match=r"x\.npz: .*(compression|encrypted)"):
        data.images(tmp_path / "x.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_files_in_a_zip_of_any_method_are_left_out(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as archive:
        for number in range(3):
            archive.writestr(f"test/{number}.png", image(number))
        spot = archive.getinfo("test/1.png").header_offset + 60
    raw = bytearray((tmp_path / "x.zip").read_bytes())
    raw[spot : spot + 60] = b"\xff" * 60
    (tmp_path / "x.zip").write_bytes(raw)
    with pytest.warns(UserWarning, match=r"1 unreadable: .*test/1\.png"):
        assert shown(tmp_path / "x.zip", "test") == [0, 2]
