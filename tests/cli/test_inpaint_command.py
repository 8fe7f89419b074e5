"""The command `inpaint`, as a user types it, mistakes included."""

import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from typer.testing import CliRunner

from inpaintkit import baselines, data, images
from inpaintkit.cli import app


def run(*words, code=0):
    """Runs the command with a quick method, unless the words name one."""
    method = [] if "--method" in words else ["--method", "biharmonic"]
    result = CliRunner().invoke(app, ["inpaint", *map(str, words), *method])
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.fixture
def photo():
    """A photograph, uint8 (48, 64, 3)."""
    return np.array(data.images("photos", "test", (48, 64), count=1)[0])


@pytest.fixture
def hole():
    """bool (48, 64), True in the hole."""
    hole = np.zeros((48, 64), bool)
    hole[10:16, 20:40] = True
    return hole


def save(path, pixels, **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **settings)
    return path


def save_mask(path, hole, white=255):
    return save(path, np.where(hole, white, 255 - white).astype("uint8"))


def test_one_image_keeps_every_known_pixel(tmp_path, photo, hole):
    save(tmp_path / "x.png", photo)
    mask = save_mask(tmp_path / "m.png", hole)
    result = run(tmp_path / "x.png", "--mask", mask, "-o", tmp_path / "out.png")
    filled = np.asarray(Image.open(tmp_path / "out.png"))
    np.testing.assert_array_equal(filled[~hole], photo[~hole])
    expected = baselines.biharmonic((photo / 255)[None], np.float32(~hole)[None, ..., None])[0]
    assert np.abs(filled[hole] / 255 - expected[hole]).max() < 0.01
    assert "3.91% of the image filled by biharmonic" in result.stdout and result.stderr == ""
    black = save_mask(tmp_path / "black.png", hole, white=0)
    run(tmp_path / "x.png", "--mask", black, "--hole", "black", "-o", tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "out.png").read_bytes()


def test_exif_orientation_profile_and_bits_survive(tmp_path, photo, hole):
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Pentax"
    stored = np.ascontiguousarray(np.rot90(photo))  # orientation 6: to be turned clockwise
    for ending in (".jpg", ".png", ".tif", ".webp"):
        lossless = {"quality": 100, "subsampling": 0} if ending == ".jpg" else {"lossless": True}
        source = save(tmp_path / f"x{ending}", stored, exif=exif, icc_profile=b"profile", **lossless)
        mask = save_mask(tmp_path / "m.png", hole)  # as the image is shown, not as it is stored
        result = run(source, "--mask", mask, "-o", tmp_path / f"out{ending}")
        note = ".png, .tif and .webp keep known pixels exactly"  # also for a folder, whose endings stay
        assert ("quality 98" in result.stderr) == (note in result.stderr) == (ending == ".jpg")
        with Image.open(source) as before, Image.open(tmp_path / f"out{ending}") as after:
            assert after.getexif()[274] == 6 and after.getexif()[271] == "Pentax"
            assert after.info["icc_profile"] == b"profile" and after.format == before.format
            shown = [np.asarray(ImageOps.exif_transpose(each)) for each in (before, after)]
        change = np.abs(shown[1].astype(int) - shown[0])
        assert change[~hole].mean() < (2 if ending == ".jpg" else 1e-9) and change[hole].mean() > 1


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_grey_of_16_bits_stays_so_and_is_filled_finely(tmp_path, hole, ending):
    """12 bits in a file of 16, as scanners for medicine write them: 8-bit methods must not see 16 greys."""
    scan = (800 + 5 * np.arange(64) + 3 * np.arange(48)[:, None]).astype("uint16")
    torn = np.where(hole, 0, scan).astype("uint16")
    source, mask = save(tmp_path / f"x{ending}", torn), save_mask(tmp_path / "m.png", hole)
    for method, error in (("telea", 20), ("heat", 5)):
        run(source, "--mask", mask, "-o", tmp_path / f"{method}{ending}", "--method", method)
        with Image.open(tmp_path / f"{method}{ending}") as opened:
            filled = np.asarray(opened)
        assert filled.dtype == "uint16" and filled.shape == scan.shape
        np.testing.assert_array_equal(filled[~hole], scan[~hole])
        assert np.abs(filled[hole].astype(int) - scan[hole]).max() < error
    refused = run(source, "--mask", mask, "-o", tmp_path / "out.jpg", code=2)
    assert "holds no 16 bits" in refused.stderr and not (tmp_path / "out.jpg").exists()


