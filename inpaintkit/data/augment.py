"""More images out of few: flips, turns, crops, other light, with imgaug.

One call changes images and, where each image has its own mask, the masks too: geometry moves both alike,
light and colour change only the images. So an image and its mask always stay aligned.

    ik.data.pairs(train, masks, augment=ik.data.Augment(flip=True, rotation=10, brightness=0.2))

imgaug is a given of this project. Its last release is from 2020, and `_import_imgaug` shows what that costs.
Keras's own augmentation layers (`keras.layers.RandomFlip` and others) are the way without it.
"""

from dataclasses import dataclass, fields

import numpy as np

from inpaintkit.checks import as_array, check_type, is_number


def symmetries(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turns each square image by a multiple of 90 degrees and flips half of them: eight views, all exact.

    For images without an up and down, such as textures.

    Args:
        images: uint8 (B, H, H, 3).
        rng: a NumPy random generator.

    Returns:
        uint8 (B, H, H, 3).

    Raises:
        ValueError: images that are not square.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> image = np.arange(12, dtype="uint8").reshape(1, 2, 2, 3)
        >>> views = ik.data.symmetries(np.repeat(image, 50, axis=0), np.random.default_rng(0))
        >>> views.shape, len(np.unique(views, axis=0))
        ((50, 2, 2, 3), 8)
    """
    _check_batch(images, rng)
    if images.shape[1] != images.shape[2]:
        raise ValueError(f"images of shape {images.shape}: expected square ones, (B, H, H, 3)")
    turns, flips = rng.integers(0, 4, len(images)), rng.random(len(images)) < 0.5
    views = [np.rot90(x[::-1] if flip else x, k) for x, k, flip in zip(images, turns, flips, strict=True)]
    return np.stack(views)


def flips(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrors half of the images, left to right, as `Augment(flip=True)` does, but without imgaug.

    Args:
        images: uint8 (B, H, W, 3).
        rng: a NumPy random generator.

    Returns:
        uint8 (B, H, W, 3).

    Raises:
        ValueError: images that are no such array, or another generator.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> image = np.arange(12, dtype="uint8").reshape(1, 2, 2, 3)
        >>> views = ik.data.flips(np.repeat(image, 50, axis=0), np.random.default_rng(0))
        >>> views.shape, len(np.unique(views, axis=0))
        ((50, 2, 2, 3), 2)
    """
    _check_batch(images, rng)
    return np.where(rng.random((len(images), 1, 1, 1)) < 0.5, images[:, :, ::-1], images)


@dataclass(frozen=True)
class Augment:
    """Random changes of a batch, other ones for each image; 0 and False leave a property as it is.

    Called as `augment(images, rng)`, or `augment(images, rng, masks)` for masks that belong to their
    images. The same generator gives the same result, in any process or thread. Pixels that geometry brings
    in from outside the image are black, and known.

    Args:
        flip: mirrors half of the images, left to right.
        flip_vertical: mirrors half of the images, top to bottom.
        rotation: turns by up to this many degrees in either direction, 0 to 180.
        crop_and_pad: cuts off, or adds in black, up to this share of the image at each side, under 0.5; then
            resizes to the old size.
        zoom: enlarges or shrinks by up to this share, under 1.
        shift: moves by up to this share of the image, across and down, under 1.
        shear: slants by up to this many degrees, 0 to 60.
        brightness: makes brighter or darker by up to this share, under 1.
        hue: turns colours by up to this many degrees of the colour circle, 0 to 180.
        saturation: makes more or less colourful by up to this share, under 1.
        blur: Gaussian blur, up to this σ in pixels, 0 to 100.

    Raises:
        ValueError: a setting outside its range, no setting at all, imgaug is not installed; images that are
            not uint8 (B, H, W, 3), masks of another size.

    Source: imgaug 0.4.0 (Jung et al. 2020).

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> augment = ik.data.Augment(flip=True, rotation=10)
        >>> images = np.full((4, 16, 16, 3), 200, "uint8")
        >>> augment(images, np.random.default_rng(0)).shape
        (4, 16, 16, 3)
    """

    flip: bool = False
    flip_vertical: bool = False
    rotation: float = 0
    crop_and_pad: float = 0
    zoom: float = 0
    shift: float = 0
    shear: float = 0
    brightness: float = 0
    hue: float = 0
    saturation: float = 0
    blur: float = 0

    def __post_init__(self):
        degrees_and_pixels = {"rotation": 180, "shear": 60, "hue": 180, "blur": 100}  # may reach the limit
        shares = {"crop_and_pad": 0.5, "zoom": 1, "shift": 1, "brightness": 1, "saturation": 1}  # may not
        for name, limit in (degrees_and_pixels | shares).items():
            value = getattr(self, name)
            if not is_number(value, 0, limit) or (name in shares and value == limit):
                raise ValueError(f"{name}={value!r}: expected 0 to {limit}")
        if not any(getattr(self, field.name) for field in fields(self)):
            raise ValueError("nothing to change: set at least one change, such as flip=True or rotation=10")
        _import_imgaug()  # a missing library shows now, not in the middle of training

    def __repr__(self):
        changed = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}
        return f"Augment({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def __call__(
        self, images: np.ndarray, rng: np.random.Generator, masks: np.ndarray | None = None
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Changes a batch.

        Args:
            images: uint8 (B, H, W, 3).
            rng: a NumPy random generator.
            masks: None, or (B, H, W, 1), 1 = known, 0 = hole, one per image.

        Returns:
            uint8 images of the same shape; with masks (images, masks), the masks float32 and still only 0
            and 1.
        """
        images = as_array("images", images)
        _check_batch(images, rng)
        # New for each batch: a pipeline keeps its random state, which workers would share.
        pipeline = self._pipeline()
        pipeline.seed_(int(rng.integers(2**31)))
        if masks is None:
            return pipeline(images=images)
        masks = as_array("masks", masks)
        if masks.shape != (*images.shape[:3], 1):
            raise ValueError(f"masks of shape {masks.shape}: expected {(*images.shape[:3], 1)}")
        holes = (masks < 0.5).astype("int32")  # 0 is known, as are pixels from outside
        images, holes = pipeline(images=images, segmentation_maps=holes)
        return images, 1 - holes.astype("float32")

    def _pipeline(self):
        iaa = _import_imgaug()
        affine = {
            "rotate": (-self.rotation, self.rotation),
            "scale": (1 - self.zoom, 1 + self.zoom),
            "translate_percent": dict.fromkeys("xy", (-self.shift, self.shift)),
            "shear": (-self.shear, self.shear),
        }
        hue = round(self.hue * 255 / 180)  # imgaug counts 255 to half a circle
        steps = [
            self.flip and iaa.Fliplr(0.5),
            self.flip_vertical and iaa.Flipud(0.5),
            self.crop_and_pad and iaa.CropAndPad(percent=(-self.crop_and_pad, self.crop_and_pad)),
            (self.rotation or self.zoom or self.shift or self.shear) and iaa.Affine(**affine),
            self.brightness and iaa.Multiply((1 - self.brightness, 1 + self.brightness)),
            hue and iaa.AddToHue((-hue, hue)),
            self.saturation and iaa.MultiplySaturation((1 - self.saturation, 1 + self.saturation)),
            self.blur and iaa.GaussianBlur((0, self.blur)),
        ]
        return iaa.Sequential([step for step in steps if step])


def _check_batch(images, rng):
    """Raises ValueError unless images are uint8 (B, H, W, 3), and rng is a NumPy random generator."""
    check_type("images", images, np.ndarray, "a uint8 array (B, H, W, 3)")
    check_type("rng", rng, np.random.Generator, "a NumPy random generator")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"images {images.dtype} of shape {images.shape}: expected uint8 (B, H, W, 3)")


def faces() -> Augment:
    """A mild preset for faces: mirrored, a little turned and cropped, brighter or darker.

    Returns:
        an `Augment`.

    Example:
        >>> import inpaintkit as ik
        >>> ik.data.faces()
        Augment(flip=True, rotation=10, crop_and_pad=0.05, brightness=0.2)
    """
    return Augment(flip=True, rotation=10, crop_and_pad=0.05, brightness=0.2)


def check_augmented(changed, images):
    """Checks what an augment function made of uint8 images (B, H, W, 3), and returns it as an array.

    Raises:
        ValueError: another type, shape or range.
    """
    expected = f"expected a uint8 array of shape {images.shape} in 0…255, as it was given"
    array = np.asarray(changed)
    if array.shape != images.shape or array.dtype != np.uint8 or array.max() <= 1 < images.max():
        came = f"{type(changed).__name__} of {array.dtype} and shape {array.shape} up to {array.max()}"
        advice = 'of floats x in [0, 1] make np.rint(255 * x).astype("uint8"), and resize what was cropped'
        raise ValueError(f"augment returned {came}: {expected}; {advice}")
    return array


def _import_imgaug():
    """`imgaug.augmenters`, imported at first use.

    imgaug 0.4.0, its last version, reads `np.sctypes` when it is imported, which NumPy 2 no longer has. We
    add that table for the import only; then NumPy is as it was before.
    """
    missing = not hasattr(np, "sctypes")
    if missing:
        codes = {"float": "efd", "int": "bhil", "uint": "BHIL"}
        vars(np)["sctypes"] = {name: [np.dtype(code).type for code in codes[name]] for name in codes}
    try:
        import imgaug.augmenters as iaa
    except ImportError as error:
        raise ValueError(f"augmentation needs imgaug: pip install imgaug==0.4.0 ({error})") from error
    finally:
        if missing:
            vars(np).pop("sctypes", None)  # another thread may have removed it
    return iaa
