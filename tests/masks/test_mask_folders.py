"""Masks from folders of mask files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaintkit import masks
from inpaintkit.images import read_mask, write_mask
from inpaintkit.masks import FromFolder, Lines, MaskBank, Strokes, hole_ratio

NVIDIA = Path(__file__).parents[3] / "shared" / "data" / "masks"


def test_a_folder_gives_its_files_and_keeps_the_ratios_in_their_names(folder):
    ratios = hole_ratio(FromFolder(folder).sample(60, 48, 48))
    low, high = (ratios >= 0.1) & (ratios <= 0.2), (ratios >= 0.3) & (ratios <= 0.4)
    assert (low | high).all() and low.any() and high.any()
    assert hole_ratio(FromFolder(folder, bucket="0.3-0.4").sample(20, 48, 48)).min() >= 0.3
    plain = FromFolder(folder / "0.1-0.2_border", augment=False).sample(20, 60, 80)
    files = [read_mask(folder / "0.1-0.2_border" / name) for name in ("0.png", "1.png")]
    assert all(any((mask == file).all() for file in files) for mask in plain)
    with pytest.raises(ValueError, match=r"0\.[68]\d of it is hole, .* 0\.\d to 0\.\d.* black "):
        FromFolder(folder, hole="black").sample(1, 48, 48)


def test_a_folder_of_black_holes(tmp_path):
    (mask,) = Strokes(hole_ratio=(0.3, 0.3)).sample(1, 60, 80)
    write_mask(tmp_path / "0.png", mask, hole="black")
    np.testing.assert_array_equal(FromFolder(tmp_path, "black", augment=False).sample(1, 60, 80)[0], mask)
    assert set(hole_ratio(FromFolder(tmp_path, "black", hole_ratio=(0.6, 0.6)).sample(5, 50, 50))) == {0.6}


def test_linked_folders_of_masks_are_found_and_hidden_files_are_not(folder, tmp_path):
    (tmp_path / "0.3-0.4").symlink_to(folder / "0.3-0.4_noborder")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "._0.png").write_bytes(b"what macOS leaves beside an image")
    assert [file.name for file in FromFolder(tmp_path, bucket="0.3").files] == ["0.png", "1.png"]
    assert len(FromFolder(tmp_path).files) == 2


def test_a_folder_of_useless_masks_is_explained(tmp_path):
    write_mask(tmp_path / "empty.png", np.ones((32, 32, 1)))
    with pytest.raises(ValueError, match=r"1 of 1 .*1 without a hole.*empty\.png"):
        FromFolder(tmp_path).sample(1, 32, 32)
    with pytest.raises(ValueError, match=r"1 of 1 .*1 nothing but hole.*empty\.png") as caught:
        FromFolder(tmp_path, hole="black").sample(1, 32, 32)
    assert "hole='white'" not in str(caught.value)  # which would give no hole
    with pytest.raises(ValueError, match=r"no mask file .*'0\.1'"):
        FromFolder(tmp_path, bucket="0.1")
    with pytest.raises(ValueError, match="nowhere"):
        FromFolder(tmp_path / "nowhere")


def test_files_that_are_never_used_are_counted_and_named(tmp_path, monkeypatch):
    mask = np.ones((40, 40, 1))
    mask[10:26, 10:20] = 0
    for name in ("a/0.png", "a/1.png", "0.4-0.5/much.png", "0.1-0.2/right.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_mask(tmp_path / name, mask)
    write_mask(tmp_path / "none.png", mask * 0 + 1)
    write_mask(tmp_path / "all.png", mask * 0)
    (tmp_path / "cut.png").write_bytes((tmp_path / "a" / "0.png").read_bytes()[:50])
    generator = FromFolder(tmp_path)
    with pytest.warns(UserWarning, match=r"4 of 7 ") as caught:
        assert hole_ratio(generator.sample(30, 40, 40)).min() > 0
    said = str(caught[0].message)
    for words in ("without a hole", "nothing but hole", "unreadable", "with another ratio", "cut.png"):
        assert words in said
    generator.sample(3, 40, 40)  # says it once
    monkeypatch.setattr("inpaintkit.masks.folders._MAX_CHECKED", 2)  # every fourth of the seven
    with pytest.warns(UserWarning, match=r"1 of 2 .*all\.png"):
        FromFolder(tmp_path).sample(30, 40, 40)


def test_a_folder_of_masks_of_zeros_and_ones_is_used_whole(tmp_path):

    hole = np.zeros((32, 32), "uint8")
    hole[8:24, 8:24] = 1
    for i, (top, dtype) in enumerate(((255, "uint8"), (1, "uint8"), (1, "uint16"), (4095, "uint16"))):
        Image.fromarray(np.roll(hole, 4 * i, 1).astype(dtype) * np.array(top, dtype)).save(
            tmp_path / f"{i}.png"
        )
    sample = FromFolder(tmp_path, augment=False).sample(60, 32, 32)
    assert len(np.unique(sample.reshape(60, -1), axis=0)) == 4 and set(hole_ratio(sample)) == {0.25}


@pytest.mark.slow
@pytest.mark.skipif(not NVIDIA.is_dir(), reason=f"needs NVIDIA's masks in {NVIDIA}")
def test_nvidias_masks_load_with_their_buckets():
    assert len(FromFolder(NVIDIA).files) == 720
    for low in (0.1, 0.5):
        name = f"{low}-{low + 0.1:.1f}"
        generator = FromFolder(NVIDIA, bucket=name)
        assert len(generator.files) == 120
        for augment in (False, True):
            ratios = hole_ratio(FromFolder(NVIDIA, bucket=name, augment=augment).sample(12, 128, 128))
            assert low <= ratios.min() and ratios.max() <= low + 0.1
    ratios = hole_ratio(FromFolder(NVIDIA, hole_ratio=(0.2, 0.25)).sample(12, 256, 178))
    assert ratios.min() >= 0.2 and ratios.max() <= 0.25


def test_a_folder_with_a_backslash_in_its_name_is_read_back(folder, tmp_path):
    (tmp_path / r"a\new" / "0.1-0.2").mkdir(parents=True)
    write_mask(tmp_path / r"a\new" / "0.1-0.2" / "0.png", Lines().sample(1, 20, 20)[0])
    generator = MaskBank(FromFolder(tmp_path / r"a\new", bucket="0.1"))
    assert masks.parse(repr(generator)) == generator
