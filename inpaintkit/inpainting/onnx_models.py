"""Networks of other programs, as `.onnx` files. onnxruntime is imported when the first one is loaded."""

import contextlib
import dataclasses
import os
from pathlib import Path

import cv2
import numpy as np

from inpaintkit.checks import check_choice, is_count
from inpaintkit.images import check_batch, composite
from inpaintkit.inpainting.onnx_conventions import (
    HOLE_VALUES,
    LAYOUTS,
    RANGES,
    candidates,
    read_inputs,
    read_metadata,
)
from inpaintkit.inpainting.onnx_trial import trial_image, try_conventions

_MULTIPLES = (1, 8, 32, 64)  # of which the sides must be a multiple, tried in this order


class OnnxModel:
    """A network in an `.onnx` file as a method, with the conventions of the program that it comes from.

    Such files do not say whether 1 in a mask is the hole, or whether pixels go to 1 or to 255. What you do
    not say is read from the metadata, if `ik.export_model` wrote the file; else from the names, shapes and
    types of the graph; and the rest is found by a trial: all possible conventions fill a hole in a photograph
    that comes with the kit, and one must be clearly better than the others.

    A network of a fixed size gets smaller images padded: image and hole are mirrored at the right and bottom
    edges, as they are if the sides must be multiples. Larger images are made smaller, with their proportions
    kept and every pixel that the hole touches as hole; then only the fill of the hole is used, and known
    pixels are those of the image. Images are filled one at a time.

    Args:
        path: the file.
        hole_value: the mask's value in the hole: 1 (then 0 is known), 0 (1 is known, or 255 in an 8-bit
            mask), 255, -0.5 or 0.5.
        image_range: of the pixels it takes: 1 for 0 to 1, 255 for 0 to 255, -1 for -1 to 1.
        output_range: of the pixels it returns, in the same way.
        layout: "NCHW" or "NHWC", if the graph leaves it open.
        colors: "RGB" or "BGR", the order of the channels, which a trial cannot find; None is RGB.
        mask_first: of a network with one input of four channels, whether the mask is the first of them.
        multiple: of which height and width must be multiples.

    Raises:
        ValueError: onnxruntime is missing; the file cannot be read; its inputs are not an image and a mask;
            a setting of another value; or the trial finds no convention that is clearly better.

    Warns:
        UserWarning: all is said, but on the trial photograph the fill is hardly better than the mean colour.

    Example:
        >>> import inpaintkit as ik
        >>> ik.inpainting.OnnxModel("lama.onnx", hole_value=2)
        Traceback (most recent call last):
        ValueError: hole_value=2: expected one of 1, 0, 255, -0.5, 0.5
    """

    classical = False

    def __init__(
        self,
        path: str | os.PathLike,
        hole_value: float | None = None,
        image_range: int | None = None,
        output_range: int | None = None,
        layout: str | None = None,
        colors: str | None = None,
        mask_first: bool | None = None,
        multiple: int | None = None,
    ):
        said: dict = {"hole_value": hole_value, "image_range": image_range, "output_range": output_range}
        said |= {"colors": colors, "mask_first": mask_first, "multiple": multiple}
        said = {name: value for name, value in said.items() if value is not None}
        _check_settings(said, layout)
        self.name, self._session = Path(path).name, _open(Path(path))
        self.__name__ = Path(path).stem
        try:
            from_file = read_metadata(self._session.get_modelmeta().custom_metadata_map)
            _check_settings(from_file, from_file.get("layout"))
        except ValueError as error:
            raise ValueError(f"{self.name}: its metadata are wrong: {error}") from error
        layout = from_file.pop("layout", None) if layout is None else layout
        self.inputs = read_inputs(self.name, self._session.get_inputs(), layout)
        output = self._session.get_outputs()[0].type
        possible = candidates(self.inputs, "uint8" if "uint8" in output else "float32", from_file | said)
        if len(possible) > 1 or not from_file:
            image, mask = trial_image(self.inputs.sides)
            if "multiple" not in said:
                multiple = self._find_multiple(possible[0], image, mask)
                possible = [dataclasses.replace(convention, multiple=multiple) for convention in possible]
            possible = [try_conventions(self.name, self._output, possible, image, mask)]
        (self.convention,) = possible

    def __call__(self, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Fills the holes of images.

        Args:
            images: (B, H, W, 3) in [0, 1].
            masks: (B, H, W, 1), 1 = known.

        Returns:
            float32 (B, H, W, 3) in [0, 1]: what the network returns; if an image had to be made smaller for
            it, its fill in the hole and the image elsewhere.
        """
        images, masks = check_batch(images, masks)
        filled = [self._fill(image, mask) for image, mask in zip(images, masks, strict=True)]
        return np.clip(np.stack(filled), 0, 1) if filled else images

    def __repr__(self):
        return f"OnnxModel({self.name!r}, {self.inputs.layout}, sides {self.inputs.sides}, {self.convention})"

    def _fill(self, image, mask):
        height, width = mask.shape[:2]
        scale = min(fixed / side for fixed, side in zip(self._fixed(mask), (height, width), strict=True))
        if scale >= 1:
            return self.convention.read(self._output(image, mask, self.convention))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        hole = cv2.resize(1 - mask, size, interpolation=cv2.INTER_AREA)[..., None] > 0
        smaller = cv2.resize(image, size, interpolation=cv2.INTER_AREA) * ~hole
        output = self.convention.read(self._output(smaller, np.float32(~hole), self.convention))
        larger = cv2.resize(np.ascontiguousarray(output), (width, height), interpolation=cv2.INTER_CUBIC)
        return composite(larger, image, mask)

    def _fixed(self, mask):
        """The largest sides that the network takes; where it leaves them open, those of the mask."""
        return [fixed or side for fixed, side in zip(self.inputs.sides, mask.shape, strict=False)]

    def _output(self, image, mask, convention):
        """What the network returns for one image that is no larger than it takes, as (H, W, 3)."""
        height, width = mask.shape[:2]
        rows, columns = (-(-side // convention.multiple) * convention.multiple for side in self._fixed(mask))
        padding = ((0, rows - height), (0, columns - width), (0, 0))
        image, mask = (np.pad(array, padding, mode="symmetric") for array in (image, mask))
        try:
            output = self._session.run(None, convention.feeds(self.inputs, image, mask))[0]
        except Exception as error:  # onnxruntime's own classes, which have no common one
            reason = str(error).strip().splitlines()[0]
            raise ValueError(f"{self.name} fails for an image of {rows}×{columns}: {reason}") from error
        if output.shape[:2] == (1, 3) and output.shape != (1, rows, columns, 3):
            output = output.transpose(0, 2, 3, 1)
        if output.shape != (1, rows, columns, 3):
            came = f"{self.name} returns shape {output.shape} for an image of {rows}×{columns}"
            raise ValueError(
                f"{came}: expected an image of this size; say multiple if its sides are restricted"
            )
        return output[0, :height, :width]

    def _find_multiple(self, convention, image, mask):
        """The least multiple of the sides with which the network runs; the last one tried tells why not."""
        *multiples, last = _MULTIPLES if None in self.inputs.sides else (1,)
        for multiple in multiples:
            with contextlib.suppress(ValueError):
                self._output(image, mask, dataclasses.replace(convention, multiple=multiple))
                return multiple
        self._output(image, mask, dataclasses.replace(convention, multiple=last))
        return last


def _open(path):
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(f"{path.name}: .onnx files need onnxruntime: pip install onnxruntime") from error
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors come as exceptions; they need not be printed, too
    # Else idle threads wait in a loop, which doubles the CPU time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes, which have no common one
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{path.name}: cannot be loaded ({reason}): expected an .onnx file") from error


def _check_settings(said, layout):
    choices = {"hole_value": HOLE_VALUES, "image_range": RANGES, "output_range": RANGES}
    choices |= {"colors": ("RGB", "BGR"), "mask_first": (True, False)}
    for name in said.keys() & choices.keys():
        check_choice(name, said[name], choices[name])
    if layout is not None:
        check_choice("layout", layout, LAYOUTS)
    if not is_count(said.get("multiple", 1)):
        raise ValueError(f"multiple={said['multiple']!r}: expected a whole number of pixels, such as 32")
