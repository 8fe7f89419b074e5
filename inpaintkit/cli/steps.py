"""What the commands do once all is prepared: train a network, compare methods."""

import shutil
import sys

import typer

from inpaintkit.cli.errors import stops_are_explained
from inpaintkit.cli.preparation import _classical, _perceptual, _size


def _train(folder, inpainter, train, val, epochs, minutes, patience):
    """Trains, and leaves the best network and the curves in the folder."""
    import numpy

    from inpaintkit import baselines, evaluation, plots, training

    best_so_far = folder / "best.keras"

    def so_far():
        shutil.rmtree(folder / "backup", ignore_errors=True)  # every run here has a folder of its own
        return f"the best network so far is {best_so_far}" if best_so_far.exists() else "nothing was saved"

    with stops_are_explained(so_far):
        bar, before = (evaluation.hole_psnr(method, val) for method in (baselines.biharmonic, inpainter))
        print(
            f"\nIn the hole, on validation: biharmonic {bar:.2f} dB, "
            f"this network before training {before:.2f} dB"
        )
        callbacks = training.standard_callbacks(
            folder, patience=patience, minutes=minutes, train=train, images=val
        )
        history = inpainter.fit(
            train, validation_data=val, epochs=epochs, verbose=0, callbacks=callbacks
        ).history
        if not numpy.isfinite(history["val_hole_psnr"]).any():
            print("inpaintkit: training went to NaN at once; lower --learning-rate", file=sys.stderr)
            raise typer.Exit(1)
        inpainter.save(folder / "model.keras")
        best_so_far.unlink(missing_ok=True)  # EarlyStopping has just brought it back: model.keras is the same
    bars = {"biharmonic, validation": bar, "before training, validation": before}
    figure = plots.curves(history, {"hole_psnr": bars})
    figure.savefig(folder / "curves.png", dpi=120)
    best = numpy.nanmax(history["val_hole_psnr"])
    print(f"\nBest on validation: {best:.2f} dB in the hole; biharmonic there: {bar:.2f} dB.")
    print(f"Before training it was {before:.2f} dB: training added {best - before:+.2f} dB on validation.")
    print(f"Saved: {folder / 'model.keras'}")


class _Test:
    """The test images of a source, their holes and the methods to compare, checked before any work."""

    def __init__(
        self, source, image_size, kind, count, seed, networks, classical, metrics, perceptual, weights
    ):
        from inpaintkit import data, evaluation

        size = _size(image_size)
        images = data.images(source, "test", size, count)
        methods = {**_classical(classical), **networks}
        print(f" test: {len(images):,} images of {size[0]}×{size[1]} from {source}\nholes: {kind}")
        evaluation.validate_comparison(methods, images, kind, metrics, seed)
        self.given = {"methods": methods, "images": images, "masks": kind, "seed": seed}
        self.measures = {"metrics": metrics, "perceptual": _perceptual(perceptual, weights)}

    def compare(self, folder):
        """Prints the table, and leaves it in the folder with galleries and plots."""
        from inpaintkit import evaluation

        methods, _ = evaluation.with_untrained(self.given["methods"])
        self.given, count = {**self.given, "methods": methods}, len(self.given["images"])
        print(f"\nComparing {len(methods)} methods on {count} held-out images …")
        with typer.progressbar(length=len(methods) * count, show_pos=True, file=sys.stderr) as bar:

            def progress(name, done, _):
                bar.label = name
                bar.update(list(methods).index(name) * count + done - bar.pos)

            scores = evaluation.score_images(**self.given, **self.measures, folder=folder, progress=progress)
        text = evaluation.save_comparison(folder, scores, **self.given)
        print(f"\n{text}\n\nSaved in {folder}:")
        print("  " + "  ".join(sorted(path.name for path in folder.iterdir())))
