"""How many images per second of CPU time can be fed? `python benchmarks/pipeline.py [folder of images]`.

`ik.data.pairs`, which keeps images decoded, against the loop that most projects write: a Keras `Sequence`
that opens, augments, masks and scales one image after the other. Both do the same with each image: 178×178
pixels, seven lines of 1–11 pixels, and the named augmentation. Rounds alternate, so that changes in the
machine's speed affect both, and the median counts. The loop opens each file in every epoch, `ik.data.images`
only once; that time is printed below the table, as is the time of a batch against that of a training step of
the small U-Net.
"""

import random
import statistics
import sys
import time
from pathlib import Path

import cv2
import keras
import numpy as np
from PIL import Image

import inpaintkit as ik

SIDE, BATCH, BATCHES, ROUNDS = 178, 16, 20, 5
MASKS = ik.masks.Lines(count=7, thickness=(1, 11))
AUGMENTATIONS = {
    "none": None,
    "flip": ik.data.Augment(flip=True),
    "flip, rotation": ik.data.Augment(flip=True, rotation=10),
    "faces(): also crop-and-pad, brightness": ik.data.faces(),
}


class Loop(keras.utils.PyDataset):
    """One image after the other, as tutorials write it."""

    def __init__(self, files, augment):
        super().__init__()
        self.files, self.pipeline = files, augment and augment._pipeline()

    def __len__(self):
        return len(self.files) // BATCH

    def __getitem__(self, k):
        images, masks = [], []
        for file in self.files[k * BATCH : (k + 1) * BATCH]:
            image = np.array(Image.open(file).convert("RGB").resize((SIDE, SIDE)))
            if self.pipeline is not None:
                image = self.pipeline(image=image)
            mask = np.ones((SIDE, SIDE, 1), "float32")
            for _ in range(7):
                ends = [(random.randrange(SIDE), random.randrange(SIDE)) for _ in range(2)]
                cv2.line(mask, *ends, 0, random.randint(1, 11))
            images.append(image / 255)
            masks.append(mask)
        images, masks = np.array(images, "float32"), np.array(masks)
        return (images * masks, masks), images


def images_per_second(batches):
    """Images per CPU second in one pass over `batches`, which has BATCHES of them."""
    start = time.process_time()
    for _ in batches:
        continue
    return BATCHES * BATCH / (time.process_time() - start)


def cpu_ms(call, times):
    """The median CPU time of `call(i)` in milliseconds."""
    measured = []
    for i in range(times):
        start = time.process_time()
        call(i)
        measured.append(1e3 * (time.process_time() - start))
    return statistics.median(measured[2:])  # the first two compile


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/faces/celeba_crop_178")
    start = time.process_time()
    images = ik.data.images(folder, "train", SIDE, count=BATCHES * BATCH)
    decoding = 1e6 * (time.process_time() - start) / len(images)
    files = [folder / name for name in images.names]
    print(f"{images}, {MASKS}, batch {BATCH}, {keras.backend.backend()}\n")
    print("| augmentation | the loop | `pairs` | ratio |\n|---|---|---|---|")
    for name, augment in AUGMENTATIONS.items():
        both = [Loop(files, augment), ik.data.pairs(images, MASKS, BATCH, augment)]
        rounds = [[images_per_second(batches) for batches in both] for _ in range(ROUNDS + 1)][1:]
        slow, fast = (statistics.median(speeds) for speeds in zip(*rounds, strict=True))
        print(f"| {name} | {slow:,.0f} | {fast:,.0f} | {fast / slow:.1f} |", flush=True)
    data = ik.data.pairs(images, MASKS, BATCH, AUGMENTATIONS["flip"]).as_tf_dataset()
    as_tf = statistics.median(images_per_second(data) for _ in range(ROUNDS))
    print(f"\nImages per CPU second. With flips, as a tf.data.Dataset: {as_tf:,.0f}.")
    print(f"Decoding one image, once: {decoding:.0f} µs.")

    network = ik.models.prefilled_unet()
    model = ik.Inpainter(network)
    model.compile("adam", ik.losses.HoleValidLoss(), jit_compile=False)
    pairs = ik.data.pairs(images, MASKS, BATCH, AUGMENTATIONS["flip"])
    batch = pairs[0]
    step = cpu_ms(lambda i: model.train_on_batch(*batch), 8)
    loading = cpu_ms(lambda i: pairs[i % BATCHES], 30)
    print(
        f"A training step of the small U-Net ({network.count_params():,} parameters): {step:,.0f} ms of CPU "
        f"time; its batch, with flips: {loading:.1f} ms, {loading / step:.1%}."
    )
