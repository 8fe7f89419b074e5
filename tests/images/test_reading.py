"""Reading image files: every mode, depth and fault of a file."""

import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from inpaintkit import data, images

RED = (200, 100, 50)


def save(path, mode="RGB", size=(40, 30), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, RED)
    (image.quantize() if mode == "P" else image.convert(mode)).save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_every_colour_mode_is_read_as_rgb(tmp_path, mode):
    image = images.read_image(save(tmp_path / ("x.tif" if mode == "CMYK" else "x.png"), mode))
    assert image.shape == (30, 40, 3) and image.dtype == np.float32
    np.testing.assert_allclose(image[0, 0] * 255, RED, atol=2)


def test_grey_sixteen_bit_and_turned_images(tmp_path):
    Image.fromarray(np.full((20, 30), 32768, "uint16")).save(tmp_path / "deep.png")
    np.testing.assert_allclose(images.read_image(tmp_path / "deep.png"), 0.5, atol=0.01)
    assert images.read_image(save(tmp_path / "grey.png", "L")).shape == (30, 40, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    assert images.read_image(save(tmp_path / "turned.jpg", exif=exif)).shape == (40, 30, 3)
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    clear.save(tmp_path / "clear.png")
    assert images.read_image(tmp_path / "clear.png").min() == 1  # nothing there: white paper


def test_centre_crop_and_size(tmp_path):
    image = images.read_image(save(tmp_path / "x.png"), (16, 32))
    assert image.shape == (16, 32, 3)
    with pytest.raises(ValueError, match="at least 16"):
        images.read_image(tmp_path / "x.png", 8)


@pytest.mark.parametrize("top", [1, 255, 65535])
def test_grey_of_many_bits_is_white_at_its_largest_value(tmp_path, top):
    Image.fromarray(np.array([[0, top]] * 2, "int32")).save(tmp_path / "deep.tif")
    np.testing.assert_array_equal(images.read_image(tmp_path / "deep.tif")[0, :, 0], [0, 1])
    assert images.read_mask(tmp_path / "deep.tif").mean() == 0.5


def png_of_size(width, height):
    """The beginning of a PNG file that says how large it is, and nothing more."""
    content = b"\x89PNG\r\n\x1a\n"
    for kind, part in ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", b"")):
        content += struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
    return content


def test_broken_files_are_named(tmp_path, monkeypatch):
    (tmp_path / "text.png").write_text("no image")
    whole = save(tmp_path / "whole.png", size=(200, 200)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "head.ppm").write_bytes(b"P6\nwide high\n255\n")
    for name in ("text.png", "cut.png", "missing.png", "head.ppm"):
        with pytest.raises(ValueError, match=name):
            images.read_image(tmp_path / name)
    (tmp_path / "bomb.png").write_bytes(png_of_size(20_000, 20_000))
    limit = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ValueError, match=r"bomb\.png.*20000×20000.*300,000,000"):
        images.read_image(tmp_path / "bomb.png")
    assert limit == Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(images.reading, "MAX_PIXELS", 1000)
    with pytest.raises(ValueError, match=r"whole\.png.*more than 1,000"):
        images.read_image(tmp_path / "whole.png")


def test_a_photograph_of_200_megapixels_is_opened(tmp_path):
    (tmp_path / "large.png").write_bytes(png_of_size(16384, 12288))
    with images.reading.open_image(tmp_path / "large.png") as opened:
        assert opened.size == (16384, 12288)


EXIF = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
FILES = {  # a file's name, its mode and how it is saved
    "a.png": ("RGB", {}),
    "p.png": ("P", {"transparency": b"\0\x80"}),
    "la.png": ("LA", {}),
    "i.png": ("I;16", {}),
    "a.jpg": ("RGB", {}),
    "e.jpg": ("RGB", {"exif": EXIF}),
    "a.tif": ("RGB", {}),
    "f.tif": ("F", {}),
    "z.tif": ("RGB", {"compression": "tiff_lzw"}),
    "a.webp": ("RGB", {}),
    "a.gif": ("P", {}),
    "a.bmp": ("L", {}),
    "a.ppm": ("RGB", {}),
    "a.ico": ("RGB", {}),
}


