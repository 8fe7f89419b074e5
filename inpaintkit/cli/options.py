"""The options of the command line, each defined once: it means the same in `demo`, `train` and `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from inpaintkit.masks import GENERATORS
from inpaintkit.pretrained import NAMES

# The functions of ik.models that fill holes, by name: importing them takes seconds, too long for --help.
NETWORKS = (
    "prefilled_unet", "residual_unet", "unet", "pconv_unet", "pconv_unet16", "pconv_unet_double",
    "autoencoder", "skip_autoencoder", "coarse_to_fine",
)  # fmt: skip
_MASK_NAMES = [generator.__name__.lower() for generator in GENERATORS[:-3]]  # the last three need settings

Preset = Annotated[
    str | None,
    typer.Option(
        help=f"The recipe of weights that ship: {', '.join(NAMES)}. It sets image size, masks, network, "
        "batch size and learning rate."
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        help=f"With --preset: trained weights to begin with, {', '.join(NAMES)} or a .keras file. The "
        "learning rate is then half as high."
    ),
]
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
Devices = Annotated[
    str, typer.Option(help="How many GPUs share each batch: a number, or all. Under TensorFlow and JAX.")
]
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
ResumeTraining = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        help="Continues the interrupted training in this folder, which may be a copy from another machine. "
        "Of the other options give only what has changed: --source and --start, where files are now, "
        "--epochs and --minutes.",
    ),
]
TrainedNetworks = Annotated[
    list[Path] | None,
    typer.Option(
        "--model",
        help=f"A trained network: a .keras or .onnx file, or one of {', '.join(NAMES)}. May be repeated.",
    ),
]
HoleValue = Annotated[
    float | None,
    typer.Option(
        help="Of .onnx files: the mask's value in the hole, 1, 0, 255, -0.5 or 0.5 [default: from a trial].",
        show_default=False,
    ),
]
ImageRange = Annotated[
    int | None,
    typer.Option(
        help="Of .onnx files: pixels go in as 0 to 1 (say 1), 0 to 255 (say 255) or -1 to 1 (say -1) "
        "[default: found by a trial].",
        show_default=False,
    ),
]
OutputRange = Annotated[
    int | None,
    typer.Option(
        help="Of .onnx files: how pixels come out, as for --image-range [default: found by a trial].",
        show_default=False,
    ),
]
ExportedNetwork = Annotated[
    str, typer.Argument(help=f"A .keras file, or weights that ship: {', '.join(NAMES)}.", show_default=False)
]
ExportFormat = Annotated[str, typer.Option("--format", help="tf (SavedModel), onnx or litert.")]
ExportTarget = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File or, for tf, new folder [default: the network's name, in this folder].",
        show_default=False,
    ),
]
FixedSize = Annotated[
    str | None,
    typer.Option(
        "--image-size",
        help="For images of this size only: pixels, or HEIGHTxWIDTH. Needed for litert and OpenCV's dnn.",
    ),
]
ServedFiles = Annotated[
    list[Path] | None,
    typer.Option("--model", help="A .keras or .onnx file to offer, too. May be repeated."),
]
Host = Annotated[
    str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in, without a password.")
]
Port = Annotated[int, typer.Option(help="Port of page and HTTP interface; 0 takes a free one.")]
Workers = Annotated[int, typer.Option(help="Fills that run at once.", min=1)]
Seconds = Annotated[float, typer.Option(help="Time limit of one fill.", min=1)]

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
ScratchPolarity = Annotated[
    str, typer.Option(help="Which scratches --scratches looks for: both, bright or dark (fewer mistakes).")
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
Note = Annotated[
    bool,
    typer.Option("--note", help="Writes into the file's metadata (XMP) that it was filled, and by what."),
]
