"""What the commands prepare before any work: settings, images, masks, networks, folders."""

import itertools
import json
import time
import zipfile


def _kind(masks, mask_ratio):
    from inpaintkit.masks import parse

    kind = parse(masks)
    if mask_ratio is None and "(" not in masks and "hole_ratio" in kind.__dataclass_fields__:
        mask_ratio = (0.1, 0.3)
    return kind if mask_ratio is None else kind.with_ratio(mask_ratio)


def _size(text):
    from inpaintkit.images import size_pair

    sides = text.lower().split("x")
    if not all(side.isdecimal() for side in sides):
        raise ValueError(f"--image-size {text!r}: expected pixels or HEIGHTxWIDTH, such as 64 or 112x96")
    return size_pair([int(side) for side in sides] if len(sides) > 1 else int(text))


def _training_data(source, image_size, masks, mask_ratio, batch_size, seed):
    from inpaintkit import data

    size, kind = _size(image_size), _kind(masks, mask_ratio)
    # Few photographs, seen from all sides: 0.24 dB on the test crops after the demo's minutes.
    views = data.symmetries if source == "photos" and size[0] == size[1] else None
    kind.sample(1, *size, seed)  # a ratio that these pixels cannot give shows now
    images = {split: data.images(source, split, size) for split in ("train", "val")}
    for split, all_images in images.items():
        print(f"{split:>5}: {len(all_images):,} images of {size[0]}×{size[1]} from {source}")
    return (
        data.pairs(images["train"], kind, batch_size, augment=views, seed=seed),
        data.pairs(images["val"], kind, batch_size, shuffle=False, seed=seed),
        kind,
    )


def _inpainter(model, learning_rate, seed):
    import keras

    from inpaintkit import losses, models, training

    networks = {
        "unet": lambda: models.unet(normalization=None, prefill=True),
        "pconv_unet": models.pconv_unet,
        "autoencoder": lambda: models.autoencoder((None, None, 3)),
        "skip_autoencoder": lambda: models.skip_autoencoder((None, None, 3)),
        "pconv_unet_double": models.pconv_unet_double,
        "coarse_to_fine": models.coarse_to_fine,
    }
    if model not in networks:
        raise ValueError(f"--model {model!r}: expected one of {', '.join(networks)}")
    keras.utils.set_random_seed(seed)
    inpainter = training.Inpainter(networks[model](), name=model)
    inpainter.compile(keras.optimizers.Adam(learning_rate), losses.HoleValidLoss())
    print(f"model: {model}, {inpainter.count_params():,} parameters")
    return inpainter


def _load(paths):
    """Trained networks by their names; where two share one, by file as well."""
    from inpaintkit import pretrained, training

    networks = {}
    for path in paths:
        if str(path) in pretrained.NAMES:
            networks[str(path)] = pretrained.load(str(path))
            continue
        if not path.is_file() or path.suffix != ".keras":
            raise ValueError(
                f"--model {path}: expected a trained network, a .keras file such as train "
                f"saves, or one that ships: {', '.join(pretrained.NAMES)}"
            )
        try:
            network = training.load_model(path, compile=False)  # to fill holes, it needs no loss
        except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(f"--model {path}: not a network that this kit can load ({reason})") from error
        networks[f"{network.name} ({path})" if network.name in networks else network.name] = network
    return networks


def _new_folder(runs, command, kind, settings):
    """Makes runs/<command>-<date>-<time>, and writes down in it what was asked for."""
    import keras
    import numpy

    import inpaintkit

    name = f"{command}-{time.strftime('%Y%m%d-%H%M%S')}"
    for attempt in itertools.count(1):  # two runs may start in one second
        folder = runs / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise ValueError(
                f"{folder}: cannot be made ({error}); choose another place with --runs"
            ) from error
    versions = {"inpaintkit": inpaintkit.__version__, "keras": keras.__version__, "numpy": numpy.__version__}
    record = {"command": command, **settings, "masks": repr(kind), "backend": keras.backend.backend()}
    text = json.dumps({**record, "versions": versions}, indent=2, default=str)
    (folder / "settings.json").write_text(text + "\n", "utf-8")
    return folder


def _resumed(folder, context, settings):
    """The settings of a comparison that was cut off, as its folder has them."""
    given = [name for name in settings if context.get_parameter_source(name).name != "DEFAULT"]
    if given:
        words = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ValueError(f"--resume takes all settings from its folder: leave out {words}")
    try:
        kept = json.loads((folder / "settings.json").read_text("utf-8"))
        if kept["command"] != "compare":
            raise ValueError(f"this is one of {kept['command']}")
        return {name: kept[name] for name in settings}
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"--resume {folder}: expected the folder of a comparison ({error})") from error


def _classical(words):
    from inpaintkit import baselines

    if words in ("quick", "all"):
        return baselines.CLASSICAL if words == "quick" else baselines.ALL
    named = {method.__name__: (title, method) for title, method in baselines.ALL.items()}
    unknown = [word for word in words.split(",") if word not in named]
    if unknown:
        raise ValueError(f"--classical {words!r}: expected quick, all, or some of {','.join(named)}")
    return dict(named[word] for word in words.split(","))


def _perceptual(words, weights):
    if words is None:
        return None
    from inpaintkit import metrics

    pairs = [word.partition("=") for word in weights or []]
    if not all(path for _, _, path in pairs):
        raise ValueError(f"--weights {weights}: expected NAME=FILE, such as inception=inception_v3.h5")
    names = metrics.NAMES if words == "all" else words.split(",")
    return metrics.PerceptualMetrics(names, {name: path for name, _, path in pairs} or None)
