"""How much memory do sources need that hold very many images? `python benchmarks/large_sources.py [counts]`.

Makes folders of 2,000 to 200,000 small JPEG files, each different, in sub-folders of 1,000, and removes them
again. A new process opens each folder with `ik.data.images`, decoding into a memory-mapped file (as the kit
does by itself from 2 GiB on), makes `ik.data.pairs` and runs two epochs over them; then another opens it
again, when the decoded file is there already. The same for a data set of TensorFlow Datasets that
is written here with its own writer (at most 60,000 images, because the writer takes long).

Memory is what the process allocates: `RssAnon` of /proc, its highest value, less that of a process that has
done all this with 64 images. The pages of a memory-mapped file are not in it: they are the system's cache,
which it takes back when another needs the room. Times are processor time, since they hold on a busy machine
too. Needs Linux.
"""

import functools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

SIDE, BATCH = 32, 64
COUNTS = (64, 2_000, 20_000, 60_000, 200_000)  # the first shows what a process needs without images
MAX_TFDS = 60_000


def noise_images(count):
    """Different images, one by one: smooth noise, uint8 (SIDE, SIDE, 3)."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        yield cv2.resize(rng.integers(0, 256, (8, 8, 3), "uint8"), (SIDE, SIDE))


def write_folder(folder, count):
    """JPEG files in sub-folders of 1,000; returns the bytes of all files.

    There are 1,000 different images. After the end of each image, which decoders do not read, stands the
    number of the file, so that no two files are the same.
    """
    encoded = [cv2.imencode(".jpg", image)[1].tobytes() for image in noise_images(min(count, 1000))]
    total = 0
    for number in range(count):
        place = folder / f"part_{number // 1000:03}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        data = encoded[number % 1000] + number.to_bytes(4, "big")
        total += (place / f"image_{number:06}.jpg").write_bytes(data)
    return total


@functools.cache  # TFDS refuses a second class of one name
def noise_builder():
    """The class of a data set of TensorFlow Datasets, with `count` training images."""
    os.environ.setdefault("TEMPORARILY_DISABLE_PROTOBUF_VERSION_CHECK", "true")
    import tensorflow_datasets as tfds

    class ManyNoises(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")
        count = 0

        def _info(self):
            image = tfds.features.Image(shape=(SIDE, SIDE, 3), encoding_format="jpeg")
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict({"image": image}))

        def _split_generators(self, manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for number, image in enumerate(noise_images(self.count)):
                yield number, {"image": image}

    return ManyNoises


def write_tfds(folder, count):
    """Writes such a data set; returns the bytes of its files."""
    noise_builder().count = count
    noise_builder()(data_dir=folder).download_and_prepare()
    return sum(file.stat().st_size for file in folder.rglob("*.tfrecord*"))


class PeakMemory(threading.Thread):
    """Watches the memory of this process: `peak` is its highest `RssAnon` in bytes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self.ended = 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.005):
            self.peak = max(self.peak, allocated())


def allocated():
    """The bytes of memory that this process has allocated and uses, without pages of mapped files."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("RssAnon:")[1].split()[0])


def measure(source, cache):
    """Opens a source and runs two epochs; returns a dict of numbers."""
    from inpaintkit import data, masks

    watch = PeakMemory()
    watch.start()
    start = time.process_time()
    images = data.images(source, "train", SIDE, cache=cache)
    result = {"images": len(images), "open_seconds": time.process_time() - start}
    result["open_peak"], result["open_kept"], watch.peak = watch.peak, allocated(), 0
    pairs = data.pairs(images, masks.Lines(), BATCH)
    for epoch in ("first", "second"):
        start = time.process_time()
        for k in range(len(pairs)):
            pairs[k]
        result[f"{epoch}_epoch_per_second"] = len(pairs) * BATCH / (time.process_time() - start)
        pairs.on_epoch_end()
    result["epochs_peak"] = watch.peak
    watch.ended.set()
    return result


def measured_apart(source, cache, **environment):
    """`measure` in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(source), str(cache)]
    done = subprocess.run(
        command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def print_row(kind, count, size, numbers, none):
    """One row of the table; `none` are the numbers of the process that has 64 images."""
    megabytes = [(numbers[key] - none[key]) / 1e6 for key in ("open_peak", "open_kept", "epochs_peak")]
    per_file = 1e6 * megabytes[0] / count
    cells = [f"{kind}", f"{count:,}", f"{numbers['images']:,}", f"{size / 1e6:,.0f}"]
    cells += [f"{numbers['open_seconds']:.1f}", *(f"{value:.0f}" for value in megabytes), f"{per_file:.0f}"]
    cells += [f"{numbers[f'{epoch}_epoch_per_second']:,.0f}" for epoch in ("first", "second")]
    print(f"| {' | '.join(cells)} |", flush=True)


def run(place, counts):
    """Measures folders and TFDS data sets of these sizes below `place`; returns all rows."""
    rows, none = [], {}
    for kind, write in (("folder", write_folder), ("TFDS", write_tfds)):
        for count in counts:
            if kind == "TFDS" and count > MAX_TFDS:
                continue
            home, cache = place / f"{kind}_{count}", place / "cache"
            size = write(home, count)
            source = home if kind == "folder" else "tfds:many_noises"
            for state in (kind, f"{kind}, decoded before"):
                numbers = measured_apart(source, cache, TFDS_DATA_DIR=str(home))
                none.setdefault(state, numbers)
                if count != counts[0]:
                    print_row(state, count, size, numbers, none[state])
                rows.append({"source": state, "files": count, "bytes": size, **numbers})
            shutil.rmtree(home)
            shutil.rmtree(cache)
    return rows


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print("\n" + json.dumps(measure(*sys.argv[2:])))
        sys.exit()
    counts = (COUNTS[0], *map(int, sys.argv[1:])) if sys.argv[1:] else COUNTS
    names = ("inpaintkit", "keras", "numpy", "opencv-python", "tensorflow-datasets")
    about = {"date": time.strftime("%Y-%m-%d"), "python": platform.python_version(), "cores": os.cpu_count()}
    about |= {name: version(name) for name in names}
    print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n")
    columns = ["source", "files", "images", "MB of files", "CPU seconds to open", "MB at most while opening"]
    columns += ["MB kept", "MB at most in two epochs", "bytes per file while opening"]
    columns += ["images per CPU second in the first epoch", "in the second"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        rows = run(Path(place), counts)
    result = Path(__file__).parent / "results" / "large_sources.json"
    result.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
