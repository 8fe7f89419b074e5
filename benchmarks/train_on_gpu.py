"""Trains the networks that ship on a GPU, with JAX: `python benchmarks/train_on_gpu.py pack|train|ship …`.

The recipe is that of `inpaintkit train --preset` (masks, loss, optimizer, averaged weights) for a GPU that is
lent for minutes. There a step of the network is so short that making its batch would take most of the time.
So all images and a pool of masks lie on the GPU, which also cuts the crops, and 50 steps are one call:

    python benchmarks/train_on_gpu.py pack photos FOLDER photos.npz    # needs the kit and the images
    python benchmarks/train_on_gpu.py train photos.npz runs/gpu        # on the GPU; needs JAX, Keras, Optax
    python benchmarks/train_on_gpu.py ship runs/gpu/photos.npz FOLDER …  # the weights and their card

`train` validates once a minute. It writes NAME.npz, the averaged weights of the best validation so far, and
NAME.jsonl, one line per validation: steps, seconds, learning rate, hole PSNR in dB per kind of hole.
"""

import argparse
import io
import json
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

CROPS = {"faces": 160, "photos": 176}  # pixels
MASKS, VALIDATION = 10_000, 60  # of the pool, which is turned and mirrored; images of each kind of hole
BATCH, STEPS_PER_CALL, WARM_UP, AVERAGE = 32, 50, 500, 0.999


def pack(name, source, file, quality):
    """Saves a source's images, as WebP, and a pool of masks, as compressed bits, in one file."""
    import inpaintkit as ik

    preset, crop = ik.training.PRESETS[name], CROPS[name]
    side = preset.image_size
    train = ik.data.images(source, "train", side)
    val = ik.data.images(source, "val", side, VALIDATION)
    parts = encoded("train", train, quality=quality, method=6) | encoded("val", val, lossless=True)
    holes = ik.masks.Mixture(tuple(preset.masks), tuple(preset.masks.values()))
    parts["masks"] = _pack_bits(holes.sample(MASKS, crop, crop, seed=1))
    kinds = [generator.sample(len(val), side, side, seed=2) for generator in preset.validation.values()]
    parts["val_masks"] = _pack_bits(np.concatenate(kinds))
    settings = {"name": name, "side": side, "crop": crop, "shrink": preset.shrink}
    settings |= {"filters": preset.filters, "kinds": [*preset.validation]}
    np.savez(file, settings=json.dumps(settings), **parts)
    print(f"{file}: {Path(file).stat().st_size / 1e6:.1f} MB")


def encoded(split, images, **settings):
    """{split: the bytes of all WebP files, one after the other, split + "_sizes": how many each has}."""

    def encode(image):
        file = io.BytesIO()
        Image.fromarray(np.asarray(image)).save(file, "webp", **settings)
        return file.getvalue()

    with ThreadPoolExecutor() as pool:
        files = list(pool.map(encode, images.array))
    print(f"{split}: {len(files)} images, {sum(map(len, files)) / 1e6:.1f} MB", flush=True)
    return {split: np.frombuffer(b"".join(files), "uint8"), f"{split}_sizes": np.array([*map(len, files)])}


def _pack_bits(masks):
    """Masks (N, H, W, 1) of 0 and 1 as compressed bytes."""
    return np.frombuffer(zlib.compress(np.packbits(masks.astype(bool)).tobytes(), 9), "uint8")


def unpack(file):
    """The settings of a packed file, and its arrays: images and masks uint8 (N, H, W, 3) and (N, H, W, 1)."""
    with np.load(file, allow_pickle=False) as parts:
        settings, arrays = json.loads(str(parts["settings"])), {}
        for split in ("train", "val"):
            ends = np.cumsum(parts[f"{split}_sizes"])
            pieces = np.split(parts[split], ends[:-1])
            with ThreadPoolExecutor() as pool:
                arrays[split] = np.stack(list(pool.map(_decode, pieces)))
        for name, side in (("masks", settings["crop"]), ("val_masks", settings["side"])):
            bits = np.frombuffer(zlib.decompress(parts[name].tobytes()), "uint8")
            count = 8 * bits.size // side**2  # the last byte may have bits of no mask
            arrays[name] = np.unpackbits(bits, count=count * side**2).reshape(count, side, side, 1)
    return settings, arrays


def _decode(piece):
    return np.asarray(Image.open(io.BytesIO(piece.tobytes())).convert("RGB"))


