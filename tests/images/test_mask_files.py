"""Reading and writing mask files."""

import functools

import cv2
import numpy as np
import pytest
from PIL import Image

import inpaintkit as ik
from inpaintkit.images import read_image, read_mask, read_uint8, write_mask
from inpaintkit.images.decoding import fit_hole
from inpaintkit.masks import FromFolder, Grid


@pytest.mark.parametrize("hole", ["white", "black"])
def test_a_mask_is_read_as_it_was_written_in_either_polarity(tmp_path, hole):
    mask = ik.masks.Strokes().sample(1, 32, 48)[0]
    write_mask(tmp_path / "m.png", mask, hole)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", hole), mask)
    other = "black" if hole == "white" else "white"
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", other), 1 - mask)
    with pytest.raises(ValueError, match="hole='red'"):
        read_mask(tmp_path / "m.png", hole="red")


def test_a_mask_file_of_any_kind_and_polarity(tmp_path):
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


def write_with_opencv(array, file):
    cv2.imwrite(str(file), array)  # Pillow cannot write 16-bit colours


def two_valued(hole):
    """Files of two values for a hole (H, W): a name, and a function that writes one there."""

    def palette(*colours):
        image = Image.fromarray(hole.astype("uint8")).convert("P")
        image.putpalette([part for colour in colours for part in colour])
        return image

    def layers(mode, alpha):
        ones = Image.fromarray(hole.astype("uint8"))
        return Image.merge(mode, [ones] * (len(mode) - 1) + [Image.new("L", ones.size, alpha)])

    for dtype, pairs in {
        "uint8": ((0, 1), (0, 255), (254, 255), (7, 90)),
        "uint16": ((0, 1), (0, 255), (0, 4095), (0, 65535), (300, 301), (65534, 65535)),
        "int32": ((0, 1), (-1, 0), (0, 2**31 - 1)),
        "float32": ((0, 1), (0, 0.25), (-1, 1), (0, 3e38), (200, 255)),
    }.items():
        for low, high in pairs:
            values = np.where(hole, high, low).astype(dtype)
            yield f"{dtype}_{low}_{high}.tif", Image.fromarray(values).save
            if "u" in dtype:
                yield f"{dtype}_{low}_{high}.png", Image.fromarray(values).save
                stack = np.stack([values] * 3 + [np.full_like(values, np.iinfo(dtype).max)], -1)
                for name, part in (("RGB", stack[..., :3]), ("RGBA", stack)):
                    if low // 256 < high // 256 or dtype == "uint8":
                        write = functools.partial(write_with_opencv, part)
                        yield f"{name}_{dtype}_{low}_{high}.png", write
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


@pytest.mark.parametrize("high", [0, 1, 255])
@pytest.mark.parametrize("channels", [3, 4])
def test_colours_of_16_bits_that_differ_only_in_the_lower_8_are_refused(tmp_path, high, channels):
    array = np.full((20, 30, 4), 65535, "uint16")
    array[..., :3] = np.where(np.eye(20, 30), high, 0)[..., None]
    write_with_opencv(array[..., :channels], tmp_path / "deep.png")
    with pytest.raises(ValueError, match=r"deep\.png.*16-bit.*8-bit"):
        read_mask(tmp_path / "deep.png")


@pytest.mark.parametrize(("dtype", "top", "white"), [("uint8", 2, "255"), ("uint16", 255, "65,?535")])
def test_a_dark_mask_with_soft_edges_is_not_silently_without_a_hole(tmp_path, dtype, top, white):

    values = np.zeros((20, 30), dtype)
    values[4:10, 8:25], values[5:9, 9:24] = top // 2, top
    Image.fromarray(values).save(tmp_path / "dark.png")
    for warn in (True, False):
        with pytest.warns(UserWarning, match=rf"dark\.png: 102 .*none is hole: .*0 to {top}\b"):
            assert read_mask(tmp_path / "dark.png", warn=warn).all()
    with pytest.raises(ValueError, match=rf"nothing but hole with hole='black': .*0 to {top}\b"):
        read_mask(tmp_path / "dark.png", hole="black")


@pytest.mark.parametrize("paper", [0, 255])
def test_white_paint_on_a_transparent_layer_is_explained(tmp_path, paper):
    """Neither its white nor its transparent pixels are the hole alone."""

    layer = np.full((20, 30, 4), paper, "uint8")
    layer[..., 3] = 0
    layer[4:10, 8:25] = 255
    Image.fromarray(layer).save(tmp_path / "layer.png")
    with pytest.raises(ValueError, match=r"hole='alpha' \(83\.0% of it\).*opaque, fill the rest"):
        read_mask(tmp_path / "layer.png", warn=False)


@pytest.mark.parametrize("end", ["gif", "tif", "png", "webp"])
def test_only_the_first_of_several_images_in_a_file_is_read_with_a_warning(tmp_path, end):

    holes = [np.roll(np.eye(20, 30, dtype=bool), 5 * i, 1) for i in range(3)]
    first, *others = [Image.fromarray(hole).convert("RGB" if end == "webp" else "L") for hole in holes]
    options = {"lossless": True} if end == "webp" else {}
    first.save(tmp_path / f"m.{end}", save_all=True, append_images=others, **options)
    with pytest.warns(UserWarning, match=rf"m\.{end}: it holds several images"):
        mask = read_mask(tmp_path / f"m.{end}")
    np.testing.assert_array_equal(mask[..., 0] == 0, holes[0])


def test_unsigned_numbers_of_32_bits_are_not_read_as_negative(tmp_path):

    hole = np.eye(20, dtype=bool)
    Image.fromarray(np.where(hole, -1, 0).astype("int32")).save(tmp_path / "u.tif")
    content = (tmp_path / "u.tif").read_bytes()
    signed, unsigned = (bytes((0x53, 1, 3, 0, 1, 0, 0, 0, sign, 0, 0, 0)) for sign in (2, 1))
    assert content.count(signed) == 1  # the tag SampleFormat
    (tmp_path / "u.tif").write_bytes(content.replace(signed, unsigned))
    np.testing.assert_array_equal(read_mask(tmp_path / "u.tif")[..., 0] == 0, hole)


def test_transparency_can_be_the_hole_and_a_warning_names_it_where_it_is_not(tmp_path):

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
    with pytest.raises(ValueError, match=r"plain.*alpha.*white.*black"):
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
    with pytest.raises(ValueError, match=r"hole='alpha'.*'white', 'black'"):
        write_mask(tmp_path / "x.png", np.where(hole, 0, 1), hole="alpha")


@pytest.mark.parametrize("shape", [(128, 128), (90, 140), (141, 60), (49, 48), (48, 48)])
@pytest.mark.parametrize("image_size", [24, (48, 31), 47, 48])
def test_a_mask_made_smaller_leaves_no_damage_in_known_pixels(tmp_path, shape, image_size):

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
