"""Files read and written again with nothing reduced."""

import io
import itertools
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from inpaintkit import images
from inpaintkit.images.exact import ExactImage

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
DTYPES, CHANNELS, ENDINGS = ("uint8", "uint16"), ((), (2,), (3,), (4,)), (".png", ".tif", ".webp", ".jpg")
MAKER, LENS, LATITUDE = 271, (34665, 37386), (34853, 1)


def pixels_of(dtype, channels, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, (20, 30, *channels), dtype, endpoint=True)


def exif_bytes(orientation=1, thumbnail=b""):
    exif = Image.Exif()
    exif[274], exif[MAKER] = orientation, "Pentax"
    exif.get_ifd(34665)[LENS[1]], exif.get_ifd(34853)[LATITUDE[1]] = 50.0, "N"
    data = exif.tobytes()
    if thumbnail:  # a second table with the place and the length of a JPEG
        order = "<" if data[6:8] == b"II" else ">"
        (first,) = struct.unpack_from(f"{order}I", data, 10)
        (count,) = struct.unpack_from(f"{order}H", data, 6 + first)
        link, at = 6 + first + 2 + 12 * count, len(data) - 6
        table = struct.pack(f"{order}HHHIIHHIII", 2, 513, 4, 1, at + 30, 514, 4, 1, len(thumbnail), 0)
        data = data[:link] + struct.pack(f"{order}I", at) + data[link + 4 :] + table + thumbnail
    return data


@pytest.mark.parametrize(("dtype", "channels", "ending"), list(itertools.product(DTYPES, CHANNELS, ENDINGS)))
def test_pixels_and_metadata_survive_or_are_refused(tmp_path, dtype, channels, ending):
    pixels, path = pixels_of(dtype, channels), tmp_path / f"x{ending}"
    name = images.check_format(path)
    original = ExactImage("x", name, pixels, 6, exif_bytes(6), PROFILE, b"<x:xmpmeta/>", (300, 300))
    if channels == (2,) and dtype == "uint16" and ending in (".png", ".tif"):
        with pytest.raises(ValueError, match="grey with transparency"):
            images.write_exact(path, pixels, original)
        return
    if (ending in (".webp", ".jpg") and dtype == "uint16") or (ending == ".jpg" and channels in ((2,), (4,))):
        with pytest.raises(ValueError, match="holds no"):
            images.write_exact(path, pixels, original)
        assert not list(tmp_path.iterdir())
        return
    images.write_exact(path, pixels, original)
    again = images.read_exact(path)
    if ending == ".webp" and not channels:
        pixels = np.repeat(pixels[..., None], 3, axis=-1)  # WebP has no grey
    elif ending == ".webp" and channels == (2,):
        pixels = pixels[..., [0, 0, 0, 1]]
    assert again.pixels.shape == pixels.shape and again.pixels.dtype == dtype
    if ending == ".jpg":
        assert np.abs(again.pixels.astype(int) - pixels).mean() < 3  # noise is the worst case
    else:
        np.testing.assert_array_equal(again.pixels, pixels)
    assert again.orientation == 6 and again.icc_profile == PROFILE and again.xmp.strip() == b"<x:xmpmeta/>"
    assert again.format == name and (ending == ".webp" or np.allclose(again.dpi, 300, atol=0.1))
    with Image.open(path) as opened:
        exif = opened.getexif()
        assert exif[274] == 6 and exif[MAKER] == "Pentax" and exif.get_ifd(LENS[0])[LENS[1]] == 50
        assert exif.get_ifd(LATITUDE[0])[LATITUDE[1]] == "N"
        if opened.mode in ("L", "LA", "RGB", "RGBA") and dtype == "uint8" and ending != ".jpg":
            shown = np.asarray(ImageOps.exif_transpose(opened))  # what other programs see
            np.testing.assert_array_equal(shown, pixels)