def test_what_is_transparent_in_the_image_is_filled(tmp_path, photo, hole):
    erased = np.dstack([np.where(hole[..., None], 0, photo), np.where(hole, 0, 255)]).astype("uint8")
    source = save(tmp_path / "x.png", erased)
    run(source, "--hole", "alpha", "-o", tmp_path / "out.png")
    filled = np.asarray(Image.open(tmp_path / "out.png"))
    assert filled.shape == (48, 64, 4) and (filled[..., 3] == 255).all() and filled[hole][:, :3].min() > 0
    run(source, "--hole", "alpha", "-o", tmp_path / "out.jpg")  # nothing is transparent any more
    save(tmp_path / "plain.png", photo)
    run(tmp_path / "plain.png", "--mask", source, "--hole", "alpha", "-o", tmp_path / "out2.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out2.png")), filled[..., :3])


def test_a_folder_with_a_folder_of_masks_and_a_broken_file(tmp_path, photo, hole):
    for name in ("a.jpg", "sub/b.png", "sub/c.png", "none.png"):
        save(tmp_path / "in" / name, photo)
    (tmp_path / "in" / "broken.png").write_bytes((tmp_path / "in" / "none.png").read_bytes()[:900])
    for name in ("a.png", "sub/b_mask.png", "c.png", "broken.png"):
        save_mask(tmp_path / "masks" / name, hole)
    words = [tmp_path / "in", "--mask", tmp_path / "masks", "-o", tmp_path / "out"]
    result = run(*words, code=1)
    assert "3 of 5 images" in result.stdout
    assert "broken.png: cannot read" in result.stderr
    assert "none.png: no mask none.png or none_mask.png" in result.stderr
    written = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*"))
    assert written == ["a.jpg", "sub/b.png", "sub/c.png"]
    filled = np.asarray(Image.open(tmp_path / "out" / "sub" / "c.png"))
    np.testing.assert_array_equal(filled[~hole], photo[~hole])
    assert "a.jpg (and 2 more) exists: say --overwrite" in run(*words, code=2).stderr
    run(*words, "--overwrite", code=1)


