"""Frozen networks whose activations the perceptual and style losses, FID and KID compare.

A network that was trained to classify photographs responds to texture, where a pixel error sees only noise.
Liu et al. 2018, eq. 3–5, compare two images by their activations in pool1, pool2 and pool3 of VGG16.

Where we differ: Gatys et al. 2016 ran VGG-19 (their "normalised" weights load here) with reflection
padding; here every network pads with zeros, as it was trained.
"""

import os
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from inpaintkit.checks import check_choice, is_number
from inpaintkit.serialization import serializable

FEATURE_LAYERS = {  # network: the layers whose outputs are the features
    "vgg16": ("block1_pool", "block2_pool", "block3_pool"),
    "vgg19": ("block1_pool", "block2_pool", "block3_conv1"),
    "squeezenet": ("conv1", "fire3", "fire5"),
}
BGR_MEAN = np.array([103.939, 116.779, 123.68], "float32")  # of ImageNet's pixels in 0…255
IMAGENET_STD = 57.6  # standard deviation of ImageNet's pixels in 0…255


@serializable
class Features:
    """The activations of a frozen network: `Features("vgg16")(images)` is a list of feature maps.

        network      features, for images (B, H, W, 3)
        vgg16        pool1, pool2, pool3: (B, H/2, W/2, 64), (B, H/4, W/4, 128), (B, H/8, W/8, 256)
        vgg19        pool1, pool2, relu3_1: the same, but the last is (B, H/4, W/4, 256)
        squeezenet   SqueezeNet 1.1, relu of conv1, fire3, fire5: as vgg16, but one pixel smaller, with 1/14
                     of its parameters

    Not a Keras layer on purpose: its weights are neither trained nor saved with the model. It computes in
    float32 under every policy: activations reach thousands, and a style loss squares them.

    Args:
        network: "vgg16", "vgg19" or "squeezenet".
        weights: path of a weights file: Keras's own without the top (`…_notop.h5`), a `.weights.h5` or
            `.keras` of the same layers, or an `.npz` with `block1_conv1/kernel` (height, width, in,
            out), `block1_conv1/bias` and so on, at least up to the last feature layer. None: ImageNet's from
            ~/.keras/models, downloaded at first use. SqueezeNet needs a file.
        scale: the activations are divided by it, above 0. These networks were trained on images in 0…255,
            that of Liu et al. on images with standard deviation 1: the default brings the activations near
            theirs, for which the weights of `PConvLoss` were found (without it, a style loss is 3,300 times
            as large). 1 for Gatys's normalised VGG-19, whose activations average 1 by themselves.

    Raises:
        ValueError: an unknown network; a scale of 0 or less; weights that are missing or do not fit; images
            of another shape than (B, H, W, 3), or under 16 pixels per side.

    Source: Simonyan and Zisserman 2015 (VGG); Iandola et al. 2016 (SqueezeNet).

    Example:
        >>> import inpaintkit as ik
        >>> features = ik.features.Features("vgg16")  # doctest: +SKIP
        >>> [x.shape for x in features(np.zeros((1, 64, 64, 3)))]  # doctest: +SKIP
        [(1, 32, 32, 64), (1, 16, 16, 128), (1, 8, 8, 256)]
        >>> ik.features.FEATURE_LAYERS["vgg16"]
        ('block1_pool', 'block2_pool', 'block3_pool')
    """

    def __init__(self, network: str = "vgg16", weights: str | None = None, scale: float = IMAGENET_STD):
        check_choice("network", network, FEATURE_LAYERS)
        if not is_number(scale) or scale <= 0:
            raise ValueError(f"scale={scale}: expected above 0")
        self.network, self.weights, self.scale = network, None if weights is None else str(weights), scale
        with _float32():
            self.model = _load(self.network, self.weights)

    def __call__(self, images: Any) -> list:
        """Images (B, H, W, 3) in [0, 1] to a list of feature maps (B, h, w, C), float32, 0 or more."""
        images = ops.cast(images, "float32")
        shape = tuple(images.shape)
        if len(shape) != 4 or shape[-1] != 3 or min(side or 16 for side in shape[1:3]) < 16:
            raise ValueError(f"images of shape {shape}: expected (B, H, W, 3), at least 16 pixels per side")
        # All three networks were trained on BGR, centred but not scaled.
        maps = self.model(ops.subtract(255 * ops.flip(images, axis=-1), BGR_MEAN), training=False)
        return [x / self.scale for x in maps]

    def get_config(self):
        return {"network": self.network, "weights": self.weights, "scale": self.scale}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def inception(weights: str | os.PathLike | None = None) -> Callable:
    """InceptionV3 for FID and KID: `inception()(images)` is one embedding (2048) per image.

    Images of any size are resized to 299×299 (bilinear, antialiased) and passed through keras.applications'
    InceptionV3 up to its global average. Published FIDs use the Inception of 2015 instead: compare our
    numbers only with each other.

    Args:
        weights: path of a Keras file of the network without its top: `…_notop.h5`, `.weights.h5` or
            `.keras`. None: ImageNet's from ~/.keras/models, downloaded at first use.

    Returns:
        a function of images (B, H, W, 3) in [0, 1] to NumPy float32 (B, 2048), all values 0 or more.

    Raises:
        ValueError: weights that are missing or do not fit.

    Source: Szegedy et al. 2016.

    Example:
        >>> import inpaintkit as ik
        >>> ik.features.inception()(np.zeros((2, 64, 64, 3))).shape  # doctest: +SKIP
        (2, 2048)
    """
    path = str(weights or "")
    with _float32():
        model = _application("InceptionV3", path, pooling="avg")
    if path:
        with _naming_the_file(path, "InceptionV3", "a Keras file of all its layers without the top"):
            model.load_weights(os.path.expanduser(path))

    def embed(images):
        embeddings = []
        for i in range(0, len(images), 16):
            batch = ops.cast(images[i : i + 16], "float32")
            batch = ops.image.resize(batch, (299, 299), antialias=True)
            embeddings.append(model.predict_on_batch(2 * batch - 1))
        return np.concatenate(embeddings)

    return embed