@pytest.mark.parametrize("ending", [".png", ".tif", ".webp", ".jpg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_upright_here_and_kept_in_the_file(tmp_path, orientation, ending):
    upright = np.zeros((16, 24, 3), "uint8")
    upright[:8, :8], upright[:8, 8:] = 255, 128
    stored = Image.fromarray(upright)
    backwards = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    turn = Image.Exif()
    turn[274] = backwards
    stored.info["exif"] = turn.tobytes()
    stored = ImageOps.exif_transpose(Image.open(_png(stored)))
    stored.save(tmp_path / f"in{ending}", exif=exif_bytes(orientation), lossless=True, quality=100)
    original = images.read_exact(tmp_path / f"in{ending}")
    assert original.orientation == orientation
    assert np.abs(original.pixels[..., :3].astype(int) - upright).max() <= 3
    images.write_exact(tmp_path / f"out{ending}", original.pixels, original)
    with Image.open(tmp_path / f"in{ending}") as before, Image.open(tmp_path / f"out{ending}") as after:
        assert after.getexif()[274] == orientation and after.size == before.size
        assert np.abs(np.asarray(before).astype(int) - np.asarray(after)).max() <= 3
    other = tmp_path / ("other.tif" if ending == ".png" else "other.png")
    images.write_exact(other, original.pixels, original)
    with Image.open(other) as opened:
        assert opened.getexif()[274] == 1 and opened.size == (24, 16)
        assert opened.getexif()[MAKER] == "Pentax"


def _png(image):
    file = io.BytesIO()
    image.save(file, "png", exif=image.info["exif"])
    return file


@pytest.mark.parametrize("channels", [(3,), (4,)])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_turned_files_of_16_bit_colours_are_upright(tmp_path, ending, channels):
    pixels = pixels_of("uint16", channels)
    for orientation in range(1, 9):
        original = ExactImage("x", images.check_format(ending[1:] + ending), pixels, orientation)
        original = ExactImage("x", original.format, pixels, orientation, exif_bytes(orientation))
        images.write_exact(tmp_path / f"x{ending}", pixels, original)
        np.testing.assert_array_equal(images.read_exact(tmp_path / f"x{ending}").pixels, pixels)


@pytest.mark.parametrize("channels", [(3,), (4,)])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_16_bit_colours_without_exif_data_keep_their_bits(tmp_path, ending, channels):
    pixels, path = pixels_of("uint16", channels), tmp_path / f"x{ending}"
    images.write_exact(path, pixels, ExactImage("x", images.check_format(path), pixels))
    again = images.read_exact(path)
    assert again.pixels.dtype == "uint16"
    np.testing.assert_array_equal(again.pixels, pixels)


@pytest.mark.parametrize("target", ["y.png", "y.jpg", "y.tif", "y.webp"])
@pytest.mark.parametrize("place", ["xmp", "xmp and exif", "text"])
def test_every_program_shows_the_result_upright_wherever_the_orientation_is_said(tmp_path, place, target):
    """In XMP data, as photo editors write it, or in a PNG's text, as ImageMagick does."""
    image = Image.fromarray(np.repeat(np.uint8(np.arange(30) < 12)[None] * 255, 20, axis=0))  # white at left
    xmp = b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    if place == "text":
        text, data = PngImagePlugin.PngInfo(), exif_bytes(6)
        text.add_text("Raw profile type exif", f"\nexif\n{len(data):8}\n{data.hex()}\n")
        image.save(tmp_path / "x.png", pnginfo=text)
    else:
        exif = {"exif": exif_bytes(6)} if "exif" in place else {}
        image.save(tmp_path / "x.jpg", xmp=xmp, **exif)
    original = images.read_exact(next(tmp_path.iterdir()))
    assert original.pixels.shape[:2] == (30, 20) and original.pixels[:12].min() > 200
    images.write_exact(tmp_path / target, original.pixels, original)
    with Image.open(tmp_path / target) as opened:
        upright = np.asarray(ImageOps.exif_transpose(opened))
        in_xmp = b'Orientation="1"' if place == "xmp" or target != "y.jpg" else b'Orientation="6"'
        assert place == "text" or in_xmp in images.read_exact(tmp_path / target).xmp
    assert upright.shape[:2] == (30, 20) and upright[:11].min() > 200 and upright[13:].max() < 50


def test_the_thumbnail_goes_and_the_rest_of_the_exif_data_stays_where_it_is(tmp_path):
    exif = exif_bytes(6, thumbnail=b"SECRET" * 50)
    Image.new("RGB", (30, 20)).save(tmp_path / "x.jpg", exif=exif)
    assert b"SECRET" in (tmp_path / "x.jpg").read_bytes()
    original = images.read_exact(tmp_path / "x.jpg")
    assert len(original.exif) == len(exif)
    images.write_exact(tmp_path / "y.jpg", original.pixels, original)
    assert b"SECRET" not in (tmp_path / "y.jpg").read_bytes()
    with Image.open(tmp_path / "y.jpg") as opened:
        assert opened.getexif().get_ifd(LENS[0])[LENS[1]] == 50


def test_broken_exif_data_are_left_out_with_a_warning(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "x.png", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    with pytest.warns(UserWarning, match="broken EXIF"), pytest.warns(UserWarning, match="Corrupt EXIF"):
        original = images.read_exact(tmp_path / "x.png")
    assert original.exif == b"" and original.orientation == 1


def test_palettes_black_and_white_and_transparent_colours_become_what_they_show(tmp_path):
    image = Image.fromarray(pixels_of("uint8", (3,)))
    image.quantize(8).save(tmp_path / "palette.png")
    shown = np.asarray(Image.open(tmp_path / "palette.png").convert("RGB"))
    np.testing.assert_array_equal(images.read_exact(tmp_path / "palette.png").pixels, shown)
    image.quantize(8).save(tmp_path / "transparent.png", transparency=3)
    assert images.read_exact(tmp_path / "transparent.png").pixels.shape == (20, 30, 4)
    image.convert("1").save(tmp_path / "bits.png")
    assert set(np.unique(images.read_exact(tmp_path / "bits.png").pixels)) == {0, 255}


def test_what_cannot_be_kept_is_refused_with_a_sentence(tmp_path):
    image = Image.fromarray(pixels_of("uint8", (3,)))
    image.convert("CMYK").save(tmp_path / "cmyk.jpg")
    image.save(tmp_path / "two.gif", save_all=True, append_images=[image.rotate(90)])
    Image.fromarray(np.ones((20, 30), "float32")).save(tmp_path / "float.tif")
    (tmp_path / "text.png").write_text("no image")
    Image.fromarray(pixels_of("uint16", ())).save(tmp_path / "clear.png", transparency=300)
    for name, words in (
        ("cmyk.jpg", "CMYK: expected grey of 8 or 16 bits or RGB"),
        ("two.gif", "2 images"),
        ("float.tif", "floating-point"),
        ("text.png", "cannot read"),
        ("clear.png", "16-bit grey with transparency"),
        ("missing.png", "missing"),
    ):
        with pytest.raises(ValueError, match=f"{name}: .*{words}|{words}"):
            images.read_exact(tmp_path / name)
    for path in ("x.gif", "x", "x.bmp"):
        with pytest.raises(ValueError, match=r"ending \.png"):
            images.check_format(path)


@pytest.mark.parametrize("shape", [(20, 30, 4), (1, 30, 4), (20, 1, 2)])
def test_opaque_alpha_may_become_a_jpeg(shape):
    pixels = np.full(shape, 255, "uint8")
    opened = Image.open(io.BytesIO(images.encode_exact(pixels, ExactImage("x", "PNG", pixels), "x.jpg")))
    assert opened.mode == {4: "RGB", 2: "L"}[shape[2]] and opened.size == shape[1::-1]