def test_masks_beside_the_images_and_one_mask_for_all(tmp_path, photo, hole):
    save(tmp_path / "in" / "a.png", photo)
    save(tmp_path / "in" / "b.png", photo)
    for name in ("a_mask.png", "b_mask.png"):
        save_mask(tmp_path / "in" / name, hole)
    run(tmp_path / "in", "--mask", tmp_path / "in", "-o", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]
    one = [tmp_path / "in" / "a.png", tmp_path / "in" / "b.png", "--mask", tmp_path / "in" / "a_mask.png"]
    run(*one, "-o", tmp_path / "two")
    for name in ("a.png", "b.png"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    assert "2 images need a folder" in run(*one, "-o", tmp_path / "x.png", code=2).stderr


def test_neither_earlier_results_nor_masks_are_taken_for_images(tmp_path, photo, hole):
    source = save(tmp_path / "a.png", photo)
    mask = save_mask(tmp_path / "masks" / "a.png", hole)
    words = [tmp_path, "--mask", mask.parent, "-o", tmp_path / "out"]
    run(*words)
    assert "out/a.png exists" in run(*words, code=2).stderr
    run(*words, "--overwrite")
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png"))
    assert written == ["a.png", "masks/a.png", "out/a.png"]
    below = save(mask.parent / "images" / "a.png", photo)  # in a folder of the folder of masks
    run(below.parent, "--mask", mask, "-o", tmp_path / "two")
    run(below.parent, "--mask", mask.parent, "-o", tmp_path / "three")
    assert (tmp_path / "two" / "a.png").is_file() and source.is_file()
    assert "need a folder" in run(below.parent, "--mask", mask, "-o", tmp_path / "x.png", code=2).stderr


def test_wrong_input_for_one_image_is_exit_code_2_and_a_full_disk_is_1(tmp_path, photo, hole, monkeypatch):
    source, mask = save(tmp_path / "x.png", photo), save_mask(tmp_path / "m.png", hole)
    text = tmp_path / "text.png"
    text.write_text("no image")
    words = ["-o", tmp_path / "out.png"]
    for wrong in ([text, "--mask", mask], [source, "--mask", text], [source, "--hole", "alpha"]):
        result = run(*wrong, *words, code=2)
        assert len(result.stderr.strip().splitlines()) == 1 and not (tmp_path / "out.png").exists()
    monkeypatch.setattr(images.exact, "replacing", lambda path: (_ for _ in ()).throw(OSError("disk full")))
    assert "x.png: disk full" in run(source, "--mask", mask, *words, code=1).stderr


def test_a_mask_of_another_size_is_refused_or_fitted(tmp_path, photo, hole):
    source, mask = save(tmp_path / "x.png", photo), save_mask(tmp_path / "m.png", hole[::2, ::2])
    words = [source, "--mask", mask, "-o", tmp_path / "out.png"]
    error = run(*words, code=2).stderr
    assert "32×24 pixels, but the image has 64×48" in error and "--fit-mask" in error
    run(*words, "--fit-mask")
    filled = np.asarray(Image.open(tmp_path / "out.png"))
    np.testing.assert_array_equal(filled[~hole], photo[~hole])
    assert (filled[hole] != photo[hole]).mean() > 0.5


def test_outpaint_adds_borders(tmp_path, photo, hole):
    source = save(tmp_path / "x.png", photo)
    run(source, "--outpaint", "left=8,bottom=4", "-o", tmp_path / "out.png")
    filled = np.asarray(Image.open(tmp_path / "out.png"))
    assert filled.shape == (52, 72, 3)
    np.testing.assert_array_equal(filled[:48, 8:], photo)
    mask = save_mask(tmp_path / "m.png", hole)
    run(source, "--outpaint", "top=8", "--mask", mask, "-o", tmp_path / "both.png", "--method", "telea")
    both = np.asarray(Image.open(tmp_path / "both.png"))[8:]
    np.testing.assert_array_equal(both[~hole], photo[~hole])
    assert (both[hole] != photo[hole]).any()


def test_scratches_are_found_filled_and_their_mask_is_saved(tmp_path):
    photo = cv2.GaussianBlur(np.array(data.images("photos", "test", 128, count=1)[0]), (0, 0), 2) // 2
    torn = photo.copy()
    torn[10:120, 60:62] = 255
    source = save(tmp_path / "old.png", torn)
    dark = ["--scratches", "--scratch-polarity", "dark"]
    run(source, *dark, "-o", tmp_path / "dark.png")
    assert (images.read_mask(tmp_path / "dark_mask.png")[15:115, 60:62] == 1).all()
    run(source, "--scratches", "-o", tmp_path / "new.png", "--method", "telea")
    known = images.read_mask(tmp_path / "new_mask.png")[..., 0] > 0
    filled = np.asarray(Image.open(tmp_path / "new.png"))
    np.testing.assert_array_equal(filled[known], torn[known])
    assert not known[15:115, 60:62].any() and known.mean() > 0.9
    line = (slice(15, 115), slice(60, 62))
    before, after = (np.abs(each[line].astype(int) - photo[line]) for each in (torn, filled))
    assert after.mean() < before.mean() / 10
    assert "new_mask.png" not in run(source, "--scratches", "-o", tmp_path / "new.png", code=2).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{x}", "-o", "{out}"], "what is to be filled"),
        (["-o", "{out}", "--mask", "{m}"], "which image?"),
        (["{x}", "-o", "{out}", "--mask", "nowhere.png"], "nowhere.png: there is no such file"),
        (["no.png", "-o", "{out}", "--mask", "{m}"], "no.png: there is no such file"),
        (["{x}", "-o", "{out}", "--mask", "{m}", "--hole", "red"], "'white', 'black', 'alpha'"),
        (["{x}", "-o", "{out}", "--mask", "{m}", "--method", "photoshop"], "telea"),
        (["{x}", "-o", "{out}", "--mask", "{m}", "--method", "no.keras"], "no such file"),
        (["{x}", "-o", "{out}", "--mask", "{m}", "--blend", "soft"], "poisson"),
        (["{x}", "-o", "{out}.gif", "--mask", "{m}"], "expected the ending"),
        (["{x}", "-o", "{out}", "--scratches", "--scratch-polarity", "red"], "'bright'"),
        (["{x}", "-o", "{out}", "--outpaint", "left"], "left=200,right=200"),
        (["{x}", "-o", "{out}", "--outpaint", "left=0"], "at least one pixel"),
        (["{x}", "{x}", "-o", "{folder}", "--mask", "{m}"], None),
        (["{x}", "{x2}", "-o", "{folder}", "--mask", "{m}"], "would both become"),
        (["--video", "{x}", "-o", "{out}"], "needs --mask"),
        (["--video", "no.mp4", "--mask", "{m}", "-o", "{out}"], "no.mp4"),
        (["--video", "{x}", "--mask", "{m}", "-o", "{out}"], ".mp4"),
    ],
)
def test_a_mistake_is_one_helpful_line_and_exit_code_2(tmp_path, photo, hole, words, message):
    names = {
        "out": tmp_path / "o.png",
        "folder": tmp_path / "folder",
        "m": save_mask(tmp_path / "m.png", hole),
    }
    names |= {"x": save(tmp_path / "x.png", photo), "x2": save(tmp_path / "two" / "x.png", photo)}
    result = run(*[word.format(**names) for word in words], code=2 if message else 0)
    if message:
        assert len(result.stderr.strip().splitlines()) == 1 and message in result.stderr
        assert not names["out"].exists() and not names["folder"].exists()