def make_step(network, optimizer, arrays, settings, batch):
    """The compiled function of 50 steps: (state, rate, key) to (state, mean loss).

    The state is (weights, their average, the optimizer's state).
    """
    import jax
    import jax.numpy as jnp
    import optax

    import inpaintkit as ik

    loss, crop, side = ik.losses.LogHoleLoss(), settings["crop"], settings["side"]
    images, masks = jnp.asarray(arrays["train"]), jnp.asarray(arrays["masks"])

    def one_crop(key, image):
        """A crop; `shrink` of them larger, at a random scale, and shrunk. Half of them are mirrored."""
        shrunk, scale, top, left, mirror = jax.random.uniform(key, (5,))
        scale = jnp.where(shrunk < settings["shrink"], (side / crop) ** scale, 1.0)
        corner = jnp.round(jnp.stack([top, left]) * (side - crop * scale))
        moved = jax.image.scale_and_translate(
            image.astype("float32"),
            (crop, crop, 3),
            (0, 1),
            jnp.stack([1 / scale] * 2),
            -corner / scale,
            "linear",
            precision=jax.lax.Precision.HIGHEST,
        )
        moved = jnp.clip(moved, 0, 255) / 255
        return jnp.where(mirror < 0.5, moved[:, ::-1], moved)

    def one_mask(key, mask):
        """One of eight: turned by 90 degrees, mirrored, or both."""
        turned, down, right = jax.random.bernoulli(key, shape=(3,))
        mask = jnp.where(turned, mask.swapaxes(0, 1), mask)
        mask = jnp.where(down, mask[::-1], mask)
        return jnp.where(right, mask[:, ::-1], mask).astype("float32")

    def make_batch(key):
        keys = jax.random.split(key, 4)
        image = images[jax.random.randint(keys[0], (batch,), 0, len(images))]
        mask = masks[jax.random.randint(keys[1], (batch,), 0, len(masks))]
        image = jax.vmap(one_crop)(jax.random.split(keys[2], batch), image)
        return image, jax.vmap(one_mask)(jax.random.split(keys[3], batch), mask)

    def loss_of(weights, image, mask):
        fill, _ = network.stateless_call(weights, [], [image * mask, mask])
        return jnp.mean(loss.call(jnp.concatenate([image, mask], -1), fill))

    def step(state, key, rate):
        weights, average, memory = state
        value, gradients = jax.value_and_grad(loss_of)(weights, *make_batch(key))
        updates, memory = optimizer.update(gradients, memory, weights)
        weights = optax.apply_updates(weights, jax.tree.map(lambda u: -rate * u, updates))
        average = jax.tree.map(lambda a, w: AVERAGE * a + (1 - AVERAGE) * w, average, weights)
        return (weights, average, memory), value

    def steps(state, rate, key):
        keys = jax.random.split(key, STEPS_PER_CALL)
        state, values = jax.lax.scan(lambda state, key: step(state, key, rate), state, keys)
        return state, jnp.mean(values)

    return jax.jit(steps, donate_argnums=0)


def make_validation(network, arrays, settings):
    """The function weights → {kind of hole: hole PSNR in dB, the mean of the images}."""
    import jax

    import inpaintkit as ik

    images = arrays["val"]
    masks_by_kind = np.split(arrays["val_masks"], len(settings["kinds"]))

    @jax.jit
    def psnr(weights, image, mask):
        image, mask = image.astype("float32") / 255, mask.astype("float32")
        fill, _ = network.stateless_call(weights, [], [image * mask, mask])
        return ik.metrics.psnr(image, fill, 1 - mask)

    def validate(weights):
        results = {}
        for kind, masks in zip(settings["kinds"], masks_by_kind, strict=True):
            batches = [slice(start, start + 10) for start in range(0, len(images), 10)]
            values = [psnr(weights, images[batch], masks[batch]) for batch in batches]
            results[kind] = float(np.mean(np.concatenate(values)))
        return results

    return validate


