"""Makes images/applications/ for docs/applications.md: `python images/applications.py [FOLDER]`.

The damaged photographs, their masks and the results are written to FOLDER (runs/applications), so that each
command can be repeated there. Damage is drawn over photographs that come with the kit's dependencies: see
docs/photos.md for their licences.
"""

import importlib.util
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import inpaintkit as ik

IMAGES = Path(__file__).parent / "applications"
FOLDERS = {"skimage": "data", "matplotlib": "mpl-data/sample_data"}
COMMANDS = {  # name: (command, [the files that are shown])
    "restoration": (
        "inpaintkit inpaint old.png --scratches --scratch-polarity bright -o restored.png",
        ["old.png", "restored_mask.png", "restored.png"],
    ),
    "object": (
        "inpaintkit inpaint astronaut.png --mask badge.png --method patchmatch -o object.png",
        ["astronaut.png", "badge.png", "object.png"],
    ),
    "text": (
        "inpaintkit inpaint poster.png --mask letters.png -o text.png",
        ["poster.png", "letters.png", "text.png"],
    ),
    "border": (
        "inpaintkit inpaint rocket.jpg --outpaint left=60,right=60 --method patchmatch -o border.png",
        ["rocket.jpg", "border.png"],
    ),
    "video": (
        "inpaintkit inpaint --video clip.mkv --mask logo.png --method telea -o video.mkv",
        ["clip.mkv", "logo.png", "video.mkv"],
    ),
    "medical": (
        "inpaintkit inpaint retina16.png --mask marker.png --method heat -o medical.png",
        ["retina16.png", "marker.png", "medical.png"],
    ),
}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    IMAGES.mkdir(exist_ok=True)
    make_inputs(folder)
    for name, (command, shown) in COMMANDS.items():
        print(f"\n{command}", flush=True)
        words = [sys.executable, "-m", *shlex.split(command), "--overwrite"]
        subprocess.run(words, cwd=folder, check=True)
        panels = [panel(folder / file) for file in shown]
        gap = np.full((panels[0].shape[0], 8, 3), 255, "uint8")
        row = np.hstack([part for each in panels for part in (each, gap)][:-1])
        Image.fromarray(row).save(IMAGES / f"{name}.jpg", quality=87)
    total = sum(file.stat().st_size for file in IMAGES.iterdir())
    print(f"\n{total / 1e6:.2f} MB in {IMAGES}")


def make_inputs(folder):
    """Writes the photographs with their damage, and the masks."""
    rng = np.random.default_rng(7)
    hopper = photograph("matplotlib", "grace_hopper.jpg").convert("L")
    old, scratches = np.asarray(hopper).astype("float32"), np.zeros(hopper.size[::-1], "float32")
    for x, top, length, width in ((70, 0, 560, 2), (300, 40, 420, 1), (410, 10, 300, 3), (250, 330, 260, 2)):
        y = np.linspace(top, top + length, 14)
        wave = x + np.cumsum(rng.normal(0, 1.5, 14))
        points = np.int32(np.stack([wave, y], axis=-1) * 16)
        cv2.polylines(scratches, [points], False, 1.0, width, cv2.LINE_AA, 4)
    save(folder / "old.png", old + scratches * (245 - old))

    astronaut = photograph("skimage", "astronaut.png")
    astronaut.save(folder / "astronaut.png")
    save(folder / "badge.png", cv2.circle(np.zeros((512, 512), "uint8"), (173, 380), 48, 255, -1))

    coffee = np.asarray(photograph("skimage", "coffee.png"))
    letters = np.zeros(coffee.shape[:2], "uint8")
    for line, height in (("COFFEE BREAK", 150), ("10:30", 250)):
        cv2.putText(letters, line, (40, height), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 255, 5)
    letters = np.where(letters > 0, 255, 0)
    save(folder / "poster.png", np.where(letters[..., None] > 0, 255, coffee))
    save(folder / "letters.png", cv2.dilate(np.uint8(letters), np.ones((3, 3))))

    photograph("skimage", "rocket.jpg").save(folder / "rocket.jpg", quality=95)

    logo = cv2.putText(
        np.zeros((240, 320), "uint8"), "TV 7", (200, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 4
    )
    logo = np.where(logo > 0, 255, 0)
    save(folder / "logo.png", cv2.dilate(np.uint8(logo), np.ones((3, 3))))
    video = cv2.VideoWriter(str(folder / "clip.mkv"), cv2.VideoWriter_fourcc(*"FFV1"), 25, (320, 240))
    for number in range(50):  # still for a second, then the camera moves
        left = 120 + 2 * max(0, number - 25)
        frame = coffee[60:300, left : left + 320] + rng.normal(0, 4, (240, 320, 3))
        frame = np.where(logo[..., None] > 0, 255, frame).clip(0, 255).astype("uint8")
        video.write(np.ascontiguousarray(frame[..., ::-1]))
    video.release()

    retina = np.asarray(photograph("skimage", "retina.jpg"))[200:900, 300:1000, 1].astype("float32")
    marker = np.zeros(retina.shape, "uint8")
    cv2.putText(marker, "L 0427", (30, 660), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 255, 4)
    cv2.arrowedLine(marker, (560, 200), (440, 300), 255, 5, tipLength=0.2)
    marker = np.where(marker > 0, 255, 0)
    save(folder / "marker.png", cv2.dilate(np.uint8(marker), np.ones((3, 3))))
    scan = np.where(marker > 0, 4095, retina * 16)  # 12 bits in 16, as many scanners write
    Image.fromarray(scan.astype("uint16")).save(folder / "retina16.png")


def photograph(package, name):
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    return Image.open(Path(folder, FOLDERS[package], name)).convert("RGB")


def save(file, pixels):
    Image.fromarray(np.clip(pixels, 0, 255).astype("uint8")).save(file)


def panel(file, height=320):
    """A file as uint8 RGB of this height; of a video the last frame of its still part."""
    if file.suffix == ".mkv":
        video = cv2.VideoCapture(str(file))
        pixels = [video.read()[1] for _ in range(25)][-1][..., ::-1]
        video.release()
    else:
        pixels = ik.images.read_exact(file).pixels
    if pixels.dtype == "uint16":
        pixels = (pixels / 4095 * 255).clip(0, 255).astype("uint8")
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=-1)
    width = round(height * pixels.shape[1] / pixels.shape[0])
    return cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/applications"))
