import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaintkit import masks
from inpaintkit.images import read_mask, write_mask
from inpaintkit.masks import (
    GENERATORS,
    Border,
    Center,
    Ellipses,
    FromFolder,
    Grid,
    Lines,
    MaskBank,
    Medium,
    Mixture,
    Polygons,
    Rectangles,
    Scratches,
    Strokes,
    Text,
    Thick,
    Thin,
    hole_ratio,
)

NVIDIA = Path(__file__).parents[3] / "shared" / "data" / "masks"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four white-hole masks of 60×80, two a ratio bucket, in folders named as NVIDIA's."""
    folder = tmp_path_factory.mktemp("masks")
    for name, ratio in (("0.1-0.2_border", (0.12, 0.18)), ("0.3-0.4_noborder", (0.32, 0.38))):
        (folder / name).mkdir()
        for i, mask in enumerate(Strokes(hole_ratio=ratio).sample(2, 60, 80, seed=1)):
            write_mask(folder / name / f"{i}.png", mask)
    (folder / "readme.txt").write_text("no mask")
    return folder


def make(kind, folder, **settings):
    """A kind with its defaults, and what it cannot do without."""
    needs = {Mixture: {"kinds": [Lines(), Text()]}, MaskBank: {"kind": Thick(), "size": 50}}
    return kind(**{**needs.get(kind, {}), **({"path": folder} if kind is FromFolder else {}), **settings})


