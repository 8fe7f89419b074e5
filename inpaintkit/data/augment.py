"""More images out of few: flips, turns, crops, other light, with imgaug.

One call changes images and, where each has a mask of its own, the masks with them: geometry moves both
alike, light and colour touch the images alone. So a mask cannot be cropped apart from its image, as it
was in one of the studied works.

    ik.data.pairs(train, holes, augment=ik.data.Augment(flip=True, rotation=10, brightness=0.2))
"""

from dataclasses import dataclass, fields

import numpy as np


def symmetries(images, rng):
    """Turns each square image by a multiple of 90 degrees and flips half of them: eight views, and exact.

    For images without an up and down. Uint8 (B, H, H, 3) and a NumPy generator to uint8 (B, H, H, 3).

    Raises:
        ValueError: images that are not square.
    """
    if images.shape[1] != images.shape[2]:
        raise ValueError(f"images of shape {images.shape}: expected square ones, (B, H, H, 3)")
    turns, flips = rng.integers(0, 4, len(images)), rng.random(len(images)) < 0.5
    views = [np.rot90(x[::-1] if flip else x, k) for x, k, flip in zip(images, turns, flips, strict=True)]
    return np.stack(views)


@dataclass(frozen=True)
class Augment:
    """Random changes, drawn anew for each image; 0 and False leave a thing as it is.

    Called as `augment(images, rng)`, or `augment(images, rng, masks)` for masks that belong to their
    images. The same generator gives the same result, in any process or thread. What geometry brings into
    the frame from outside is black, and known.

    Args:
        flip: left and right change sides in half of the images.
        flip_vertical: top and bottom too.
        rotation: up to so many degrees to either side.
        crop_and_pad: up to this share of the image is cut off, or added in black, at each side; then it is
            resized to what it was.
        zoom: larger or smaller by up to this share.
        shift: moved by up to this share of the image, across and down.
        shear: slanted by up to so many degrees.
        brightness: brighter or darker by up to this share.
        hue: colours turned by up to so many degrees of the circle.
        saturation: more or less colourful by up to this share.
        blur: Gaussian, up to this σ in pixels.

    Raises:
        ValueError: a setting under 0, a share of 1 or more, nothing to do; images that are not uint8
            (B, H, W, 3), masks of another size.

    Example: `Augment(flip=True)(images, np.random.default_rng(0))` is uint8 (B, H, W, 3).

    Source: imgaug 0.4.0 (Jung et al. 2020).
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
        shares = {"crop_and_pad": 0.5, "zoom": 1, "shift": 1, "brightness": 1, "saturation": 1}
        most = {"rotation": 180, "shear": 60, "hue": 180, "blur": 100} | shares
        for name, top in most.items():
            value = getattr(self, name)
            if not 0 <= value <= top or (name in shares and value == top):
                raise ValueError(f"{name}={value!r}: expected 0 to {top}")
        if not any(getattr(self, field.name) for field in fields(self)):
            raise ValueError("nothing to change: set one at least, such as flip=True or rotation=10")
        _imgaug()  # a missing library shows now

    def __repr__(self):
        changed = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}
        return f"Augment({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def __call__(self, images, rng, masks=None):
        """Changes a batch.

        Args:
            images: uint8 (B, H, W, 3).
            rng: a NumPy random generator.
            masks: None, or (B, H, W, 1), 1 = known, 0 = hole, one that belongs to each image.

        Returns:
            uint8 images of the same shape; with masks (images, masks), the masks float32 and still of
            0 and 1.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
            raise ValueError(f"images {images.dtype} of shape {images.shape}: expected uint8 (B, H, W, 3)")
        # New for each batch, since a pipeline remembers its random state, and workers would share it.
        pipeline = self._pipeline()
        pipeline.seed_(int(rng.integers(2**31)))
        if masks is None:
            return pipeline(images=images)
        if np.shape(masks) != (*images.shape[:3], 1):
            raise ValueError(f"masks of shape {np.shape(masks)}: expected {(*images.shape[:3], 1)}")
        holes = (np.asarray(masks) < 0.5).astype("int32")  # 0, what is brought in, is known
        images, holes = pipeline(images=images, segmentation_maps=holes)
        return images, 1 - holes.astype("float32")

    def _pipeline(self):
        iaa = _imgaug()
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


def faces():
    """A mild recipe for faces: mirrored, a little turned and cropped, in other light."""
    return Augment(flip=True, rotation=10, crop_and_pad=0.05, brightness=0.2)


def check_augmented(changed, images):
    """What an augment function made of uint8 images (B, H, W, 3), if it is what a batch needs.

    Raises:
        ValueError: another type, shape or range.
    """
    expected = f"expected a uint8 array of shape {images.shape} in 0…255, as it was given"
    changed = np.asarray(changed) if hasattr(changed, "__array__") else changed
    if not isinstance(changed, np.ndarray):
        raise ValueError(f"augment returned {type(changed).__name__}: {expected}")
    came = f"augment returned {changed.dtype} of shape {changed.shape}"
    if changed.shape != images.shape:
        raise ValueError(f"{came}: {expected}; resize what was cropped")
    if changed.dtype.kind in "iuf":
        came += f" in {changed.min():.4g} to {changed.max():.4g}"
    if changed.dtype.kind == "f" and changed.max() <= 1:
        raise ValueError(f'{came}: {expected}; for that, np.rint(255 * x).astype("uint8")')
    if changed.dtype != np.uint8:
        raise ValueError(f'{came}: {expected}; for that, np.rint(x).clip(0, 255).astype("uint8")')
    if changed.max() <= 1 < images.max():
        raise ValueError(f"{came}, almost black: {expected}; scale to 255 before making it uint8")
    return changed


def _imgaug():
    """`imgaug.augmenters`, imported at first use.

    imgaug 0.4.0, its last version, reads `np.sctypes` when it is imported, which NumPy 2 has no more. It is
    lent the table for that moment; NumPy itself is left as it was.
    """
    lent = not hasattr(np, "sctypes")
    if lent:
        kinds = {"float": "efd", "int": "bhil", "uint": "BHIL"}
        vars(np)["sctypes"] = {kind: [np.dtype(code).type for code in codes] for kind, codes in kinds.items()}
    try:
        import imgaug.augmenters as iaa
    except ImportError as error:
        raise ValueError(f"augmentation needs imgaug: pip install imgaug==0.4.0 ({error})") from error
    finally:
        if lent:
            vars(np).pop("sctypes", None)  # another thread may have been here
    return iaa
