"""`Inpainter`: a network over `[image, mask]` whose losses and metrics know the hole; and loading it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from os import PathLike
from typing import Any

import keras

from inpaintkit import layers  # noqa: F401 (with this module, all that a saved network names is known)
from inpaintkit.serialization import serializable
from inpaintkit.training.hole_aware import HoleAware


def like_functional(init):
    """Decorates an `__init__`, so that Keras saves the model as a functional one: it looks at the arguments.

    It expects `*args, **kwargs`; from 3.15 on, `inputs, outputs, name` would do.
    """

    return functools.wraps(init)(lambda self, *args, **kwargs: init(self, *args, **kwargs))


@serializable
class Inpainter(HoleAware, keras.Model):
    """A network over `[image, mask]` that trains with losses and metrics that know the hole.

    It shares its weights with the network. A `MaskLoss` gets the mask. `metrics` measure the whole raw
    output, `weighted_metrics` (`PSNR`, `SSIM`, `MAE`, or Keras's own classes) only the hole; by default they
    are `[PSNR("hole_psnr")]`. A sample weight given to `fit` weighs the loss, not these. The terms of a
    `MultiTermLoss`, such as `PConvLoss`, are reported by their names. Saved and loaded (`ik.load_model`), it
    comes back compiled.

    A network of several stages is trained at each of them: one loss for all, or a list with its
    `loss_weights`; metrics are of the first output. The stages are the network's outputs and those of its
    layers named "coarse", as `ik.models.coarse_to_fine` has one.

    Args:
        inputs: the network, a functional `keras.Model` over `[image, mask]`; or, as for every `keras.Model`,
            its inputs.
        outputs: only with inputs: the output, or a list with one per stage, the final one first.
        name: by default the network's.

    Raises:
        ValueError: a model that is not functional, or does not have two inputs; in `fit`, `evaluate`,
            `predict` and their `…_on_batch`, arrays of a wrong shape, masks of other values than 0 and 1,
            known pixels or target images outside [0, 1] or NaN. Masks may be of any type, such as bool.

    Warns:
        UserWarning: `evaluate`, `predict` or `validation_data` with a shuffled `Pairs`, which has other
            holes each time.

    Example:
        >>> import inpaintkit as ik
        >>> model = ik.Inpainter(ik.models.pconv_unet(filters=(4, 8)))
        >>> model.compile("adam", ik.losses.HoleValidLoss())
        >>> model.name, model.metric_names
        ('pconv_unet', ['hole_psnr'])
    """

    @like_functional
    def __init__(
        self,
        inputs: keras.Model | Sequence,
        outputs: Sequence | keras.KerasTensor | None = None,
        name: str | None = None,
        **kwargs,
    ):  # by these names Keras rebuilds a saved one
        if outputs is None:
            network: Any = inputs
            if len(getattr(network, "inputs", None) or []) != 2:
                expected = "expected a functional keras.Model over [image, mask]"
                raise ValueError(f"Inpainter({network!r}): {expected}")
            inputs, outputs, name = network.inputs, stages(network), name or network.name
        super().__init__(inputs, outputs, name=name, **kwargs)


def stages(network):
    """The output of a network; where it has several stages, a list of their outputs, the final one first."""
    coarse = [layer.output for layer in network.layers if layer.name == "coarse"]
    earlier = [output for output in coarse if not any(output is known for known in network.outputs)]
    return [*network.outputs, *earlier] if earlier else network.output


def load_model(path: str | PathLike, compile: bool = True) -> keras.Model:
    """Loads a saved network, as `keras.saving.load_model`, which does not know this kit's classes by itself.

    Args:
        path: a `.keras` file.
        compile: False to use a network without its loss, whose feature weights may not be on this machine.

    Returns:
        the `keras.Model`, compiled if it was.

    Raises:
        ValueError: no such file, or one that cannot be loaded; the message says why.

    Example:
        >>> import tempfile
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ik.models.pconv_unet(filters=(4, 8)).save(f"{folder}/network.keras")
        ...     ik.load_model(f"{folder}/network.keras").name
        'pconv_unet'
    """
    try:
        network = keras.saving.load_model(path, compile=compile)
    except Exception as error:  # Keras, HDF5 and zip each have errors of their own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        expected = "expected a .keras file, as `model.save` or `inpaintkit train` saves it"
        raise ValueError(f"{path}: cannot be loaded ({reason}): {expected}") from error
    if getattr(network, "inputs", None):
        network(network.inputs)  # computes nothing, but Keras exports to ONNX only what was called once
    return network