def holes(kind, count, size, batch=100):
    """Pixels missing in each of `count` masks, drawn in batches that memory does not notice."""
    for seed in range(count // batch):
        sample = kind.sample(batch, size, size, seed)
        assert sample.shape == (batch, size, size, 1) and sample.dtype == np.float32
        known = np.count_nonzero(sample, axis=(1, 2, 3))
        assert (known == sample.sum((1, 2, 3))).all()  # 0 and 1 alone
        yield from size * size - known


@pytest.mark.parametrize("size", [32, 178, 256])
@pytest.mark.parametrize("kind", [kind for kind in GENERATORS if kind is not Grid])
def test_the_hole_ratio_is_always_kept(kind, size, folder):
    counts = list(holes(make(kind, folder).with_ratio((0.1, 0.3)), 1000, size))
    assert 0.1 * size**2 <= min(counts) and max(counts) <= 0.3 * size**2
    assert np.ptp(counts) > 0.18 * size**2  # spread over the range, not heaped at one end


@pytest.mark.parametrize("ratio", [(0.01, 0.02), (0.5, 0.6), (0.9, 0.95)])
@pytest.mark.parametrize("kind", [kind for kind in GENERATORS if kind is not Grid])
def test_small_and_large_ratios_are_kept(kind, ratio, folder):
    counts = list(holes(make(kind, folder).with_ratio(ratio), 40, 100, batch=20))
    assert ratio[0] * 100**2 <= min(counts) and max(counts) <= ratio[1] * 100**2


@pytest.mark.parametrize(
    "kind", [Lines(thickness=1), Rectangles(size=1), Ellipses(size=1), Strokes(width=1), Text("I", size=1)]
)
def test_even_an_extreme_ratio_is_kept(kind):
    assert hole_ratio(kind.with_ratio((0.99, 0.99)).sample(2, 50, 50)) == pytest.approx(0.99)
    assert hole_ratio(kind.with_ratio((0.0004, 0.0004)).sample(2, 50, 50)) == pytest.approx(0.0004)


@pytest.mark.parametrize("percent", range(1, 100, 3))
def test_every_whole_percentage_can_be_asked_for(percent):
    ratio = percent / 100
    assert hole_ratio(Lines(hole_ratio=(ratio, ratio)).sample(1, 100, 100)) == pytest.approx(ratio)


@pytest.mark.parametrize("kind", GENERATORS)
def test_the_seed_decides_and_a_longer_sample_begins_the_same(kind, folder):
    kind = make(kind, folder)
    few, many = kind.sample(3, 40, 48, seed=(1, 2)), kind.sample(70, 40, 48, seed=(1, 2))
    np.testing.assert_array_equal(few, many[:3])
    assert kind.sample(0, 40, 48).shape == (0, 40, 48, 1)
    if not isinstance(kind, Grid | Center):
        assert (few != kind.sample(3, 40, 48, seed=(1, 3))).any()


@pytest.mark.parametrize("kind", GENERATORS)
def test_no_mask_is_empty_or_nothing_but_hole(kind, folder):
    ratios = hole_ratio(make(kind, folder).sample(200, 128, 100, seed=4))
    assert ratios.min() > 0 and ratios.max() < 1


# Checksums: the same with OpenCV 4.12 and 5.0, NumPy 1.26 and 2.4, with and without AVX. Where one changes,
# the holes behind every number published so far have changed.
PRINTS = {
    Lines(): 1545746248,
    Lines(hole_ratio=(0.1, 0.4)): 900548545,
    Rectangles(): 288559692,
    Rectangles(hole_ratio=(0.1, 0.4)): 2250147070,
    Ellipses(): 4135583195,
    Ellipses(hole_ratio=(0.1, 0.4)): 2498526244,
    Polygons(): 2248083859,
    Polygons(hole_ratio=(0.1, 0.4)): 3979182518,
    Strokes(): 1573151712,
    Strokes(hole_ratio=(0.1, 0.4)): 3292766805,
    Scratches(): 737217216,
    Scratches(hole_ratio=(0.1, 0.4)): 2787026412,
    Text(): 3650187495,
    Text(hole_ratio=(0.1, 0.4)): 3042287285,
    Center(): 654425776,
    Center(hole_ratio=(0.1, 0.4)): 2638722046,
    Border(): 2095919350,
    Border(hole_ratio=(0.1, 0.4)): 1082550806,
    Thin(): 1803242408,
    Thin(hole_ratio=(0.1, 0.4)): 2872095468,
    Medium(): 1847255781,
    Medium(hole_ratio=(0.1, 0.4)): 2684472828,
    Thick(): 683402748,
    Thick(hole_ratio=(0.1, 0.4)): 2660587320,
    Mixture([Lines(), Text()], (1, 2)): 1360982622,
    MaskBank(Strokes(), 20): 2302685949,
}


@pytest.mark.parametrize("kind", PRINTS, ids=str)
def test_a_seed_gives_the_same_masks_on_every_machine(kind):
    sample = kind.sample(70, 96, 128, seed=5)
    assert zlib.crc32(np.packbits(sample > 0).tobytes()) == PRINTS[kind]


def test_without_a_ratio_the_shapes_are_as_many_and_as_large_as_asked_for():
    holes = 1 - Rectangles(count=1, size=(5, 9)).sample(50, 64, 64)
    for hole in holes[..., 0].astype("uint8"):
        parts, _, stats, _ = cv2.connectedComponentsWithStats(hole, connectivity=4)
        assert parts == 2 and stats[1, 4] == stats[1, 2] * stats[1, 3]  # one part, and it fills its box
        assert min(stats[1, 2:4]) >= 5 and max(stats[1, 2:4]) <= 9
    four = hole_ratio(Rectangles(count=4, size=32).sample(50, 256, 256))
    assert four.max() <= 4 * 32**2 / 256**2 and four.mean() > 0.05  # the album covers' 6 %
    seven = hole_ratio(Lines(count=7, thickness=(1, 11)).sample(200, 178, 178))
    assert 0.13 < seven.mean() < 0.17  # the face report's 14.7 %


def test_centre_border_and_grid_lie_where_they_say():
    (centre,) = 1 - Center().sample(1, 64, 32)[..., 0]
    assert centre.sum() == 64 * 32 / 4 and centre[16:48, 8:24].all()
    (right,) = Border(sides=("right",), hole_ratio=(0.25, 0.25)).sample(1, 40, 64)[..., 0]
    assert right[:, :48].all() and not right[:, 48:].any()
    frame = 1 - Border(sides=("left", "right", "top", "bottom")).sample(5, 64, 64)[..., 0]
    assert frame[:, 0].all() and frame[:, :, -1].all() and not frame[:, 20:44, 20:44].any()
    free = Border().sample(100, 32, 32)[..., 0]
    edges = np.stack([free[:, 16, 0], free[:, 16, -1], free[:, 0, 16], free[:, -1, 16]], -1)
    assert len(np.unique(edges, axis=0)) == 15  # every set of sides but the empty one
    assert hole_ratio(Grid(4).sample(2, 64, 64, seed=9)).tolist() == [1 - 1 / 16] * 2
    assert Grid((2, 1)).sample(1, 32, 32)[0, ::2].all()


def test_scratches_are_thin_and_long_and_text_is_spelled():
    (scratch,) = 1 - Scratches(count=1, width=1).sample(1, 200, 200, seed=2)[..., 0]
    rows, columns = np.nonzero(scratch)
    assert max(np.ptp(rows), np.ptp(columns)) > 40 and scratch.sum() < 250
    (letters,) = 1 - Text("II", count=1, size=40).sample(1, 200, 200)[..., 0]
    assert cv2.connectedComponents(letters.astype("uint8"))[0] == 3  # the background, and two letters
    assert Text("no. 1".replace(".", ""), count=1, size=(5, 400)).sample(20, 40, 33).any()


def test_presets_grow_with_the_image_and_stay_under_a_half():
    thin, medium, thick = (hole_ratio(kind().sample(200, 256, 256)) for kind in (Thin, Medium, Thick))
    assert max(thin.max(), medium.max(), thick.max()) <= 0.5
    small = hole_ratio(Medium().sample(200, 64, 64))
    assert small.mean() == pytest.approx(medium.mean(), abs=0.06)


def test_a_mixture_holds_its_kinds_as_often_as_their_weights_say():
    kind = Mixture([Center(), Grid(2)], weights=(3, 1))
    ratios = hole_ratio(kind.sample(400, 32, 32))
    assert set(ratios) == {0.25, 0.75} and 0.7 < (ratios == 0.25).mean() < 0.8
    assert set(hole_ratio(Mixture([Lines(), Text()], hole_ratio=(0.5, 0.5)).sample(20, 32, 32))) == {0.5}


def test_a_bank_turns_what_it_has():
    kind = Rectangles(count=1, size=7, hole_ratio=None)
    bank = MaskBank(kind, size=1, seed=3)
    sample = bank.sample(300, 32, 32)
    assert set(hole_ratio(sample)) == {49 / 1024}  # rolled and turned, never cut
    assert len(np.unique(sample.reshape(300, -1), axis=0)) > 200
    assert bank.sample(2, 32, 48).shape == (2, 32, 48, 1)
    assert bank.with_ratio((0.2, 0.2)).kind.hole_ratio == (0.2, 0.2)


def test_folders_give_their_files_and_keep_their_buckets(folder):
    ratios = hole_ratio(FromFolder(folder).sample(60, 48, 48))
    low, high = (ratios >= 0.1) & (ratios <= 0.2), (ratios >= 0.3) & (ratios <= 0.4)
    assert (low | high).all() and low.any() and high.any()
    assert hole_ratio(FromFolder(folder, bucket="0.3-0.4").sample(20, 48, 48)).min() >= 0.3
    plain = FromFolder(folder / "0.1-0.2_border", augment=False).sample(20, 60, 80)
    files = [read_mask(folder / "0.1-0.2_border" / name) for name in ("0.png", "1.png")]
    assert all(any((mask == file).all() for file in files) for mask in plain)
    with pytest.raises(ValueError, match=r"0\.[68]\d of it is hole, .* 0\.\d to 0\.\d: is the hole black"):
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
    with pytest.raises(ValueError, match=r"1 of 1 files.*1 without a hole.*empty\.png"):
        FromFolder(tmp_path).sample(1, 32, 32)
    with pytest.raises(ValueError, match=r"1 of 1 files.*1 nothing but hole.*empty\.png") as caught:
        FromFolder(tmp_path, hole="black").sample(1, 32, 32)
    assert "hole='white'" not in str(caught.value)  # which would give no hole
    with pytest.raises(ValueError, match=r"no mask file below .*'0\.1'"):
        FromFolder(tmp_path, bucket="0.1")
    with pytest.raises(ValueError, match="no such folder"):
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
    kind = FromFolder(tmp_path)
    with pytest.warns(UserWarning, match=r"4 of 7 files are never used") as caught:
        assert hole_ratio(kind.sample(30, 40, 40)).min() > 0
    said = str(caught[0].message)
    for words in ("without a hole", "nothing but hole", "unreadable", "with another ratio", "cut.png"):
        assert words in said
    kind.sample(3, 40, 40)  # says it once
    monkeypatch.setattr("inpaintkit.masks.folders._MAX_CHECKED", 2)  # every fourth of the seven
    with pytest.warns(UserWarning, match=r"1 of 2 files looked at, of 7, are never used.*all\.png"):
        FromFolder(tmp_path).sample(30, 40, 40)


def test_a_folder_of_masks_of_zeros_and_ones_is_used_whole(tmp_path):
    from PIL import Image

    hole = np.zeros((32, 32), "uint8")
    hole[8:24, 8:24] = 1
    for i, (top, kind) in enumerate(((255, "uint8"), (1, "uint8"), (1, "uint16"), (4095, "uint16"))):
        Image.fromarray(np.roll(hole, 4 * i, 1).astype(kind) * np.array(top, kind)).save(
            tmp_path / f"{i}.png"
        )
    sample = FromFolder(tmp_path, augment=False).sample(60, 32, 32)
    assert len(np.unique(sample.reshape(60, -1), axis=0)) == 4 and set(hole_ratio(sample)) == {0.25}


@pytest.mark.skipif(not NVIDIA.is_dir(), reason=f"needs NVIDIA's masks in {NVIDIA}")
def test_nvidias_masks_load_with_their_buckets():
    assert len(FromFolder(NVIDIA).files) == 720
    for low in (0.1, 0.5):
        name = f"{low}-{low + 0.1:.1f}"
        kind = FromFolder(NVIDIA, bucket=name)
        assert len(kind.files) == 120
        for augment in (False, True):
            ratios = hole_ratio(FromFolder(NVIDIA, bucket=name, augment=augment).sample(12, 128, 128))
            assert low <= ratios.min() and ratios.max() <= low + 0.1
    ratios = hole_ratio(FromFolder(NVIDIA, hole_ratio=(0.2, 0.25)).sample(12, 256, 178))
    assert ratios.min() >= 0.2 and ratios.max() <= 0.25


def test_a_mask_file_of_any_kind_and_polarity(tmp_path):
    from PIL import Image

    black = np.zeros((40, 60), "uint8")
    black[10:20, 30:50] = 255
    for mode in ("L", "1", "P", "RGB", "RGBA", "CMYK", "I;16"):
        image = Image.fromarray(black.astype("uint16") * 257) if mode == "I;16" else Image.fromarray(black)
        file = tmp_path / f"{mode[0]}.{'tif' if mode == 'CMYK' else 'png'}"
        image.convert(mode).save(file) if mode != "I;16" else image.save(file)
        mask = read_mask(file)
        assert mask.shape == (40, 60, 1) and mask.dtype == np.float32
        np.testing.assert_array_equal(mask[..., 0], black == 0)
        np.testing.assert_array_equal(read_mask(file, hole="black"), 1 - mask)
    larger = read_mask(file, image_size=(80, 120), damaged=False)  # twice the size, still binary
    np.testing.assert_array_equal(larger, mask.repeat(2, 0).repeat(2, 1))


def two_valued(hole):
    """Files of two values for a hole (H, W): a name, and a function that writes one there."""
    import cv2
    from PIL import Image

    def palette(*colours):
        image = Image.fromarray(hole.astype("uint8")).convert("P")
        image.putpalette([part for colour in colours for part in colour])
        return image

    def layers(mode, alpha):
        ones = Image.fromarray(hole.astype("uint8"))
        return Image.merge(mode, [ones] * (len(mode) - 1) + [Image.new("L", ones.size, alpha)])

    for kind, pairs in {
        "uint8": ((0, 1), (0, 255), (254, 255), (7, 90)),
        "uint16": ((0, 1), (0, 255), (0, 4095), (0, 65535), (300, 301), (65534, 65535)),
        "int32": ((0, 1), (-1, 0), (0, 2**31 - 1)),
        "float32": ((0, 1), (0, 0.25), (-1, 1), (0, 3e38), (200, 255)),
    }.items():
        for low, high in pairs:
            values = np.where(hole, high, low).astype(kind)
            yield f"{kind}_{low}_{high}.tif", Image.fromarray(values).save
            if "u" in kind:
                yield f"{kind}_{low}_{high}.png", Image.fromarray(values).save
                stack = np.stack([values] * 3 + [np.full_like(values, np.iinfo(kind).max)], -1)
                for name, part in (("RGB", stack[..., :3]), ("RGBA", stack)):
                    yield (
                        f"{name}_{kind}_{low}_{high}.png",
                        lambda file, part=part: cv2.imwrite(str(file), part),
                    )
    for end in ("png", "bmp", "tif", "webp", "gif"):
        if end != "webp":
            yield f"bool.{end}", Image.fromarray(hole).save
        colours = np.where(hole[..., None], (255, 0, 0), (0, 0, 200)).astype("uint8")
        options = {"lossless": True} if end == "webp" else {}
        yield f"colours.{end}", lambda file, c=colours, o=options: Image.fromarray(c).save(file, **o)
    yield "voc.png", palette((0, 0, 0), (128, 0, 0)).save
    yield "nearly.png", palette((0, 0, 0), (0, 0, 1)).save
    yield "same.png", palette((9, 9, 9), (9, 9, 9)).save  # only the index tells them apart
    yield "nearly_rgb.png", palette((0, 0, 0), (0, 0, 1)).convert("RGB").save
    for mode in ("LA", "RGBA"):
        for alpha in (0, 128, 255):
            yield f"{mode}_{alpha}.png", layers(mode, alpha).save
    yield "clear.png", lambda file: palette((0, 0, 0), (1, 1, 1)).save(file, transparency=b"\0\0")


def test_a_file_of_two_values_is_black_and_white_whatever_they_are(tmp_path):
    hole = np.zeros((20, 30), bool)
    hole[4:10, 8:25] = True
    for name, write in two_valued(hole):
        write(tmp_path / name)
        mask = read_mask(tmp_path / name)
        np.testing.assert_array_equal(mask[..., 0] == 0, hole, err_msg=name)
        np.testing.assert_array_equal(read_mask(tmp_path / name, hole="black"), 1 - mask, err_msg=name)


@pytest.mark.parametrize(("kind", "top", "white"), [("uint8", 2, "255"), ("uint16", 255, "65,?535")])
def test_a_dark_mask_with_soft_edges_is_not_silently_without_a_hole(tmp_path, kind, top, white):
    from PIL import Image

    values = np.zeros((20, 30), kind)
    values[4:10, 8:25], values[5:9, 9:24] = top // 2, top
    Image.fromarray(values).save(tmp_path / "dark.png")
    for warn in (True, False):
        with pytest.warns(UserWarning, match=rf"dark\.png: 102 .*none is hole: .*from 0 to {top}\b"):
            assert read_mask(tmp_path / "dark.png", warn=warn).all()
    with pytest.raises(ValueError, match=rf"nothing but hole with hole='black': .*from 0 to {top}\b"):
        read_mask(tmp_path / "dark.png", hole="black")


@pytest.mark.parametrize("paper", [0, 255])
def test_white_paint_on_a_transparent_layer_is_explained(tmp_path, paper):
    """Neither its white nor its transparent pixels are the hole alone."""
    from PIL import Image

    layer = np.full((20, 30, 4), paper, "uint8")
    layer[..., 3] = 0
    layer[4:10, 8:25] = 255
    Image.fromarray(layer).save(tmp_path / "layer.png")
    with pytest.raises(ValueError, match=r"hole='alpha' \(83\.0% of it\).*opaque, fill the rest"):
        read_mask(tmp_path / "layer.png", warn=False)


@pytest.mark.parametrize("end", ["gif", "tif", "png", "webp"])
def test_of_a_mask_file_of_several_images_the_first_counts_and_it_is_told_of(tmp_path, end):
    from PIL import Image

    holes = [np.roll(np.eye(20, 30, dtype=bool), 5 * i, 1) for i in range(3)]
    first, *others = [Image.fromarray(hole).convert("RGB" if end == "webp" else "L") for hole in holes]
    options = {"lossless": True} if end == "webp" else {}
    first.save(tmp_path / f"m.{end}", save_all=True, append_images=others, **options)
    with pytest.warns(UserWarning, match=rf"m\.{end}: it holds several images"):
        mask = read_mask(tmp_path / f"m.{end}")
    np.testing.assert_array_equal(mask[..., 0] == 0, holes[0])


def test_unsigned_numbers_of_32_bits_are_no_negative_ones(tmp_path):
    from PIL import Image

    hole = np.eye(20, dtype=bool)
    Image.fromarray(np.where(hole, -1, 0).astype("int32")).save(tmp_path / "u.tif")
    content = (tmp_path / "u.tif").read_bytes()
    signed, unsigned = (bytes((0x53, 1, 3, 0, 1, 0, 0, 0, sign, 0, 0, 0)) for sign in (2, 1))
    assert content.count(signed) == 1  # the tag SampleFormat
    (tmp_path / "u.tif").write_bytes(content.replace(signed, unsigned))
    np.testing.assert_array_equal(read_mask(tmp_path / "u.tif")[..., 0] == 0, hole)


def test_transparency_can_be_the_hole_and_is_named_where_it_is_not(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    hole = np.zeros((20, 30), bool)
    hole[4:10, 8:25] = True
    image = Image.fromarray((rng.random((20, 30, 3)) * 255).astype("uint8"))
    for low, high in ((0, 255), (0, 1), (254, 255), (100, 120)):
        image.putalpha(Image.fromarray(np.where(hole, low, high).astype("uint8")))
        image.save(tmp_path / "a.png")
        np.testing.assert_array_equal(read_mask(tmp_path / "a.png", hole="alpha")[..., 0] == 0, hole)
    image.putalpha(Image.fromarray(np.where(hole, 0, 255).astype("uint8")))
    image.save(tmp_path / "a.png")
    with pytest.warns(UserWarning, match=r"neither black.*transparent \(alpha\).*hole='alpha'") as caught:
        read_mask(tmp_path / "a.png")
    assert len(caught) == 1
    image.putalpha(Image.fromarray((rng.random((20, 30)) * 255).astype("uint8")))
    image.save(tmp_path / "soft.png")
    with pytest.warns(UserWarning, match="of 600 pixels are neither opaque nor transparent"):
        assert 0.3 < read_mask(tmp_path / "soft.png", hole="alpha").mean() < 0.7
    layer = np.zeros((20, 30, 4), "uint8")
    layer[hole] = 255  # white paint on a transparent layer: on white, nothing but white
    Image.fromarray(layer).save(tmp_path / "layer.png")
    with pytest.raises(ValueError, match=r"nothing but hole.*say hole='alpha'"):
        read_mask(tmp_path / "layer.png", warn=False)
    write_mask(tmp_path / "plain.png", np.where(hole, 0, 1))
    with pytest.raises(ValueError, match="no transparency"):
        read_mask(tmp_path / "plain.png", hole="alpha")
    image.putalpha(0)
    image.save(tmp_path / "clear.png")
    with pytest.raises(ValueError, match="nothing but hole"):
        read_mask(tmp_path / "clear.png", hole="alpha", warn=False)
    for name in ("plain.png", "soft.png", "layer.png", "clear.png"):
        (tmp_path / name).unlink()
    np.testing.assert_array_equal(
        FromFolder(tmp_path, "alpha", augment=False).sample(1, 20, 30)[0, ..., 0] == 0, hole
    )
    with pytest.warns(UserWarning, match=r"1 files have transparent.*a\.png.*hole='alpha'"):
        FromFolder(tmp_path).sample(1, 20, 30)
    with pytest.raises(ValueError, match="hole='alpha': expected 'white' or 'black'"):
        write_mask(tmp_path / "x.png", np.where(hole, 0, 1), hole="alpha")


@pytest.mark.parametrize("shape", [(128, 128), (90, 140), (141, 60), (49, 48), (48, 48)])
@pytest.mark.parametrize("image_size", [24, (48, 31), 47, 48])
def test_a_mask_made_smaller_leaves_no_damage_in_known_pixels(tmp_path, shape, image_size):
    from PIL import Image

    from inpaintkit.images import read_image

    rng = np.random.default_rng(5)
    hole = np.zeros(shape, bool)
    hole[:, rng.integers(shape[1])] = hole[rng.integers(shape[0])] = True
    hole[3:9, 5:9] = True
    clean = (rng.random((*shape, 3)) * 255).astype("uint8")
    spoilt = np.where(hole[..., None], rng.choice([0, 255], (*shape, 3)), clean).astype("uint8")
    for name, array in (("hole", hole), ("clean", clean), ("spoilt", spoilt)):
        Image.fromarray(array).save(tmp_path / f"{name}.png")
    mask = read_mask(tmp_path / "hole.png", image_size=image_size)
    clean, spoilt = (read_image(tmp_path / f"{name}.png", image_size) for name in ("clean", "spoilt"))
    np.testing.assert_array_equal(clean * mask, spoilt * mask)
    assert 0 < mask.mean() < 1
    near = read_mask(tmp_path / "hole.png", image_size=image_size, damaged=False)
    assert near.mean() >= mask.mean() and (near >= mask).all()
    if shape == mask.shape[:2]:
        np.testing.assert_array_equal(mask[..., 0] == 0, hole)


def test_a_mask_made_larger_leaves_no_damage_in_known_pixels():
    """Made larger, too, an image takes each pixel from up to six of the file."""
    from inpaintkit.images import read_uint8
    from inpaintkit.images.decoding import fit_hole

    rng = np.random.default_rng(3)
    for shape, size in (((20, 30), (40, 60)), ((30, 20), (64, 48)), ((17, 40), (18, 45)), ((1, 9), (16, 90))):
        hole = np.zeros(shape, bool)
        hole[0, 4] = True
        clean = rng.integers(0, 256, (*shape, 3), "uint8")
        spoilt = np.where(hole[..., None], 255 - clean, clean)
        known = ~fit_hole(hole, size, True)[..., None]
        clean, spoilt = (read_uint8(image, size) for image in (clean, spoilt))
        np.testing.assert_array_equal(clean * known, spoilt * known)
        assert 0 < known.mean() < 1 or shape[0] == 1


def test_a_hole_that_reaches_every_pixel_is_explained(tmp_path):
    write_mask(tmp_path / "grid.png", Grid(4).sample(1, 128, 128)[0])
    with pytest.raises(ValueError, match=r"nothing but hole at image_size=16.*larger"):
        read_mask(tmp_path / "grid.png", image_size=16)


def test_writing_a_mask_takes_two_shapes_and_refuses_the_rest(tmp_path):
    mask = np.ones((8, 16), bool)
    mask[2:4, 5:9] = False
    for given in (mask, mask[..., None], mask.astype("float32"), mask.astype(int)):
        write_mask(tmp_path / "m.png", given)
        np.testing.assert_array_equal(read_mask(tmp_path / "m.png")[..., 0], mask)
    for bad, words in (
        (np.ones((8, 16, 3)), r"\(8, 16, 3\)"),
        (np.ones((1, 8, 16, 1)), r"\(1, 8, 16, 1\)"),
        (np.ones(16), r"\(16,\)"),
        (mask * 255, "a mask holds 255"),
        (mask * 0.5, r"a mask holds 0\.5"),
        (np.full((8, 16), np.nan), "a mask holds nan"),
    ):
        with pytest.raises(ValueError, match=words):
            write_mask(tmp_path / "m.png", bad)
    with pytest.raises(ValueError, match=r"m\.xyz.*\.png"):
        write_mask(tmp_path / "m.xyz", mask)
    assert [file.name for file in tmp_path.iterdir()] == ["m.png"]
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png")[..., 0], mask)  # the last good one


def test_grey_in_a_mask_file_is_counted_and_empty_and_full_masks_are_told_apart(tmp_path):
    from PIL import Image

    grey = np.repeat(np.array([[0, 10, 200, 255]], "uint8"), 4, 0)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    with pytest.warns(UserWarning, match=r"grey\.png: 8 of 16 pixels are neither black nor white") as caught:
        mask = read_mask(tmp_path / "grey.png")
    assert len(caught) == 1 and mask[0, :, 0].tolist() == [1, 1, 0, 0]
    np.testing.assert_array_equal(read_mask(tmp_path / "grey.png", warn=False), mask)
    write_mask(tmp_path / "empty.png", np.ones((20, 20, 1)))
    assert read_mask(tmp_path / "empty.png").all()
    with pytest.raises(ValueError, match="nothing but hole") as caught:
        read_mask(tmp_path / "empty.png", hole="black")
    assert "hole='white'" not in str(caught.value)  # which would give no hole
    Image.fromarray(grey[:, 2:]).save(tmp_path / "grey.png")
    Image.fromarray(np.full((20, 20), 40, "uint8")).save(tmp_path / "dark.png")
    with pytest.warns(UserWarning, match="400 of 400 .* none is hole"):
        assert read_mask(tmp_path / "dark.png").all()


@pytest.mark.parametrize("kind", GENERATORS)
def test_kinds_print_themselves_and_are_read_back(kind, folder):
    kind = make(kind, folder)
    assert masks.parse(repr(kind)) == kind
    if kind.__dataclass_fields__.keys() & {"hole_ratio"}:
        kind = kind.with_ratio((0.1, 0.2))
        assert masks.parse(repr(kind)) == kind


def test_short_texts_name_kinds():
    assert masks.parse("strokes") == Strokes() and masks.parse(" Thick ") == Thick()
    assert masks.parse("mixture([lines, text('ABC')], (3, 1))") == Mixture([Lines(), Text("ABC")], (3, 1))
    assert masks.parse("MaskBank(Polygons(vertices=3), 100)") == MaskBank(Polygons(vertices=3), 100)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (r'"C:\Users\me\masks"', r"C:\Users\me\masks"),
        (r"'C:\new\train'", r"C:\new\train"),
        (r'"C:\new\train\"', "C:\\new\\train\\"),
        (r"r'C:\new\train'", r"C:\new\train"),
        (r'"C:\\new\\train"', r"C:\new\train"),  # as repr prints it
        (r'"\\server\share"', r"\\server\share"),
        (r"'\\\\server\\share'", r"\\server\share"),
        (r'"masks\0.1-0.2"', r"masks\0.1-0.2"),
        ('"/a folder/(1), it\'s"', "/a folder/(1), it's"),
        (r"""'it\'s "my" folder'""", """it's "my" folder"""),
    ],
)
def test_paths_in_settings_are_taken_as_they_are_written(monkeypatch, written, path):
    given = {}
    monkeypatch.setattr(FromFolder, "__init__", lambda self, path, hole="white": given.update(p=path, h=hole))
    for setting in (f"FromFolder({written})", f"fromfolder(path={written} , hole='black')"):
        masks.parse(setting)
        assert given["p"] == path
    assert given["h"] == "black"


