"""The options of the command line, each defined once: it means the same in `demo`, `train` and `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from inpaintkit.masks import GENERATORS
from inpaintkit.pretrained import NAMES

# The functions of ik.models that fill holes, by name: importing them takes seconds, too long for --help.
NETWORKS = (
    "prefilled_unet",
    "residual_unet",
    "unet",
    "pconv_unet",
    "pconv_unet16",
    "pconv_unet_double",
    "autoencoder",
    "skip_autoencoder",
    "coarse_to_fine",
)
_MASK_NAMES = [generator.__name__.lower() for generator in GENERATORS[:-3]]  # the last three need settings

Source = Annotated[
    str, typer.Option(help="Images: photos, cifar10, celeb_a, tfds:NAME, or a folder, zip or .npz file.")
]
ImageSize = Annotated[str, typer.Option(help="Pixels, or HEIGHTxWIDTH such as 112x96; at least 16.")]
Masks = Annotated[
    str,
    typer.Option(
        help=f"Mask generator: {', '.join(_MASK_NAMES)}; or with settings: "
        "'Lines(count=7, thickness=(1, 11))', 'Mixture([lines, text])'."
    ),
]
MaskRatio = Annotated[
    tuple[float, float] | None,
    typer.Option(
        help="Two numbers: minimum and maximum share of the image that is missing "
        "[default: 0.1 0.3, unless --masks has settings].",
        show_default=False,
    ),
]
Model = Annotated[str, typer.Option(help=f"The network: {', '.join(NETWORKS)}.")]
Epochs = Annotated[int, typer.Option(help="Maximum number of passes over the training images.", min=1)]
Minutes = Annotated[float | None, typer.Option(help="Maximum time to train.", min=0.01)]
BatchSize = Annotated[int, typer.Option(help="Images per training step.", min=1)]
LearningRate = Annotated[float, typer.Option(help="Learning rate of Adam at the start.", min=1e-7)]
Patience = Annotated[int, typer.Option(help="Epochs without improvement before training stops.", min=1)]
Seed = Annotated[int, typer.Option(help="Seed of weights, image order, holes and intervals.", min=0)]
Classical = Annotated[
    str,
    typer.Option(help="Classical methods: quick, all (takes minutes), or names such as telea,patchmatch."),
]
Metrics = Annotated[
    str, typer.Option(help="Definition of PSNR, SSIM and L1: tf, scikit-image, edgeconnect or mmagic.")
]
PerceptualMetrics = Annotated[
    str | None, typer.Option(help="Measure these, too: all, or some of feature_distance,lpips,fid,kid.")
]
Weights = Annotated[
    list[str] | None,
    typer.Option(help="A weights file for --perceptual, such as inception=FILE. May be repeated."),
]
Count = Annotated[int | None, typer.Option(help="Maximum number of images to compare on.", min=1)]
Runs = Annotated[Path, typer.Option(help="The folder in which the folder of results is made.")]
Resume = Annotated[
    Path | None, typer.Option(help="Continues the comparison in this folder. Give no other option.")
]
TrainedNetworks = Annotated[
    list[Path] | None,
    typer.Option(
        "--model", help=f"A trained network: a .keras file, or one of {', '.join(NAMES)}. May be repeated."
    ),
]

# Of `inpaint`
Files = Annotated[list[Path] | None, typer.Argument(help="Images, or folders of images.", show_default=False)]
Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        help="The file to write (.png, .tif, .webp, .jpg), or a folder for several images. PNG, TIFF and "
        "WebP keep known pixels exactly; JPEG compresses the whole image again, with quality 98.",
    ),
]
MaskFiles = Annotated[
    Path | None,
    typer.Option(
        help="A mask file for all images, or a folder with a mask for each: x.png or x_mask.png for x.jpg. "
        "With --video: one mask, or a folder with one per frame, in the order of their names."
    ),
]
Hole = Annotated[
    str,
    typer.Option(
        help="What is to be filled: white or black in the mask file, or alpha: what is transparent in the "
        "mask file, or in the image itself if there is no --mask."
    ),
]
FitMask = Annotated[
    bool, typer.Option("--fit-mask", help="Resizes a mask of another size (nearest neighbour).")
]
Scratches = Annotated[
    bool,
    typer.Option(
        "--scratches",
        help="Finds thin bright or dark scratches, fills them, and saves their mask beside the result.",
    ),
]
Outpaint = Annotated[
    str | None, typer.Option(help="Adds pixels at the borders and fills them, such as left=200,right=200.")
]
Video = Annotated[
    Path | None,
    typer.Option(
        help="A video instead of images. The result is .mkv or .avi (without loss), .mp4 or .mov. Sound is "
        "kept if ffmpeg is installed."
    ),
]
Method = Annotated[
    str,
    typer.Option(
        help=f"A classical method such as telea, biharmonic, heat or patchmatch; weights that ship: "
        f"{', '.join(NAMES)}; or a .keras or .onnx file.",
    ),
]
Blend = Annotated[
    str,
    typer.Option(help="How the fill joins its surroundings: feather, poisson, or none (a hard edge)."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replaces files that exist.")]
