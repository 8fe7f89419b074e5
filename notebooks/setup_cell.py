# @title Setup: run this first. In Colab it fetches the course (about a minute); elsewhere it only says hello.
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import run as command
from tempfile import TemporaryDirectory

REPOSITORY = ""  # OWNER/NAME at GitHub, or the course's folder in your Google Drive: drive/MyDrive/…
if "google.colab" in sys.modules:
    from google.colab import drive, files

    kit, place = Path(REPOSITORY if REPOSITORY.startswith("drive/") else "kit"), REPOSITORY or "this session"
    if REPOSITORY.startswith("drive/"):
        with suppress(Exception):  # without Drive, the lines below ask for a file
            drive.mount("/content/drive")
    elif REPOSITORY and not kit.exists():
        command(["git", "clone", "-q", "--depth", "1", f"https://github.com/{REPOSITORY}", kit])
    while not (kit / "requirements.txt").exists():
        print(f"The course is not in {place}. Upload it here as a zip file (GitHub: Code → Download ZIP).")
        kit, place = Path("kit"), next(iter(files.upload()), "the cancelled upload")
        with suppress(Exception), TemporaryDirectory(dir=".") as folder:  # a wrong file: it asks again
            command([sys.executable, "-m", "zipfile", "-e", place, folder], check=True, capture_output=True)
            next(Path(folder).rglob("inpaintkit/../requirements.txt")).parent.resolve().rename(kit)
    for what in (["-r", kit / "requirements.txt"], ["--no-deps", "-e", kit]):
        command([sys.executable, "-m", "pip", "install", "-q", *what], check=True)
    sys.path.insert(0, str(kit.resolve()))

import inpaintkit as ik

ik.hello()