def test_a_failure_while_writing_leaves_the_old_file(tmp_path, photo, hole, monkeypatch):
    source, mask = save(tmp_path / "x.png", photo), save_mask(tmp_path / "m.png", hole)
    (tmp_path / "out.png").write_bytes(b"old")

    def half(path, content):
        with open(path, "wb") as file:
            file.write(content[:100])
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.write_bytes", half)
    result = run(source, "--mask", mask, "-o", tmp_path / "out.png", "--overwrite", code=1)
    assert "no space left" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"x.png", "m.png", "out.png"}
    assert (tmp_path / "out.png").read_text() == "old"


@pytest.mark.slow
def test_a_killed_run_leaves_whole_files_only(tmp_path, photo, hole):
    for i in range(300):
        save(tmp_path / "in" / f"{i}.png", photo)
    mask = save_mask(tmp_path / "m.png", hole)
    words = [tmp_path / "in", "--mask", mask, "-o", tmp_path / "out", "--method", "telea"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inpaintkit", "inpaint", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and len(list(tmp_path.glob("out/*"))) < 5:
        time.sleep(0.01)
    process.kill()
    process.wait()
    whole = [path for path in (tmp_path / "out").iterdir() if ".part" not in path.name]
    assert 4 <= len(whole) < 300
    for path in whole:
        assert images.read_exact(path).pixels.shape == photo.shape


def test_a_video_is_filled_frame_by_frame(tmp_path, photo, hole):
    frames = [np.roll(photo, 2 * i, axis=1) for i in range(4)]
    write_video(tmp_path / "in.mkv", frames)
    mask = save_mask(tmp_path / "m.png", hole)
    words = ["--video", tmp_path / "in.mkv", "--method", "telea"]
    result = run(*words, "--mask", mask, "-o", tmp_path / "out.mkv")
    assert "4 frames filled by telea" in result.stdout
    filled = read_video(tmp_path / "out.mkv")
    assert len(filled) == 4
    for before, after in zip(frames, filled, strict=True):  # FFV1 loses nothing
        np.testing.assert_array_equal(after[~hole], before[~hole])
        assert (after[hole] != before[hole]).mean() > 0.5
    for i in range(4):
        save_mask(tmp_path / "masks" / f"{i:03}.png", np.roll(hole, i, axis=0))
    run(*words, "--mask", tmp_path / "masks", "-o", tmp_path / "moving.mkv")
    last, moved = read_video(tmp_path / "moving.mkv")[3], np.roll(hole, 3, axis=0)
    np.testing.assert_array_equal(last[~moved], frames[3][~moved])
    assert (last[moved] != frames[3][moved]).mean() > 0.5
    (tmp_path / "masks" / "003.png").unlink()
    result = run(*words, "--mask", tmp_path / "masks", "-o", tmp_path / "few.mkv", code=2)
    assert "3 masks, but the video has more frames" in result.stderr
    assert not list(tmp_path.glob("few*"))
    soft = save(tmp_path / "soft.png", (hole * 250 + ~hole * 9 - (np.arange(64) == 0)).astype("uint8"))
    notes = run(*words, "--mask", soft, "-o", tmp_path / "soft.mkv").stderr
    assert "neither black nor white" in notes and "UserWarning" not in notes
    small = save_mask(tmp_path / "small.png", hole[::2, ::2])
    assert "--fit-mask" in run(*words, "--mask", small, "-o", tmp_path / "x.mkv", code=2).stderr
    (tmp_path / "text.mp4").write_text("no video")
    words = ["--video", tmp_path / "text.mp4", "--mask", mask, "-o", tmp_path / "y.mkv"]
    assert "expected a video" in run(*words, code=2).stderr


def write_video(path, frames, codec="FFV1"):
    height, width = frames[0].shape[:2]
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10, (width, height))
    assert video.isOpened()
    for frame in frames:
        video.write(np.ascontiguousarray(frame[..., ::-1]))
    video.release()


def read_video(path):
    video, frames = cv2.VideoCapture(str(path)), []
    while (found := video.read())[0]:
        frames.append(found[1][..., ::-1])
    video.release()
    return frames


@pytest.mark.parametrize(("method", "source"), [("telea", "humanEdits"), ("photos", "compositeWithTrained")])
def test_a_note_in_the_metadata_if_asked_for(tmp_path, photo, hole, method, source):
    save(tmp_path / "x.png", photo)
    words = tmp_path / "x.png", "--mask", save_mask(tmp_path / "m.png", hole), "--method", method, "-o"
    run(*words, tmp_path / "plain.png")
    run(*words, tmp_path / "noted.png", "--note")
    plain, noted = (images.read_exact(tmp_path / f"{name}.png") for name in ("plain", "noted"))
    np.testing.assert_array_equal(noted.pixels, plain.pixels)
    assert plain.xmp == b"" and source.encode() in noted.xmp
    assert f">3.91% of the image filled by {method} (inpaintkit ".encode() in noted.xmp
    save_mask(tmp_path / "m.png", np.zeros_like(hole))
    run(*words, tmp_path / "same.png", "--note")
    assert images.read_exact(tmp_path / "same.png").xmp == b""  # nothing was filled


def test_no_note_in_a_video(tmp_path):
    result = run("--video", tmp_path / "x.mp4", "--note", "-o", tmp_path / "y.mp4", code=2)
    assert "--outpaint or --note" in " ".join(result.stderr.split())
