"""`upload`: a photograph of the reader's own, by a button in Colab and by its path elsewhere."""

import io
import os
import sys

import numpy as np

from inpaintkit.images import describe_image, read_image

_ADVICE = "run this cell again and choose one photograph, a JPEG or PNG file"


def upload(path: str | os.PathLike | None = None) -> np.ndarray:
    """Takes a photograph, and says its size and what was changed to make it upright RGB.

    Args:
        path: of an image file. None shows a button in Colab.

    Returns:
        float32 array (H, W, 3) in [0, 1], as `ik.images.read_image` gives it: upright, as its EXIF data say,
        and without transparency.

    Raises:
        ValueError: outside Colab no path; in Colab no file was chosen, or several; a file that is no image,
            or one that `read_image` refuses.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ik.images.write_image(f"{folder}/a.png", np.ones((1200, 1600, 3)))
        ...     photo = ik.upload(f"{folder}/a.png")
        a.png: 1,600×1,200 pixels (1.9 megapixels)
        >>> photo.shape
        (1200, 1600, 3)
    """
    file = _from_colab() if path is None else path
    name = os.path.basename(str(getattr(file, "name", file)))
    if name.lower().endswith((".heic", ".heif")):
        advice = "in the iPhone's settings choose Camera → Formats → Most Compatible, or save it as JPEG"
        raise ValueError(f"{name}: expected a JPEG or PNG file; {advice}")
    image = read_image(file)
    print(f"{name}: {describe_image(file)}")
    return image


def _from_colab():
    """The file that the reader chooses, opened as binary."""
    if "google.colab" not in sys.modules:
        raise ValueError('there is no upload button outside Colab: say ik.upload("photo.jpg"), with a path')
    from google.colab import files

    uploaded = files.upload()  # {name: bytes}; empty if it was cancelled
    if len(uploaded) != 1:
        came = f"{len(uploaded)} files came, expected one" if uploaded else "no file was chosen"
        raise ValueError(f"{came}: {_ADVICE}")
    ((name, data),) = uploaded.items()
    file = io.BytesIO(data)
    file.name = name  # what messages call it
    return file
