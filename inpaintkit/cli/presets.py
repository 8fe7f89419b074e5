"""The training that `train --preset` runs: its recipe in words, its table and its weight file."""

import platform

from inpaintkit.checks import check_choice
from inpaintkit.cli.preparation import given_options, load_networks
from inpaintkit.cli.training import Training
from inpaintkit.pretrained import NAMES

SET_BY_PRESET = ("image_size", "masks", "mask_ratio", "model", "batch_size", "learning_rate", "patience")


def preset_settings(context, settings):
    """The settings of `train`, checked; with --preset, epochs and minutes that were not given are its own."""
    name, start = settings["preset"], settings["start"]
    if name is None:
        if start:
            raise ValueError(f"--start {start} without --preset: expected one of {', '.join(NAMES)}")
        return settings
    check_choice("--preset", name, NAMES)
    if given := given_options(context, SET_BY_PRESET):
        raise ValueError(f"--preset {name} sets these itself: leave out {', '.join(given.values())}")
    from inpaintkit import training

    if not given_options(context, ["epochs"]):
        minutes = settings["minutes"] or training.PRESETS[name].minutes
        settings = {**settings, "epochs": training.MAX_EPOCHS, "minutes": minutes}
    return settings


def prepare_preset(settings):
    """The `Training` of --preset, from {name: value} of the options of `train`."""
    import keras

    from inpaintkit import training

    name, minutes, seed = settings["preset"], settings["minutes"], settings["seed"]
    preset = training.PRESETS[name]
    keras.utils.set_random_seed(seed)
    start = [settings["start"]] if settings["start"] else []
    (start,) = load_networks(start, "--start").values() or (None,)
    inpainter = preset.build(start, name)
    train, val = preset.batches(settings["source"], seed)
    recipe = preset.in_words()
    if start is not None:
        recipe["schedule"] += f"; began with the weights of {settings['start']}, at a third of that rate"
    limit = f"{minutes:g} minutes" if minutes else f"{settings['epochs']} epochs of {len(train)} steps"
    print("\n".join([f"preset {name}, {limit}", *(f"  {key}: {text}" for key, text in recipe.items())]))

    def finish(folder, inpainter):
        _report(folder, name, preset, inpainter, settings, recipe)

    return Training(
        inpainter,
        train,
        val,
        train.masks[0],
        settings["epochs"],
        lambda folder: preset.callbacks(folder, minutes, val),
        finish,
        str(preset.image_size),
        next(iter(preset.validation.values())),
    )


def _report(folder, name, preset, inpainter, settings, recipe):
    """Prints hole PSNR by kind of hole, and saves the weights and their card as `ik.load` reads them."""
    import keras
    import pandas

    from inpaintkit import data, pretrained

    images = data.images(settings["source"], "val", preset.image_size, 60)
    about = {
        **recipe,
        "network": "residual_unet",
        "arguments": {"filters": preset.filters},
        "data": f"{settings['source']}, split train; {len(images)} images of split val",
        "terms": "not known here: those of the training images",
        "steps": int(keras.ops.convert_to_numpy(inpainter.optimizer.iterations)),
        "machine": f"{platform.machine()}, Keras {keras.__version__} with {keras.backend.backend()}",
    }
    pretrained.save(folder / "weights", name, inpainter, about)  # so nothing is lost while they are measured
    results = validation_results(name, preset, inpainter, images, settings["seed"])
    print(f"\nHole PSNR in dB, {len(images)} validation images:\n{pandas.DataFrame(results).to_markdown()}")
    about["results"] = {"validation, hole PSNR in dB": results}
    pretrained.save(folder / "weights", name, inpainter, about)
    print(f"Weights and card of {about['steps']:,} steps: {folder / 'weights' / name}.npz and .json")


def validation_results(name, preset, network, images, seed=0):
    """{kind of hole: {method: hole PSNR in dB}} of biharmonic, heat, and a network untrained and trained.

    Args:
        name: of the network in the result. preset: its `Preset`, which says the kinds of holes.
        images: `ik.data.Images`. seed: of the holes.
    """
    from inpaintkit import baselines, data, evaluation

    methods = {"biharmonic": baselines.biharmonic, "heat": baselines.heat}
    methods |= {"untrained": evaluation.untrained(network), name: network}
    results = {}
    for holes, generator in preset.validation.items():
        pairs = data.pairs(images, generator, preset.batch_size, shuffle=False, seed=seed)
        results[holes] = {method: round(evaluation.hole_psnr(m, pairs), 2) for method, m in methods.items()}
    return results