@contextmanager
def _float32():
    """Builds networks in float32 under any policy: keras.applications takes no dtype."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


@contextmanager
def _naming_the_file(weights, network, expected):
    """Turns any error while reading weights into a ValueError that names the file."""
    try:
        yield
    except Exception as error:  # HDF5, zip, NumPy and Keras each have errors of their own
        raise ValueError(f"weights={weights!r} do not fit {network}: {error}\nExpected {expected}") from error


def _load(network, weights):
    """The network up to its last feature layer, frozen, as a `keras.Model`; `weights` as in `Features`."""
    names = FEATURE_LAYERS[network]
    whole = _squeezenet(weights) if network == "squeezenet" else _application(network.upper(), weights)
    features = keras.Model(whole.input, [whole.get_layer(name).output for name in names])
    path = os.path.expanduser(weights or "")
    expected = f"a Keras file of all its layers without the top, or an .npz of those up to {names[-1]}"
    with _naming_the_file(weights, network, expected):
        if path.endswith(".npz"):
            with np.load(path, allow_pickle=False) as arrays:
                for layer in features.layers:
                    layer.set_weights([arrays[f"{layer.name}/{v.name}"] for v in layer.weights])
        elif path:
            whole.load_weights(path)
    features.trainable = False
    return features


def _application(name, weights, **options):
    """A network of keras.applications without its top, with ImageNet's weights if no others are given."""
    application = getattr(keras.applications, name)
    try:
        return application(include_top=False, weights=None if weights else "imagenet", **options)
    except Exception as error:  # Keras raises no narrower one for a failed download
        if "URL fetch failure" not in str(error):
            raise
        advice = "Download that file yourself, into ~/.keras/models/, or give its path as `weights`"
        raise ValueError(f"no weights for {name}: {error}\n{advice}") from error


def _squeezenet(weights):
    """SqueezeNet 1.1 without its top, to be filled from a file: Keras has no such application."""
    if not weights:
        file = "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"
        page = "https://github.com/rcmalli/keras-squeezenet/releases"
        raise ValueError(f"no weights for squeezenet: get {file} from {page}; give its path as `weights`")
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(image)  # (B, H/2, W/2, 64)
    for fire, width in enumerate((16, 16, 32, 32, 48, 48, 64, 64), start=2):
        if fire in (2, 4, 6):
            x = layers.MaxPooling2D(3, strides=2)(x)
        x = layers.Conv2D(width, 1, activation="relu", name=f"fire{fire}_squeeze")(x)
        x1 = layers.Conv2D(4 * width, 1, activation="relu", name=f"fire{fire}_expand1")(x)
        x3 = layers.Conv2D(4 * width, 3, padding="same", activation="relu", name=f"fire{fire}_expand3")(x)
        x = layers.Concatenate(name=f"fire{fire}")([x1, x3])  # fire3 (B, H/4, W/4, 128), fire5 (…/8, 256)
    return keras.Model(image, x)
