"""Can each network learn eight images by heart? `python benchmarks/overfit.py [network …]`.

A network that cannot is broken: in its layers, its loss, or its initialisation. Eight 64×64 crops of
photographs and their holes stay the same; Adam, at the rate given below, minimises `HoleValidLoss`. Every
25 steps the hole of the composite is measured, and the row is printed when it has 30 dB.
"""

import sys
import time

import keras

import inpaintkit as ik

BAR, MOST, EVERY = 30.0, 3000, 25  # dB, steps, steps
NETWORKS = {  # builder, learning rate
    "autoencoder": (lambda: ik.models.autoencoder((64, 64, 3), dropout=0.0), 1e-3),
    "skip_autoencoder": (lambda: ik.models.skip_autoencoder((64, 64, 3), dropout=0.0), 1e-3),
    "unet": (ik.models.unet, 2e-3),
    "unet, dilated, no norm": (
        lambda: ik.models.unet(normalization=None, bottleneck="dilated"),
        2e-3,
    ),
    "prefilled_unet": (ik.models.prefilled_unet, 2e-3),
    "pconv_unet": (ik.models.pconv_unet, 2e-3),
    "pconv_unet, 16 layers": (
        lambda: ik.models.pconv_unet(filters=(32, 64, 128, 256), convolutions=2),
        1e-3,
    ),
    "pconv_unet_double, 16…256": (lambda: ik.models.pconv_unet_double(filters=(16, 32, 64, 128, 256)), 2e-3),
    "coarse_to_fine": (ik.models.coarse_to_fine, 1e-3),
    "residual_unet": (ik.models.residual_unet, 2e-3),
}


def overfit(build, rate, images, masks):
    """Trains until the bar is reached; returns parameters, steps, dB and seconds."""
    keras.utils.set_random_seed(0)
    network = build()
    model = ik.Inpainter(network)
    model.compile(keras.optimizers.Adam(rate), ik.losses.HoleValidLoss())
    x, start = [images * masks, masks], time.perf_counter()
    for step in range(1, MOST + 1):
        model.train_on_batch(x, images)
        if step % EVERY == 0:
            filled = ik.images.composite(network.predict(x, verbose=0), images, masks)
            psnr = ik.metrics.psnr(images, filled, 1 - masks)
            decibels = float(keras.ops.mean(psnr))
            if decibels >= BAR:
                break
    return network.count_params(), step, decibels, time.perf_counter() - start


if __name__ == "__main__":
    images = ik.data.images("photos", "train", 64, count=8)
    holes = ik.masks.Lines(hole_ratio=(0.1, 0.3))
    images, masks = images.as_float(), holes.sample(8, 64, 64, seed=0)
    bar = keras.ops.mean(ik.metrics.psnr(images, ik.baselines.biharmonic(images, masks), 1 - masks))
    print(f"{images}, {holes}, {keras.backend.backend()}; biharmonic fills them at {float(bar):.2f} dB\n")
    print("| network | parameters | Adam | steps to 30 dB | reached | seconds |\n|---|---|---|---|---|---|")
    for name in sys.argv[1:] or NETWORKS:
        build, rate = NETWORKS[name]
        parameters, steps, decibels, seconds = overfit(build, rate, images, masks)
        steps = steps if decibels >= BAR else f"not in {steps}"
        print(
            f"| {name} | {parameters:,} | {rate:g} | {steps} | {decibels:.2f} dB | {seconds:.0f} |",
            flush=True,
        )
