"""Which files `inpaint` reads and writes: images, the mask of each, and where the result goes."""

import re
from dataclasses import dataclass
from pathlib import Path

from inpaintkit.images import check_format, files_below

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")  # of images in folders
_WRITTEN = ENDINGS[:6]  # the others become .png


@dataclass(frozen=True)
class Job:
    """One image to fill.

    Args:
        image, output: files.
        mask: a file, or None if the hole does not come from a file.
        problem: "", or why this job cannot be done.
    """

    image: Path
    output: Path
    mask: Path | None = None
    problem: str = ""

    @property
    def found_mask(self):
        """Where the mask of --scratches is saved."""
        return self.output.with_name(f"{self.output.stem}_mask.png")


def list_jobs(paths, mask, output, overwrite, filler):
    """The jobs of `inpaint`, checked; a ValueError says what is wrong with the options.

    Args:
        paths: images, and folders of images. mask: None, a file, or a folder. output: a file or a folder.
        overwrite: whether results may exist. filler: a `Filler`.
    """
    if not paths:
        raise ValueError("which image? For example: inpaintkit inpaint photo.jpg --mask mask.png -o out.png")
    if mask is None and not filler.finds_holes:
        raise ValueError(
            "what is to be filled? Say --mask mask.png, or --hole alpha (what is transparent in the image), "
            "--scratches, or --outpaint left=200,right=200"
        )
    if mask is not None and not mask.exists():
        raise ValueError(f"--mask {mask}: there is no such file or folder")
    images = _images(paths, mask, output)
    several = len(images) > 1 or paths[0].is_dir()
    if several and output.suffix.lower() in ENDINGS:
        came = f"{len(images)} images need" if len(images) > 1 else f"the images of {paths[0]} need"
        raise ValueError(f"-o {output}: {came} a folder, such as -o filled")
    to_folder = several or output.is_dir() or not output.suffix
    find_mask = _finder(mask) if mask is not None and mask.is_dir() else lambda name: (mask, "")
    jobs = []
    for image, name in images.items():
        ending = name.suffix if name.suffix.lower() in _WRITTEN else ".png"
        target = output / name.with_suffix(ending) if to_folder else output
        check_format(target)
        jobs.append(Job(image, target, *find_mask(name)))
    if all(job.problem for job in jobs):
        raise ValueError(jobs[0].problem)
    _check_targets(jobs, overwrite, filler.scratches)
    return jobs


def _images(paths, mask, output):
    """{image file: its path below the folder of results}; masks and earlier results are left out."""
    images, others = {}, [path.resolve() for path in (mask, output) if path is not None]
    for path in paths:
        if not path.is_dir():
            if not path.exists():
                raise ValueError(f"{path}: there is no such file or folder")
            images[path] = Path(path.name)
            continue
        files = sorted(file for file in files_below(path) if file.suffix.lower() in ENDINGS)
        below = [other for other in others if path.resolve() in other.parents]
        files = [file for file in files if not any(file.resolve().is_relative_to(other) for other in below)]
        stems = {file.with_suffix("") for file in files}
        files = [file for file in files if _without_mask(file.with_suffix("")) not in stems]
        if not files:
            raise ValueError(f"{path}: no image in it ({', '.join(ENDINGS)})")
        images |= {file: file.relative_to(path) for file in files}
    return images


def _without_mask(path):
    """a/x for a/x_mask; None for other names."""
    named = re.fullmatch(r"(.+)[_-]mask", path.name, re.IGNORECASE)
    return path.with_name(named[1]) if named else None


def _finder(folder):
    """A function from an image's relative path to (its mask file, "") or (None, what is wrong)."""
    by_name, by_stem = {}, {}
    for file in sorted(files_below(folder)):
        if file.suffix.lower() not in ENDINGS:
            continue
        name = file.relative_to(folder).with_suffix("")
        if stem := _without_mask(name):
            by_name[stem] = file  # x_mask.png before x.png, which may be the image itself
            name = stem
        by_name.setdefault(name, file)
        by_stem.setdefault(name.name, set()).add(by_name[name])

    def find(name):
        stem = name.with_suffix("")
        found = by_name.get(stem)
        others = sorted(by_stem.get(stem.name, ()))
        if found is None and len(others) == 1:
            found = others[0]
        if found is not None:
            return found, ""
        several = f": which of {', '.join(map(str, others))}?" if others else ""
        return None, f"{name}: no mask {stem.name}.png or {stem.name}_mask.png in {folder}{several}"

    return find


def _check_targets(jobs, overwrite, with_masks):
    """A ValueError if two results have the same name, or if one exists."""
    targets = {}
    for job in jobs:
        for target in (job.output, job.found_mask) if with_masks else (job.output,):
            if target in targets:
                both = f"{targets[target]} and {job.image}"
                raise ValueError(f"{both} would both become {target}: fill them one after the other")
            targets[target] = job.image
    existing = [target for target in targets if target.exists()]
    if existing and not overwrite:
        more = f" (and {len(existing) - 1} more)" if existing[1:] else ""
        raise ValueError(f"{existing[0]}{more} exists: say --overwrite to replace it, or choose another -o")