@pytest.mark.parametrize("name", FILES)
def test_every_error_of_a_broken_file_names_the_file(tmp_path, name):
    rng = np.random.default_rng(7)
    mode, options = FILES[name]
    image = Image.fromarray((rng.random((20, 24, 3)) * 255).astype("uint8"))
    image = image.convert("L").convert(mode) if mode == "F" else image
    if mode == "I;16":
        image = Image.fromarray(rng.integers(0, 65535, (20, 24)).astype("uint16"))
    image.convert(mode).save(tmp_path / name, **options)
    whole = (tmp_path / name).read_bytes()
    images.read_image(tmp_path / name)
    broken = 0
    for i in range(40):
        content = bytearray(whole[: rng.integers(len(whole))] if i % 4 == 0 else whole)
        for _ in range(rng.integers(1, 9) if i % 4 else 0):
            content[rng.integers(min(len(content), 150) if i % 2 else len(content))] = rng.integers(256)
        (tmp_path / name).write_bytes(content)
        for read in (images.read_uint8, images.read_mask):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    read(tmp_path / name)
                except ValueError as error:
                    broken += 1
                    assert name in str(error)
    assert broken


@pytest.mark.parametrize(
    "error", [EOFError, ZeroDivisionError("by 0"), MemoryError, OverflowError("size"), struct.error("short")]
)
def test_every_error_of_pillow_names_the_file(tmp_path, monkeypatch, error):
    def fail(self):
        raise error

    path = save(tmp_path / "test" / "x.png")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(ValueError, match=r"x\.png: .*\w+"):
        images.read_image(path)


@pytest.mark.parametrize(
    ("value", "words"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity"), (3.4e38, "3.4e.38")]
)
def test_nan_and_infinity_in_a_file_are_errors_that_do_not_stop_a_folder(tmp_path, value, words):
    save(tmp_path / "test" / "good.png")
    values = np.linspace(0, 1, 400, dtype="float32").reshape(20, 20)
    values[3, 3] = value
    Image.fromarray(values).save(tmp_path / "test" / "n.tif")
    for read in (images.read_image, images.read_mask):
        with pytest.raises(ValueError, match=rf"n\.tif.*{words}"):
            read(tmp_path / "test" / "n.tif")
    with pytest.warns(UserWarning, match=r"left out 1 unreadable.*n\.tif"):
        assert data.images(tmp_path, "test", 16).names == ("test/good.png",)
    values[3, 3] = -9999  # a common sign of no data, which reads as black
    Image.fromarray(values).save(tmp_path / "test" / "n.tif")
    assert images.read_image(tmp_path / "test" / "n.tif")[3, 3, 0] == 0


@pytest.mark.parametrize("kind", ["uint16", ">u2", "int32", "float32"])
def test_greys_of_many_bits_are_rounded(tmp_path, kind):
    ramp = np.arange(0, 65536, 16).reshape(64, 64) + 15
    scale = 65535 if kind == "float32" else 1
    Image.fromarray((ramp / scale).astype(kind)).save(tmp_path / "ramp.tif")
    grey = images.read_uint8(tmp_path / "ramp.tif")[..., 0]
    np.testing.assert_allclose(grey, ramp / 257, atol=0.501)
    assert abs((grey - ramp / 257).mean()) < 0.01  # cut off, it would be -0.5


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("kind", ["uint16.png", "uint16.tif", "int32.tif", "float32.tif", "colour.png"])
def test_a_warning_names_a_file_that_uses_too_few_of_its_bits(tmp_path, bits, kind):
    ramp = np.linspace(1, 2**bits - 1, 400).reshape(20, 20).round()
    file = tmp_path / f"dark.{kind[-3:]}"
    if kind == "colour.png":
        cv2.imwrite(str(file), np.repeat(ramp[..., None], 3, -1).astype("uint16"))
    else:
        Image.fromarray(ramp.astype(kind.split(".")[0])).save(file)
    if bits == 8 and "32" in kind:  # whose white is what they hold
        assert images.read_image(file).max() == 1
        return
    with pytest.warns(UserWarning, match=r"dark.*looks black.*65,535"):
        assert images.read_image(file).max() < 0.063
    black = np.zeros((20, 20), "uint16")
    Image.fromarray(black).save(tmp_path / "black.png")
    assert not images.read_image(tmp_path / "black.png").any()  # and no warning


def test_a_tiff_that_declares_12_bits_is_white_at_4095(tmp_path):
    values = np.array([0, 4095, 2048, 1024] * 64).reshape(-1, 2)
    packed = np.stack([values[:, 0] >> 4, values[:, 0] % 16 << 4 | values[:, 1] >> 8, values[:, 1] % 256], -1)
    content = packed.astype("uint8").tobytes()
    tags = [(256, 16), (257, 16), (258, 12), (259, 1), (262, 1), (273, 122), (277, 1), (278, 16), (279, 384)]
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + table + struct.pack("<I", 0)
    (tmp_path / "twelve.tif").write_bytes(head + content)
    assert len(head) == 122
    grey = images.read_uint8(tmp_path / "twelve.tif")[0, :4, 0]
    assert grey.tolist() == [0, 255, 128, 64]