def train(file, folder, seconds, learning_rate, filters, batch, start=None):
    """Trains for `seconds` from random weights, or from those of a file that `train` wrote."""
    import jax
    import optax

    import inpaintkit as ik

    began = time.time()
    settings, arrays = unpack(file)
    name, folder = settings["name"], Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    filters = filters or settings["filters"]
    network = ik.models.residual_unet(filters=filters, name=name)
    names = [f"{layer.name}/{v.name}" for layer in network.layers for v in layer.weights]
    if start:
        with np.load(start, allow_pickle=False) as kept:
            network.set_weights([kept[key].astype("float32") for key in names])
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.scale_by_adam(), optax.add_decayed_weights(1e-4)
    )
    # Each variable has a copy of its own, since the compiled function gives the memory of its state away.
    weights, average = ([jax.numpy.array(w.value) for w in network.trainable_variables] for _ in range(2))
    state = (weights, average, optimizer.init(weights))
    run = make_step(network, optimizer, arrays, settings, batch)
    validate = make_validation(network, arrays, settings)
    device = jax.devices()[0].device_kind

    def record(steps, rate, loss, best):
        results = validate(state[1])
        mean = float(np.mean([*results.values()]))
        line = {
            "steps": steps,
            "seconds": round(time.time() - began),
            "rate": rate,
            "loss": loss,
            "mean": mean,
        }
        made_with = {"device": device, "filters": filters, "batch": batch, "highest rate": learning_rate}
        with open(folder / f"{name}.jsonl", "a") as log:
            log.write(json.dumps(line | made_with | results) + "\n")
        print(f"{name}: {line}", flush=True)
        if mean > best:
            part = folder / f"{name}.part.npz"
            np.savez(part, **dict(zip(names, map(np.asarray, state[1]), strict=True)))
            part.replace(folder / f"{name}.npz")
        return max(mean, best)

    key, done, loss = jax.random.key(time.time_ns() % 2**31), 0, None
    best = record(0, 0.0, None, -np.inf)
    run = run.lower(state, 0.0, key).compile()  # before the learning rate begins to fall
    first = next_record = time.time()
    left = max(1, began + seconds - first)
    while (passed := (time.time() - first) / left) < 1:
        rate_now = float(learning_rate * min(1, (done + 1) / WARM_UP) * (1 + np.cos(np.pi * passed)) / 2)
        key, subkey = jax.random.split(key)
        state, loss = run(state, rate_now, subkey)
        done, loss = done + STEPS_PER_CALL, float(loss)
        if time.time() > next_record + 60:
            best, next_record = record(done, rate_now, loss, best), time.time()
    record(done, 0.0, loss, best)


def ship(file, folder, source, data):
    """Saves weights and their card in the form of `inpaintkit/pretrained`."""
    import inpaintkit as ik
    from inpaintkit.cli.presets import validation_results

    file = Path(file)
    name, lines = file.stem, [json.loads(line) for line in file.with_suffix(".jsonl").open()]
    filters = tuple(lines[0]["filters"])
    network = ik.models.residual_unet(filters=filters, name=name)
    names = [f"{layer.name}/{v.name}" for layer in network.layers for v in layer.weights]
    with np.load(file, allow_pickle=False) as kept:
        network.set_weights([kept[key] for key in names])
    preset, parts = ik.training.PRESETS[name], []
    for line in lines:
        if not line["steps"]:  # a new start from the best weights until then
            parts.append([])
        parts[-1].append(line)
    best = [max(part, key=lambda line: line["mean"]) for part in parts]
    rates = ", then ".join(f"{part[0]['highest rate']:g}" for part in parts)
    about = {"network": "residual_unet", "arguments": {"filters": filters}, "data": data}
    about["terms"] = (
        "The training images are for non-commercial research; none is part of these weights' file."
    )
    about |= {key: preset.in_words()[key] for key in ("masks", "loss")}
    about |= {
        "crops": f"{best[0]['batch']} of {CROPS[name]}×{CROPS[name]} per step, {preset.shrink:.0%} of them "
        f"shrunk from larger ones; images of {preset.image_size} pixels",
        "schedule": f"AdamW, learning rate {rates}, warm-up and cosine, gradients clipped at norm 1 (all "
        f"together), averaged weights (momentum {AVERAGE})",
        "script": "benchmarks/train_on_gpu.py",
        "steps": sum(line["steps"] for line in best),
        "batch_size": best[0]["batch"],
        "gpu_minutes": round(sum(line["seconds"] for line in best) / 60, 1),
        "machine": f"{best[0]['device']}, JAX",
    }
    images = ik.data.images(source, "val", preset.image_size, VALIDATION)
    about["results"] = {"validation, hole PSNR in dB": validation_results(name, preset, network, images)}
    print(json.dumps(ik.pretrained.save(folder, name, network, about), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("pack")
    one.add_argument("name", choices=list(CROPS))
    one.add_argument("source")
    one.add_argument("file")
    one.add_argument("--quality", type=int, default=90, help="of the WebP files of training")
    one = commands.add_parser("train")
    one.add_argument("file")
    one.add_argument("folder")
    one.add_argument("--seconds", type=float, default=1200)
    one.add_argument("--learning-rate", type=float, default=8e-4, help="the highest; it falls to 0")
    one.add_argument("--filters", type=lambda text: tuple(map(int, text.split(","))))
    one.add_argument("--batch", type=int, default=BATCH)
    one.add_argument("--start", help="a file of weights that train wrote")
    one = commands.add_parser("ship")
    one.add_argument("file")
    one.add_argument("folder")
    one.add_argument("--source", required=True, help="images for the numbers of the card, with a folder val")
    one.add_argument("--data", required=True, help="what the network was trained on, for the card")
    options = vars(parser.parse_args())
    {"pack": pack, "train": train, "ship": ship}[options.pop("command")](**options)
