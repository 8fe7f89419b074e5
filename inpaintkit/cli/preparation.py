"""What the commands read from their options: image size, mask generator, trained networks, a new folder."""

import json
import time
import zipfile

from inpaintkit.files import replacing

ONNX_OPTIONS = ("hole_value", "image_range", "output_range")
DEFAULT_RATIO = (0.1, 0.3)  # of the image that is missing


def mask_generator(masks, mask_ratio):
    """The mask generator of --masks and --mask-ratio."""
    from inpaintkit.masks import parse

    generator = parse(masks)
    if mask_ratio is None and "(" not in masks and hasattr(generator, "hole_ratio"):
        mask_ratio = DEFAULT_RATIO
    return generator if mask_ratio is None else generator.with_ratio(mask_ratio)


def parse_size(text):
    """(height, width) of --image-size."""
    from inpaintkit.images import size_pair

    sides = text.lower().split("x")
    if not all(side.isdecimal() for side in sides):
        raise ValueError(f"--image-size {text!r}: expected pixels or HEIGHTxWIDTH, such as 64 or 112x96")
    return size_pair([int(side) for side in sides] if len(sides) > 1 else int(text))


def onnx_conventions(settings):
    """{name: value} of --hole-value, --image-range and --output-range, as far as they are said."""
    return {name: settings[name] for name in ONNX_OPTIONS if settings[name] is not None}


def load_networks(paths, option="--model", onnx=None):
    """Trained networks by name, from files or from the weights that ship.

    Args:
        paths: files or names. option: for messages. onnx: `onnx_conventions`, or None if .onnx is no choice.
    """
    from inpaintkit import pretrained, training

    networks = {}
    if onnx and not any(str(path).lower().endswith(".onnx") for path in paths):
        raise ValueError(f"{', '.join(onnx)}: options of .onnx files, and {option} has none")
    for path in map(str, paths):
        if onnx is not None and path.lower().endswith(".onnx"):
            from inpaintkit.inpainting import find_method

            network = find_method(path, **onnx)
            print(f"{path}: {network.convention}")
            networks[_free_name(network.__name__, path, networks)] = network
            continue
        if path in pretrained.NAMES:
            networks[path] = pretrained.load(path)
            continue
        try:
            network = training.load_model(path, compile=False)  # filling holes needs no loss
        except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f"{option} {path}: cannot be loaded ({reason}): expected a .keras file, as "
                f"`inpaintkit train` saves it, or weights that ship: {', '.join(pretrained.NAMES)}"
            ) from error
        networks[_free_name(network.name, path, networks)] = network
    return networks


def _free_name(name, path, networks):
    return f"{name} ({path})" if name in networks else name


def new_folder(runs, command, holes, settings):
    """Creates runs/<command>-<date>-<time> with the settings in it."""
    import keras
    import numpy

    import inpaintkit

    name = f"{command}-{time.strftime('%Y%m%d-%H%M%S')}"
    earlier = len(list(runs.glob(f"{name}*")))  # two commands may start in the same second
    folder = runs / (f"{name}-{earlier + 1}" if earlier else name)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ValueError(f"{folder}: cannot be created ({error}): choose another --runs") from error
    record = {"command": command, **settings, "masks": repr(holes), "backend": keras.backend.backend()}
    record["versions"] = {module.__name__: module.__version__ for module in (inpaintkit, keras, numpy)}
    with replacing(folder / "settings.json") as part:
        part.write_text(json.dumps(record, indent=2, default=str) + "\n", "utf-8")
    return folder


def given_options(context, names):
    """Those of the options that the user has given, {name: option as it is typed}."""
    given = [name for name in names if context.get_parameter_source(name).name != "DEFAULT"]
    return {name: f"--{name.replace('_', '-')}" for name in given}


def resumed_settings(folder, context, settings, may_change=()):
    """The settings of the interrupted command in a folder; only options that may change may be given."""
    given = given_options(context, settings)
    if extra := [given[name] for name in given if name not in may_change]:
        raise ValueError(f"--resume takes all settings from its folder: leave out {', '.join(extra)}")
    command = context.info_name
    try:
        # Older comparisons have no options of .onnx files, older trainings no devices.
        saved = {**dict.fromkeys(ONNX_OPTIONS), "devices": "1"} | json.loads(
            (folder / "settings.json").read_text("utf-8")
        )
        if saved["command"] != command:
            raise ValueError(f"it is of `inpaintkit {saved['command']}`")
        return {name: settings[name] if name in given else saved[name] for name in settings}
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"--resume {folder}: expected the folder of a {command} run ({error})") from error
