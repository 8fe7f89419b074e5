"""Can each network overfit eight images? `python benchmarks/overfit.py [network …]`.

A network that cannot is broken: in its layers, its loss, or its initialisation. Eight 64×64 crops of
photographs and their holes stay the same; Adam, at the rate given below, minimises `HoleValidLoss`. Every
25 steps the hole of the composite is measured. A row is printed when it reaches 30 dB.
"""

import sys
import time

import keras

import inpaintkit as ik

TARGET_PSNR, MAX_STEPS, MEASURE_EVERY = 30.0, 3000, 25  # dB, steps, steps
NETWORKS = {  # function, learning rate
    "autoencoder": (lambda: ik.models.autoencoder((64, 64, 3), dropout=0.0), 1e-3),
    "skip_autoencoder": (lambda: ik.models.skip_autoencoder((64, 64, 3), dropout=0.0), 1e-3),
    "unet": (ik.models.unet, 2e-3),
    "unet, dilated, no norm": (lambda: ik.models.unet(normalization=None, bottleneck="dilated"), 2e-3),
    "prefilled_unet": (ik.models.prefilled_unet, 2e-3),
    "pconv_unet": (ik.models.pconv_unet, 2e-3),
    "pconv_unet16": (ik.models.pconv_unet16, 1e-3),
    "pconv_unet_double, 16…256": (lambda: ik.models.pconv_unet_double(filters=(16, 32, 64, 128, 256)), 2e-3),
    "coarse_to_fine": (ik.models.coarse_to_fine, 1e-3),
    "residual_unet": (ik.models.residual_unet, 2e-3),
}


def hole_psnr(filled, images, masks):
    """The mean over images, in dB."""
    return float(keras.ops.mean(ik.metrics.psnr(images, filled, 1 - masks)))


def overfit(build, rate, images, masks):
    """Trains until the target is reached; returns parameters, steps, dB and seconds."""
    keras.utils.set_random_seed(0)
    network = build()
    model = ik.Inpainter(network.inputs, network.output)  # of two stages only the last
    model.compile(keras.optimizers.Adam(rate), ik.losses.HoleValidLoss())
    x, start = [images * masks, masks], time.perf_counter()
    for step in range(1, MAX_STEPS + 1):
        model.train_on_batch(x, images)
        if step % MEASURE_EVERY == 0:
            decibels = hole_psnr(network.predict(x, verbose=0), images, masks)
            if decibels >= TARGET_PSNR:
                break
    return network.count_params(), step, decibels, time.perf_counter() - start


if __name__ == "__main__":
    crops = ik.data.images("photos", "train", 64, count=8)
    holes = ik.masks.Lines(hole_ratio=(0.1, 0.3))
    images, masks = crops.as_float(), holes.sample(8, 64, 64, seed=0)
    baseline = hole_psnr(ik.baselines.biharmonic(images, masks), images, masks)
    print(f"{crops}, {holes}, {keras.backend.backend()}; biharmonic fills them at {baseline:.2f} dB\n")
    print("| network | parameters | Adam | steps to 30 dB | reached | seconds |\n|---|---|---|---|---|---|")
    for name in sys.argv[1:] or NETWORKS:
        build, rate = NETWORKS[name]
        parameters, steps, decibels, seconds = overfit(build, rate, images, masks)
        steps = steps if decibels >= TARGET_PSNR else f"not in {steps}"
        print(
            f"| {name} | {parameters:,} | {rate:g} | {steps} | {decibels:.2f} dB | {seconds:.0f} |",
            flush=True,
        )