def test_folders_given_otherwise(tmp_path, monkeypatch):
    (tmp_path / "my masks").mkdir()
    write_mask(tmp_path / "my masks" / "0.png", Lines().sample(1, 20, 20)[0])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert masks.parse("FromFolder('~/my masks')") == FromFolder(tmp_path / "my masks")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"for this folder of mask files, say.*FromFolder.*my masks"):
        masks.parse("my masks")
    with pytest.raises(ValueError, match="quotes"):
        masks.parse("FromFolder(masks)")


def test_a_folder_with_a_backslash_in_its_name_is_read_back(folder, tmp_path):
    (tmp_path / r"a\new" / "0.1-0.2").mkdir(parents=True)
    write_mask(tmp_path / r"a\new" / "0.1-0.2" / "0.png", Lines().sample(1, 20, 20)[0])
    kind = MaskBank(FromFolder(tmp_path / r"a\new", bucket="0.1"))
    assert masks.parse(repr(kind)) == kind


def test_lists_and_numpys_numbers_are_as_good_as_tuples():
    one, two = np.int64(1), np.array([3, 5])
    for given, same in (
        (Lines(thickness=[one, 5], hole_ratio=np.array([0.25, 0.5])), Lines((6, 9), (1, 5), (0.25, 0.5))),
        (Strokes(count=two, length=[4, 9.0]), Strokes(count=(3, 5), length=(4, 9))),
        (Text(np.str_("AB"), count=one, size=[9, 9]), Text("AB", 1, (9, 9))),
        (Border(sides=["left", "top"], hole_ratio=[0.1, 0.2]), Border(("left", "top"), (0.1, 0.2))),
        (Border(sides={"top", "left"}), Border(("left", "top"))),
        (Center([0.1, 0.2]), Center((0.1, 0.2))),
        (Grid([2, one]), Grid((2, 1))),
        (Thick(hole_ratio=[0.1, 0.2]), Thick((0.1, 0.2))),
        (Lines().with_ratio([0.1, 0.2]), Lines(hole_ratio=(0.1, 0.2))),
        (
            Mixture([Lines(thickness=[1, 2]), Grid([2, 1])], np.array([1.0, 3.0])),
            Mixture((Lines(thickness=(1, 2)), Grid((2, 1))), (1, 3)),
        ),
    ):
        assert given == same and hash(given) == hash(same) and masks.parse(repr(given)) == same
        bank = MaskBank(given, size=np.int64(2), seed=[1, 2])
        assert bank == MaskBank(same, 2, (1, 2)) and masks.parse(repr(bank)) == bank
        assert bank.sample(1, 32, 32).shape == (1, 32, 32, 1)  # keyed by the kind


