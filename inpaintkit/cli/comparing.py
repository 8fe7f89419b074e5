"""The comparison that `demo` and `compare` run."""

import sys

import typer

from inpaintkit.cli.preparation import parse_size


class Comparison:
    """The test images of a source, their holes and the methods to compare, checked before any work.

    Args:
        holes: the mask generator.
        networks: {name: network}.
        settings: {name: value} of the options of `compare`.
    """

    def __init__(self, holes, networks, settings):
        from inpaintkit import data, evaluation

        source, seed, metrics = settings["source"], settings["seed"], settings["metrics"]
        height, width = parse_size(settings["image_size"])
        images = data.images(source, "test", (height, width), settings["count"])
        methods = {**_classical_methods(settings["classical"]), **networks}
        print(f" test: {len(images):,} images of {height}×{width} from {source}\nholes: {holes}")
        evaluation.validate_comparison(methods, images, holes, metrics, seed)
        self.compared = {"methods": methods, "images": images, "masks": holes, "seed": seed}
        perceptual = _perceptual_metrics(settings["perceptual"], settings["weights"])
        self.measured = {"metrics": metrics, "perceptual": perceptual}

    def run(self, folder):
        """Prints the table, and saves it in the folder with galleries and plots."""
        from inpaintkit import evaluation

        methods, _ = evaluation.with_untrained(self.compared["methods"])
        compared = {**self.compared, "methods": methods}
        names, count = list(methods), len(compared["images"])
        print(f"\nComparing {len(names)} methods on {count} test images …")
        with typer.progressbar(length=len(names) * count, show_pos=True, file=sys.stderr) as bar:

            def progress(name, done, _):
                bar.label = name
                bar.update(names.index(name) * count + done - bar.pos)

            scores = evaluation.score_images(**compared, **self.measured, folder=folder, progress=progress)
        text = evaluation.save_comparison(folder, scores, **compared)
        files = sorted(path.name for path in folder.iterdir())
        print(f"\n{text}\n\nSaved in {folder}:\n  {'  '.join(files)}")


def _classical_methods(text):
    """{name: method} of --classical."""
    from inpaintkit import baselines

    if text == "quick":
        return baselines.CLASSICAL
    if text == "all":
        return baselines.ALL
    by_function = {method.__name__: (name, method) for name, method in baselines.ALL.items()}
    unknown = [word for word in text.split(",") if word not in by_function]
    if unknown:
        raise ValueError(f"--classical {text!r}: expected quick, all, or some of {','.join(by_function)}")
    return dict(by_function[word] for word in text.split(","))


def _perceptual_metrics(text, weights):
    """The metrics of --perceptual, with the files of --weights, or None."""
    if text is None:
        return None
    from inpaintkit import metrics

    files = {}
    for word in weights or []:
        name, _, file = word.partition("=")
        if not file:
            raise ValueError(f"--weights {word}: expected NAME=FILE, such as inception=inception_v3.h5")
        files[name] = file
    names = metrics.NAMES if text == "all" else text.split(",")
    return metrics.PerceptualMetrics(names, files)
