"""The options of the command line, each defined once: `demo`, `train` and `compare` speak one language."""

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[
    str,
    typer.Option(
        help="'photos' (built in), cifar10, celeb_a, tfds:<name>, or a folder, zip or .npz of images."
    ),
]
ImageSize = Annotated[str, typer.Option(help="Pixels, or HEIGHTxWIDTH, such as 112x96; at least 16.")]
Masks = Annotated[
    str,
    typer.Option(
        help="lines, rectangles, strokes, ellipses, polygons, scratches, text, center, border, grid, thin, "
        "medium or thick; or with settings: 'Lines(count=7, thickness=(1, 11))', 'Mixture([lines, text])'."
    ),
]
MaskRatio = Annotated[
    tuple[float, float] | None,
    typer.Option(
        help="Least and most share of the image missing [default: 0.1 0.3, unless --masks has settings].",
        show_default=False,
    ),
]
Model = Annotated[
    str,
    typer.Option(
        help="prefilled_unet, unet, pconv_unet, pconv_unet_double, autoencoder, skip_autoencoder, "
        "coarse_to_fine."
    ),
]
Epochs = Annotated[int, typer.Option(help="Most passes over the training images.", min=1)]
Minutes = Annotated[float | None, typer.Option(help="Most minutes to train for.", min=0.01)]
BatchSize = Annotated[int, typer.Option(help="Images a training step.", min=1)]
LearningRate = Annotated[float, typer.Option(help="Of Adam, at the start.", min=1e-7)]
Patience = Annotated[int, typer.Option(help="Epochs without improvement before training stops.", min=1)]
Seed = Annotated[int, typer.Option(help="Of weights, order, holes and intervals.", min=0)]
Classical = Annotated[
    str, typer.Option(help="Classical methods: quick, all (minutes), or some of them: 'telea,patchmatch'.")
]
MetricDefinition = Annotated[
    str, typer.Option(help="What PSNR, SSIM and L1 mean: tf, scikit-image, edgeconnect or mmagic.")
]
PerceptualMetrics = Annotated[
    str | None, typer.Option(help="Also measure: all, or some of feature_distance,lpips,fid,kid.")
]
Weights = Annotated[
    list[str] | None,
    typer.Option(help="A weights file for --perceptual, such as inception=FILE; more than once for more."),
]
Count = Annotated[int | None, typer.Option(help="Compare on at most this many images.", min=1)]
Runs = Annotated[Path, typer.Option(help="Where the folder of results is made.")]
Resume = Annotated[
    Path | None, typer.Option(help="Goes on with a comparison that was cut off: its folder, alone.")
]
Networks = Annotated[
    list[Path] | None,
    typer.Option(
        "--model",
        help="A trained network, .keras, or one that ships: photos, faces; more than once for more.",
    ),
]