def test_hole_ratio_of_one_mask_is_a_number():
    mask = np.ones((10, 10, 1))
    mask[:5, :5] = 0
    assert hole_ratio(mask) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Lines(hole_ratio=(0, 0.3)), "hole_ratio"),
        (lambda: Lines(hole_ratio=(0.3, 1.2)), "hole_ratio"),
        (lambda: Lines(hole_ratio=(0.4, 0.2)), "hole_ratio"),
        (lambda: Lines(hole_ratio=0.2), "hole_ratio"),
        (lambda: Lines(hole_ratio="ab"), "hole_ratio"),
        (lambda: Lines(hole_ratio=(0.1, None)), "hole_ratio"),
        (lambda: Lines(hole_ratio=(0.1, 0.2, 0.3)), "hole_ratio"),
        (lambda: Center(hole_ratio=None), "hole_ratio"),
        (lambda: Border(hole_ratio=None), "hole_ratio"),
        (lambda: Grid().with_ratio((0.1, 0.2)), r"Grid\(step=2\): takes no hole_ratio"),
        (lambda: Lines(thickness=0), "thickness=0"),
        (lambda: Lines(thickness=40_000), "thickness=40000"),
        (lambda: Lines(count=1e999), "count=inf"),
        (lambda: Lines(count="a"), "count='a'"),
        (lambda: Lines(count=(3, 2)), "count"),
        (lambda: Rectangles(size=2.5), "size=2.5"),
        (lambda: Polygons(vertices=2), "vertices=2"),
        (lambda: Strokes(length=0), "length=0"),
        (lambda: Border(sides="left"), "sides='left'"),
        (lambda: Grid(1), "step=1"),
        (lambda: Grid((2, 2, 2)), "step"),
        (lambda: Text("Ä"), "letters A–Z"),
        (lambda: Text(" "), "letters A–Z"),
        (lambda: Mixture([]), "kinds"),
        (lambda: Mixture(Lines()), "kinds"),
        (lambda: Mixture([Lines()], (1, 2)), "one a kind"),
        (lambda: Mixture([Lines()], (0,)), "not all of them 0"),
        (lambda: Mixture([Lines(), Grid()], hole_ratio=(0.1, 0.2)), "takes no hole_ratio"),
        (lambda: MaskBank("lines"), "a kind of hole"),
        (lambda: MaskBank(Lines(), 0), "a number of masks"),
        (lambda: Lines().sample(1, 8, 64), "at least 16"),
        (lambda: Lines(hole_ratio=(0.5001, 0.5002)).sample(1, 16, 16), "whole number of pixels"),
        (lambda: masks.parse("blobs"), r"lines, rectangles, .*\(blobs is no kind"),
        (lambda: masks.parse("7"), "expected one of"),
        (lambda: masks.parse("Lines(wide=7)"), "expected one of.*wide"),
        (lambda: masks.parse("Lines(count=-1)"), "count=-1"),
        (lambda: masks.parse("Lines(thickness=(-3, +2))"), r"thickness=\(-3, 2\)"),
        (lambda: masks.parse("Lines(count=2 ** 9)"), r"expected one of.*2 \*\* 9"),
        (lambda: masks.parse("Lines(**{'count': 3, **x})"), "expected one of"),
        (lambda: masks.parse("(" * 5000), "expected one of"),
        (lambda: masks.parse(None), "None: expected one of.*NoneType"),
        (lambda: masks.parse(3), "3: expected one of.*int"),
        (lambda: masks.parse(""), "'': expected one of"),
        (lambda: masks.parse(r'FromFolder("C:\new\train")'), r"C:\\new\\train: no such folder"),
        (lambda: Lines().with_ratio(0.2), r"hole_ratio=0\.2"),
        (lambda: Border(sides=3), "sides=3"),
        (lambda: FromFolder(".", hole="red"), "hole='red'.*'alpha'"),
        (lambda: masks.parse("__import__('os')"), "expected one of"),
        (lambda: masks.parse("Lines(count=open('x'))"), "expected one of"),
        (lambda: masks.parse("Lines("), "expected one of"),
    ],
)
def test_bad_arguments_are_explained(make, words):
    with pytest.raises(ValueError, match=words):
        make()
