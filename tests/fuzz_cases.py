"""What fuzzing gives to every public function and class: right arguments, wrong ones, and the right answer.

`CASES` has one entry per public name, which draws right arguments of random sizes and values. `attempt` then
replaces some of them by wrong ones. `tests/test_fuzz.py` and `benchmarks/fuzz.py` use it.
"""

import contextlib
import functools
import io
import os
import re
import resource
import tempfile
import traceback
import warnings
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from hypothesis import strategies as st

import inpaintkit as ik

MAX_BYTES = 2 * 10**9  # of memory that one call may add
CASES = {}  # {name: function (draw) -> (call, its arguments by name, check of the result, strict)}


def case(*names, strict=True, right=lambda _found, **_: None):
    """Registers a case under names.

    Args:
        names: "package.name". The decorated function takes `draw` and the public object, and returns
            arguments by name; or a pair of a function to call and them.
        strict: whether right arguments may never be refused.
        right: raises an AssertionError unless (result, **arguments) is a right answer.
    """

    def register(arguments):
        for name in names:
            CASES[name] = functools.partial(_prepared, name, arguments, strict, right)
        return arguments

    return register


def public(name):
    """The public object of a name."""
    return functools.reduce(getattr, name.split("."), ik)


def _prepared(name, arguments, strict, right, draw):
    drawn = arguments(draw, public(name))
    call, named = drawn if isinstance(drawn, tuple) else (public(name), drawn)
    return call, named, right, strict


def attempt(name, draw):
    """One call of a public object, with up to two wrong arguments; "right" or "refused".

    Raises:
        AssertionError: a wrong answer, a message that explains nothing, too much memory. Any other error is a
            fault, too.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), _quiet():
        call, named, right, strict = CASES[name](draw)
        wrong = draw(st.lists(st.sampled_from(sorted(named)), max_size=2, unique=True)) if named else []
        for argument in wrong:
            named[argument] = draw(
                changed(named[argument]).filter(lambda x, a=argument: not _downloads(a, x))
            )
        try:
            result = call(**named)
        except (ValueError, TypeError) as error:
            assert wrong or not strict, f"refused, but all arguments are right: {error}"
            assert not strict or not of_the_kit(error) or explains(str(error), named), (
                f"the message names no argument: {error!r}"
            )
            return "refused"
        right(result, **named)
    added = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    assert added < MAX_BYTES, f"{added:,} bytes of memory"
    return "right"


def of_the_kit(error):
    """Whether code of the kit had been reached. Keras itself refuses some arrays before it calls a layer."""
    kit = Path(ik.__file__).parent
    return any(
        Path(place.filename).is_relative_to(kit) for place in traceback.extract_tb(error.__traceback__)
    )


def _downloads(argument, value):
    """Whether this stands for VGG16 with weights that Keras would download."""
    return argument == "features" and (value is None or isinstance(value, dict))


@contextlib.contextmanager
def _quiet():
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def explains(message, names):
    """Whether a message names an argument, begins with the path that came, or says what was expected."""
    if any(message.startswith(f"{value}:") for value in names.values() if isinstance(value, str | Path)):
        return True
    singular_too = [f"{re.escape(name.removesuffix('s'))}s?" for name in names]
    words = "|".join([*singular_too, "null byte"])  # the latter is what Python says of a path that cannot be
    return bool(re.search(rf"\b(expected|must be|should be|{words})\b", message, re.IGNORECASE))


# What comes in place of a right argument.
DTYPES = [
    "?",
    "b",
    "B",
    "h",
    "H",
    "i",
    "I",
    "l",
    "L",
    "q",
    "Q",
    "e",
    "f",
    "d",
    "g",
    "F",
    "D",
    "G",
    "S3",
    "U3",
    "O",
    "M8[s]",
    "m8[s]",
]
NUMBERS = [-1, 0, 1, 2, 3, 7, 300, 2**70, 0.5, 1.5, -0.5, 1e300, np.nan, np.inf, -np.inf, True, 1j]
THINGS = [
    "",
    "a",
    "telea",
    "center",
    "é\0",
    b"x",
    ...,
    object(),
    Path("no"),
    range(3),
    {1, 2},
    {},
    {"a": 1},
]
NUMPY_NUMBERS = [np.int64(3), np.uint8(255), np.float32(0.5), np.bool_(True)]
LISTS = [[], [1], [[1], [1, 2]], ["a"], [None], (0.1, 0.2), (2, 1), (1, 2, 3), [[[0.5]]], [float("nan")] * 2]


@st.composite
def arrays(draw):
    """An array of any dtype, of few or no elements."""
    shape = draw(
        st.sampled_from(
            [(), (0,), (3,), (2, 2), (4, 5, 3), (4, 5, 1), (1, 4, 5, 3), (1, 4, 5, 1), (0, 4, 5, 3)]
        )
    )
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    values = np.full(shape, draw(st.sampled_from([0, 1, 0.5, 2, 255, 300, -1])))
    return values.astype(dtype if dtype.kind not in "SUM" else "O").astype(
        dtype if dtype.kind != "M" else "O"
    )


WRONG = st.one_of(st.none(), *map(st.sampled_from, (NUMBERS, THINGS, NUMPY_NUMBERS, LISTS)), arrays())
VALUES = (np.nan, np.inf, -np.inf, -1.0, 1.01, 2.0, 255.0, 300.0)
FORMS = {  # other forms of an array, some of which are right
    "list": lambda x: x.tolist(),
    "tensor": keras.ops.convert_to_tensor,
    "reversed": lambda x: x[::-1],
    "Fortran": np.asfortranarray,
    "empty": lambda x: x[:0],
    "cropped": lambda x: x[..., :-1, :] if x.ndim > 1 else x[:-1],
    "batch": lambda x: x[None],
    "first": lambda x: x[0] if x.ndim else x,
    "turned": lambda x: x.T,
    "more channels": lambda x: np.concatenate([x, x], -1) if x.ndim else x,
    "filled": lambda x: np.zeros_like(x),
    "objects": lambda x: x.astype(object),
    "text": lambda x: x.astype(str),
}
FORMS |= {
    f"as {dtype}": lambda x, dtype=dtype: x.astype(dtype)
    for dtype in DTYPES
    if dtype not in ("S3", "M8[s]", "m8[s]")
}


def _with_value(array, value):
    array = array.astype("float64")
    array.reshape(-1)[: array.size // 2 + 1] = value
    return array


@st.composite
def changed(draw, value):
    """An argument in place of a right one: another form of it, with wrong values in it, or anything else."""
    if isinstance(value, bool):  # whatever has a truth value will do
        return draw(st.sampled_from([True, False, None, 0, 1, "", "a", np.bool_(True), [], {"a": 1}]))
    if isinstance(value, pd.DataFrame) and draw(st.booleans()):
        column = draw(st.sampled_from(list(value.columns)))
        return draw(st.sampled_from([value[:0], value[:1], value.drop(columns=column)]))
    if isinstance(value, Tensors):  # Keras itself checks what is no tensor
        k = draw(st.integers(0, len(value) - 1))
        forms = [FORMS[name] for name in sorted(FORMS) if name not in ("text", "objects", "list")]
        if draw(st.booleans()):
            return Tensors(
                [*value[:k], _with_value(value[k], draw(st.sampled_from(VALUES))), *value[k + 1 :]]
            )
        form = draw(st.sampled_from([form for form in forms if _is_real(form(value[k]))]))
        return Tensors([*value[:k], form(value[k]), *value[k + 1 :]])
    if isinstance(value, np.ndarray) and value.dtype.kind in "fu" and draw(st.booleans()):
        if draw(st.booleans()):
            return _with_value(value, draw(st.sampled_from(VALUES)))
        return FORMS[draw(st.sampled_from(sorted(FORMS)))](value)
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray) and draw(st.booleans()):
        k = draw(st.integers(0, len(value) - 1))
        return [draw(changed(x)) if i == k else x for i, x in enumerate(value)]
    return draw(WRONG)


class Tensors(list):
    """Inputs of a Keras layer."""


def _is_real(array):
    return np.asarray(array).dtype.kind in "biuf"


# Right arguments.
@st.composite
def sizes(draw, least=1, area=3000):
    """(height, width) from 1 to 600 pixels per side, with at most about `area` pixels."""
    short = draw(st.integers(least, max(least, int(area**0.5))))
    long = draw(st.integers(least, max(least, min(600, area // short))))
    return (short, long) if draw(st.booleans()) else (long, short)


def pixels(draw, *shape, kind=None):
    """Random pixels: noise, one value, or a slope, as float32 in [0, 1]."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    kind = kind or draw(st.sampled_from(["noise", "flat", "slope"]))
    if kind == "flat":
        return np.full(shape, draw(st.sampled_from([0, 0.25, 1])), "float32")
    noise = rng.random(shape, "float32")
    return noise if kind == "noise" else np.linspace(0, 1, noise.size, dtype="float32").reshape(shape)


def mask_of(draw, *shape):
    """Masks with any holes: none, all, one pixel, noise, a block."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    share = draw(st.sampled_from([0, 0.02, 0.5, 0.98, 1]))
    mask = (rng.random(shape) >= share).astype("float32")
    if draw(st.booleans()):
        mask[..., : max(1, shape[-3] // 3), : max(1, shape[-2] // 2), :] = 0
    return mask


def batch_of(draw, least=1, area=3000, most=2):
    """(images, masks) of one random size."""
    height, width = draw(sizes(least, area))
    count = draw(st.integers(1, most))
    return pixels(draw, count, height, width, 3), mask_of(draw, count, height, width, 1)


def one_image(draw, least=1, area=3000):
    """(image, mask) with a known pixel."""
    images, masks = batch_of(draw, least, area, most=1)
    masks[0, -1, -1] = 1
    return images[0], masks[0]


def numeric(x):
    return np.asarray(keras.ops.convert_to_numpy(x) if keras.ops.is_tensor(x) else x, "float64")


def finite(result, **_):
    assert np.isfinite(numeric(result)).all()


def filled_batch(result, images, masks, **_):
    images, masks = np.asarray(images, "float32"), np.asarray(masks, "float32")
    assert result.dtype == "float32" and result.shape == images.shape
    assert np.isfinite(result).all() and ((result >= 0) & (result <= 1)).all()
    assert (result == images)[np.broadcast_to(masks > 0, images.shape)].all()


def is_mask(result, **_):
    assert result.dtype == "float32" and result.shape[-1] == 1 and set(np.unique(result)) <= {0, 1}


# baselines
small = st.integers(0, 3)
METHODS = {
    "biharmonic": {},
    "heat": {"smoothing_steps": small},
    "masked_input": {},
    "mean_color": {},
    "push_pull": {},
    "exemplar": {"patch": st.sampled_from([3, 5, 9]), "callback": st.sampled_from([None, lambda x, m: None])},
    "navier_stokes": {"radius": st.sampled_from([1, 3, 2.5])},
    "telea": {"radius": st.sampled_from([1, 3, 2.5])},
    "patchmatch": {"patch": st.sampled_from([3, 7]), "rounds": st.integers(1, 2), "seed": small},
    "total_variation": {"rounds": small, "edge": st.sampled_from([0.03, 1])},
    "frequency_selective": {"quality": st.sampled_from(["fast", "best"])},
    "shiftmap": {},
}
for _name, _settings in METHODS.items():

    @case(f"baselines.{_name}", strict=_name not in ("shiftmap", "frequency_selective"), right=filled_batch)
    def _(draw, method, settings=_settings, area=400 if _name == "exemplar" else 1500):
        images, masks = batch_of(draw, area=area)
        return {"images": images, "masks": masks} | {name: draw(value) for name, value in settings.items()}


def _half(result, image, known):
    rows, columns = np.shape(known)
    assert [x.shape[:2] for x in result] == [(-(-rows // 2), -(-columns // 2))] * 2


@case("baselines.half_size", right=_half)
def _(draw, _):
    image, mask = one_image(draw)
    return {"image": image * mask, "known": mask[..., 0]}


# data
def _uint8(draw, count, height, width):
    return np.uint8(pixels(draw, count, height, width, 3) * 255)


rngs = st.builds(np.random.default_rng, st.integers(0, 9))


def _same_pixels(result, images, **_):
    assert result.shape == np.shape(images) and result.dtype == np.asarray(images).dtype


@case("data.flips", right=_same_pixels)
def _(draw, _):
    return {"images": _uint8(draw, 2, *draw(sizes())), "rng": draw(rngs)}


@case("data.symmetries", right=_same_pixels)
def _(draw, _):
    side = draw(st.integers(1, 60))
    return {"images": _uint8(draw, 2, side, side), "rng": draw(rngs)}


def _augmented(result, images, masks, **_):
    changed, moved = result if masks is not None else (result, np.zeros((1, 1, 1, 1), "float32"))
    assert changed.shape == np.shape(images) and changed.dtype == "uint8"
    is_mask(moved)


@case("data.Augment", right=_augmented)
def _(draw, augment):
    limits = {"rotation": 180, "crop_and_pad": 0.4, "zoom": 0.9, "shift": 0.9, "shear": 60, "brightness": 0.9}
    limits |= {"hue": 180, "saturation": 0.9, "blur": 10}
    chosen = draw(st.lists(st.sampled_from(sorted(limits)), max_size=3, unique=True))
    height, width = draw(sizes(least=4))
    named = {name: limits[name] * draw(st.floats(0, 1)) for name in chosen} | {
        "flip": True,
        "flip_vertical": draw(st.booleans()),
    }
    named |= {
        "images": _uint8(draw, 2, height, width),
        "rng": draw(rngs),
        "masks": mask_of(draw, 2, height, width, 1),
    }
    return (lambda images, rng, masks, **settings: augment(**settings)(images, rng, masks)), named


case("data.faces", "data.cache_folder", "data.tensorflow", "hello")(lambda draw, _: {})


def _first(dataset):
    return dataset[0], dataset


def _images(result, source, split, image_size, count, **_):
    first, found = result
    assert (
        first.dtype == "uint8"
        and first.shape == (*ik.images.size_pair(image_size), 3)
        and len(found) <= (count or np.inf)
    )


@case("data.images", right=_images)
def _(draw, images):
    height, width = draw(sizes(16))
    count = draw(st.integers(10, 20))
    array = _uint8(draw, count, height, width)
    np.savez("images.npz", train=array)
    ik.images.write_image("a.png", array[0] / 255)
    kind = draw(st.sampled_from(["array", "floats", "npz", "photos"]))
    source = {"array": array, "floats": array / 255, "npz": "images.npz", "photos": "photos"}[kind]
    size = draw(st.one_of(st.integers(16, 64), sizes(16)))
    named = {"source": source, "split": draw(st.sampled_from(["train", "val", "test"])), "image_size": size}
    return (lambda **given: _first(images(**given))), named | {
        "count": draw(st.sampled_from([None, 1, 2])),
        "cache": draw(st.sampled_from([None, "cache"])),
    }


@case("data.Images")
def _(draw, images):
    array = _uint8(draw, 2, *draw(sizes()))
    named = {"array": array, "names": ("a", "b"), "source": "photos", "split": "val"}

    def call(**given):
        made = images(**given)
        return len(made), made[0], made.as_float(), repr(made)

    return call, named


def _pair(result, **_):
    (masked, mask), image = result
    is_mask(mask)
    assert masked.shape == image.shape == (*mask.shape[:3], 3) and (masked == image * mask).all()
    assert image.min() >= 0 and image.max() <= 1


@case("data.Pairs", "data.pairs", right=_pair)
def _(draw, pairs):
    height, width = draw(sizes(16))
    generator = ik.masks.Lines(thickness=2)
    masks = draw(
        st.sampled_from([generator, {0: generator, 3: ik.masks.Center()}, mask_of(draw, 3, height, width, 1)])
    )
    named = {"images": _uint8(draw, 3, height, width), "masks": masks, "batch_size": draw(st.integers(1, 5))}
    named |= {"seed": draw(small), "drop_last": draw(st.sampled_from([None, True, False])), "shuffle": True}
    named |= {
        "crop": draw(st.sampled_from([None, 16, (16, 16)])),
        "steps": draw(st.sampled_from([None, 1, 5])),
    }
    named |= {"augment": draw(st.sampled_from([None, ik.data.flips])), "shrink": 0}
    return (lambda **given: pairs(**given)[0]), named


stages = st.dictionaries(st.integers(1, 9), st.sampled_from([1, "a"])).map(
    lambda later: {0: "first", **later}
)


@case("data.at_epoch")
def _(draw, _):
    return {"stages": draw(stages), "epoch": draw(st.integers(0, 20))}


@case("data.check_stages")
def _(draw, _):
    return {"stages": draw(stages), "name": "masks"}


# evaluation
@functools.cache
def scores_and_table():
    images = np.linspace(0, 1, 2 * 16 * 16 * 3, dtype="float32").reshape(2, 16, 16, 3)
    given = {"mean": ik.baselines.mean_color, "same": lambda x, m: x}, images, "center"
    return ik.evaluation.score_images(*given), ik.compare(*given), given


@case(
    *(f"evaluation.{name}" for name in ("by_bucket", "describe", "summary", "verdict")),
    "plots.buckets",
    "plots.psnr_and_time",
)
def _(draw, function):
    return {"table": scores_and_table()[1].copy()}


@case("evaluation.tabulate")
def _(draw, _):
    return {"scores": scores_and_table()[0].copy(), "seed": draw(small)}


@case("evaluation.worst_images")
def _(draw, _):
    return {"scores": scores_and_table()[0].copy(), "method": "mean", "count": draw(small)}


@case("evaluation.save_comparison")
def _(draw, _):
    methods, images, masks = scores_and_table()[2]
    named = {
        "folder": "x",
        "scores": scores_and_table()[0].copy(),
        "methods": methods,
        "images": images,
        "masks": masks,
    }
    return named | {"seed": 0, "count": 1}


def _comparison(draw):
    height, width = draw(sizes(16, 400))
    images = pixels(draw, 2, height, width, 3)
    masks = draw(
        st.sampled_from(
            [
                "Center((0.2, 0.3))",
                ik.masks.Center((0.2, 0.3)),
                np.float32(np.indices((2, height, width, 1))[1] > 3),
            ]
        )
    )
    methods = {"mean": ik.baselines.mean_color, "fills": images, "own": lambda x, m: x}
    return {
        "methods": methods,
        "images": images,
        "masks": masks,
        "metrics": draw(st.sampled_from(["tf", "scikit-image", "mmagic"])),
        "seed": draw(small),
        "batch_size": draw(st.integers(1, 3)),
        "perceptual": None,
        "untrained": draw(st.booleans()),
    }


@case("compare", "evaluation.compare", "evaluation.score_images")
def _(draw, _):
    return _comparison(draw) | {
        "folder": draw(st.sampled_from([None, "x"])),
        "progress": draw(st.sampled_from([None, lambda *_: None])),
    }


@case("evaluation.validate_comparison")
def _(draw, _):
    return _comparison(draw)


@case("evaluation.sanity_panel")
def _(draw, _):
    return {name: value for name, value in _comparison(draw).items() if name in ("images", "masks")}


@case("evaluation.evaluation_masks", right=is_mask)
def _(draw, _):
    masks = draw(st.sampled_from(["lines", "Grid(3)", ik.masks.Text()]))
    return {"masks": masks, "seed": draw(small), "count": draw(small), "image_size": draw(sizes(16))}


@case("evaluation.find_definition")
def _(draw, _):
    return {"metrics": draw(st.sampled_from(["tf", "edgeconnect", ik.evaluation.MetricDefinition("own")]))}


@case("evaluation.MetricDefinition")
def _(draw, definition):
    images, masks = batch_of(draw, 11, 600)
    named = {name: draw(st.booleans()) for name in ("grey", "rounded", "relative", "percent")}
    named |= {"description": "x", "ssim": draw(st.sampled_from([None, {"win_size": 7}])), "images": images}

    def call(images, filled, region, **settings):
        return definition(**settings).measure(images, filled, region=region)

    return call, named | {"filled": images[::-1], "region": draw(st.sampled_from([None, 1 - masks]))}


@functools.cache
def network():
    """One convolution over image and mask."""
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Concatenate()(inputs)
    return keras.Model(
        inputs, keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid")(x), name="small"
    )


def small_pairs(count, batch_size, **settings):
    """`Pairs` of 16×16 pixels."""
    images = ik.data.images("photos", "val", 16, count=count)
    return ik.data.pairs(images, ik.masks.Lines(thickness=2), batch_size, **settings)


def _run(function):
    """A function of a model or method, and a call of what it returns."""
    images = np.full((1, 5, 6, 3), 0.5, "float32")
    masks = np.float32(np.indices((1, 5, 6, 1))[1] > 2)

    def call(**named):
        method = function(**named)
        return method(images, masks) if callable(method) else method

    return call


models = st.sampled_from(["network", "inpainter"]).map(
    lambda kind: network() if kind == "network" else ik.Inpainter(network())
)


@case("as_method", "evaluation.as_method", right=finite)
def _(draw, function):
    return _run(function), {"model": draw(models), "batch_size": draw(st.integers(1, 3))}


@case("evaluation.untrained")
def _(draw, _):
    return {"network": draw(models), "seed": draw(small)}


@case("evaluation.with_untrained")
def _(draw, _):
    return {"methods": {"a": draw(models), "b": ik.baselines.heat}}


@case("evaluation.hole_psnr")
def _(draw, _):
    return {
        "method": draw(st.one_of(models, st.just(ik.baselines.heat))),
        "pairs": small_pairs(2, 1, shuffle=False),
    }


for _name in ("evaluation.AnotherComparison", "images.NothingKnownError"):

    @case(_name)
    def _(draw, error):
        return (lambda text: error(text)), {"text": "wrong"}


# exercises
@case("exercises.check")
def _(draw, _):
    return {
        "id": draw(st.sampled_from(["09.1", "00.2", "04.1"])),
        "answer": draw(st.one_of(st.just(len), WRONG)),
    }


@case("exercises.hint")
def _(draw, _):
    return {"id": draw(st.sampled_from(["09.1", "00.2"]))}


@case("exercises.predict")
def _(draw, _):
    return {"id": "09.a", "answer": draw(st.sampled_from([None, "no"]))}


@case("exercises.reveal")
def _(draw, _):
    return {"id": "09.a", "result": "no"}


@case("exercises.report")
def _(draw, _):
    return {"student": draw(st.text())}


# features, export: their files and packages are not on every machine
def _file(draw, ending):
    """A file that is no network: missing, empty, noise, an archive of something else, a folder."""
    path = Path(f"file{ending}")
    kind = draw(st.sampled_from(["missing", "empty", "noise", "npz", "folder"]))
    if kind == "folder":
        path.mkdir()
    elif kind == "npz":
        with path.open("wb") as opened:
            np.savez(opened, a=np.zeros(2))
    elif kind != "missing":
        path.write_bytes(b"" if kind == "empty" else os.urandom(50))
    return str(path)


def explained(message, **_):
    assert message, "it was not refused"


def refuses(function):
    """The message with which a function refuses what cannot be used."""

    def call(**named):
        try:
            function(**named)
        except (ValueError, TypeError) as error:
            return explains(str(error), {**named, "file": 0}) or f": {error}".find("cannot be loaded") > 0
        return False

    return call


@case("features.Features", right=explained)
def _(draw, function):
    network = draw(st.sampled_from(["vgg16", "squeezenet"]))
    file = _file(draw, draw(st.sampled_from([".h5", ".npz", ".keras"])))  # None would download
    return refuses(functools.partial(function, weights=file)), {"network": network, "scale": 1.0}


@case("features.inception", right=explained)
def _(draw, function):
    file = _file(draw, draw(st.sampled_from([".h5", ".weights.h5", ".keras"])))
    return (lambda: refuses(function)(weights=file)), {}


@case("export_model", right=explained)
def _(draw, function):
    format = draw(st.sampled_from(["tf", "onnx", "litert"]))
    path = draw(st.sampled_from(["no/folder/x.onnx", "x.onnx", "x", "."]))
    named = {
        "model": draw(models),
        "path": path,
        "format": format,
        "image_size": draw(st.sampled_from([None, 3, "a"])),
    }
    if format == "tf" or (format, path) == ("onnx", "x.onnx"):
        named["path"] = "."
    return refuses(function), named


@case("load_model", "training.load_model", right=explained)
def _(draw, function):
    return refuses(function), {"path": _file(draw, ".keras"), "compile": draw(st.booleans())}


# images
@case("images.check_batch")
def _(draw, _):
    images, masks = batch_of(draw)
    return {"images": images, "masks": masks}


@case("images.check_binary", right=lambda result, masks: is_mask(np.float32(masks).reshape(-1, 1)))
def _(draw, _):
    return {"masks": mask_of(draw, *draw(sizes()), 1)}


@case("images.check_pixels")
def _(draw, function):
    return (lambda image: function(image, (1, 2, 3, 4))), {"image": _any_kind(draw)[0]}


@case("images.check_format")
def _(draw, _):
    return {"path": draw(st.sampled_from(["a.png", Path("b/c.TIF"), "x.jpeg"]))}


def _composed(result, filled, images, masks):
    result, filled, images, masks = map(numeric, (result, filled, images, masks))
    assert np.array_equal(result, np.where(masks > 0, images, filled), equal_nan=True)
    assert result.shape == images.shape


@case("images.composite", right=_composed)
def _(draw, _):
    images, masks = batch_of(draw)
    return {"filled": images[::-1].copy(), "images": images, "masks": masks}


@case("images.final_output")
def _(draw, _):
    images, _ = batch_of(draw)
    return {"outputs": draw(st.sampled_from([images, [images], (images, images), {"a": images}]))}


def _image_file(draw, ending=None):
    """A real image file as a path, as text, or opened."""
    ending = ending or draw(st.sampled_from([".png", ".jpg", ".webp", ".tif", ".bmp"]))
    path = Path(f"image{ending}")
    ik.images.write_image(path, pixels(draw, *draw(sizes()), 3))
    return draw(st.sampled_from([path, str(path)]))


@case("images.read_image", "images.read_uint8")
def _(draw, _):
    return {
        "path": _image_file(draw),
        "image_size": draw(st.one_of(st.none(), st.integers(16, 40), sizes(16))),
    }


@case("images.read_mask")
def _(draw, _):
    _, mask = one_image(draw)
    mask[0, 0] = 0
    mask[mask.shape[0] // 2] = 1  # a centre crop, which image_size makes, keeps some of it
    ik.images.write_mask("mask.png", mask, hole="white")
    size = draw(st.sampled_from([None, (max(16, mask.shape[0]), max(16, mask.shape[1]))]))
    return {
        "path": "mask.png",
        "hole": "white",
        "image_size": size,
        "warn": draw(st.booleans()),
        "damaged": False,
    }


@case("images.decode_mask")
def _(draw, _):
    ik.images.write_mask("mask.png", mask_of(draw, *draw(sizes()), 1) * 0 + 1)
    return {"path": "mask.png", "hole": "white"}


@case("images.describe_image", "images.read_exact")
def _(draw, _):
    return {"path": _image_file(draw)}


def _exact(draw):
    channels = draw(st.sampled_from([(), (2,), (3,), (4,)]))
    dtype = "uint8" if channels == (2,) else draw(st.sampled_from(["uint8", "uint16"]))
    array = (pixels(draw, *draw(sizes()), *channels) * np.iinfo(dtype).max).astype(dtype)
    return ik.images.ExactImage("x.png", "PNG", array, draw(st.integers(1, 8)))


@case("images.ExactImage")
def _(draw, exact):
    array = _exact(draw).pixels
    named = {
        "name": "x.png",
        "format": "PNG",
        "pixels": array,
        "orientation": draw(st.integers(1, 8)),
        "dpi": (72, 72),
    }
    named |= {"exif": b"", "icc_profile": b"", "xmp": b""}
    return (lambda **given: ik.images.encode_exact(array, exact(**given), "y.png")), named


@case("images.encode_exact", "images.write_exact")
def _(draw, _):
    original = _exact(draw)
    return {
        "pixels": original.pixels,
        "original": original,
        "path": draw(st.sampled_from(["y.png", Path("y.tif")]))
        if original.pixels.shape[2:] != (2,)
        else "y.png",
    }


@case("images.with_note")
def _(draw, _):
    return {"original": _exact(draw), "text": draw(st.text()), "network": draw(st.booleans())}


@case("images.files_below")
def _(draw, function):
    Path("a").mkdir()
    Path("a/x").write_bytes(b"")
    return (lambda **given: list(function(**given))), {
        "folder": draw(st.sampled_from([".", Path("a")])),
        "rank": lambda name: 0,
    }


@case("images.is_hidden")
def _(draw, _):
    return {"path": draw(st.sampled_from(["a/.b", Path("x"), "__MACOSX/a"]))}


@case("images.size_pair", right=lambda result, image_size, name: [x.bit_length() for x in result])
def _(draw, _):
    return {"image_size": draw(st.one_of(st.integers(16, 600), sizes(16))), "name": "image_size"}


@case("images.to_uint8", right=lambda result, image: (result.dtype == "uint8") or 1 / 0)
def _(draw, _):
    return {"image": pixels(draw, *draw(sizes()), 3)}


@case("images.write_image", right=lambda result, path, image: ik.images.read_image(path))
def _(draw, _):
    return {"path": draw(st.sampled_from(["a.png", Path("a.bmp")])), "image": pixels(draw, *draw(sizes()), 3)}


@case("images.write_mask", right=lambda result, path, **_: ik.images.read_image(path))
def _(draw, _):
    return {
        "path": "a.png",
        "mask": mask_of(draw, *draw(sizes()), 1),
        "hole": draw(st.sampled_from(["white", "black"])),
    }


# inpainting
METHOD = st.sampled_from(["telea", "heat", "push_pull", "masked_input", ik.baselines.mean_color])


def _any_kind(draw):
    """(image, mask), the image of any kind that `inpaint` takes."""
    image, mask = one_image(draw, area=2000)
    kind = draw(st.sampled_from(["grey", "grey alpha", "RGB", "RGBA", "grey, (H, W, 1)"]))
    image = {
        "grey": image[..., 0],
        "grey alpha": image[..., :2],
        "RGB": image,
        "grey, (H, W, 1)": image[..., :1],
        "RGBA": np.concatenate([image, image[..., :1]], -1),
    }[kind]
    dtype = draw(st.sampled_from(["uint8", "uint16", "float32", "float64", "float16"]))
    top = 1 if dtype[0] == "f" else np.iinfo(dtype).max
    return (image * top).astype(dtype), mask


def _filled_image(result, image, mask, **_):
    image, known = np.asarray(image), np.asarray(mask).reshape(np.shape(image)[:2]) != 0
    image = image.astype(float) if image.dtype == object else image
    assert result.dtype == image.dtype and result.shape == image.shape
    assert np.array_equal(result[known], image[known]) and np.isfinite(result).all()
    if image.dtype.kind == "f":
        assert result.min() >= 0 and result.max() <= 1


@case("inpaint", "inpainting.inpaint", right=_filled_image)
def _(draw, _):
    image, mask = _any_kind(draw)
    settings = {
        "blend": draw(st.sampled_from([None, "feather", "poisson"])),
        "seed": draw(small),
        "progress": None,
    }
    tile, margin = draw(st.sampled_from([(512, 64), (33, 16), (3, 1), (40, 8)]))
    return {"image": image, "mask": mask, "method": draw(METHOD), "tile": tile, "margin": margin, **settings}


def _outpainted(result, image, left, right, top, bottom, **_):
    image = np.asarray(image)
    rows, columns = image.shape[:2]
    left, right, top, bottom = map(int, (left, right, top, bottom))
    assert result.shape == (rows + top + bottom, columns + left + right, *image.shape[2:])
    assert np.array_equal(result[top : top + rows, left : left + columns], image)


@case("outpaint", "inpainting.outpaint", right=_outpainted)
def _(draw, _):
    image, _ = _any_kind(draw)
    return {"image": image, "method": draw(METHOD)} | {
        side: draw(st.integers(0, 9)) for side in ("left", "right", "top", "bottom")
    }


@case("inpainting.find_method", right=finite)
def _(draw, function):
    return _run(function), {"method": draw(st.one_of(METHOD, models, st.just("Telea")))}


@case("inpainting.OnnxModel", right=explained)
def _(draw, function):
    named = {
        "path": _file(draw, ".onnx"),
        "hole_value": draw(st.sampled_from([None, 1, 255])),
        "layout": None,
    }
    return refuses(function), named | {
        "image_range": 1,
        "output_range": None,
        "colors": "RGB",
        "mask_first": None,
        "multiple": None,
    }


@case("inpainting.scratch_mask", right=is_mask)
def _(draw, _):
    image, _ = _any_kind(draw)
    image = image[..., :3] if image.shape[2:] != (2,) else image[..., 0]
    return {
        "image": image,
        "contrast": draw(st.sampled_from([0.05, 0.5])),
        "min_length": 0.1,
        "polarity": draw(st.sampled_from(["both", "dark", "bright"])),
    }


@case("inpainting.TemporalBlend")
def _(draw, blend):
    image, mask = one_image(draw)
    frame = np.uint8(image * 255)

    def call(memory, filled, mask):
        steady = blend(memory)
        for each in (frame, filled, filled):
            result = steady(each, mask)
        known = np.asarray(mask).reshape(frame.shape[:2]) != 0
        assert result.dtype == "uint8" and np.array_equal(result[known], np.asarray(filled)[known])

    return call, {"memory": draw(st.sampled_from([0, 0.5, 0.9])), "filled": frame[::-1].copy(), "mask": mask}


@case("inpainting.inpaint_video", right=explained)
def _(draw, function):
    named = {
        "source": _file(draw, ".mp4"),
        "target": draw(st.sampled_from(["y.mp4", "y.txt", "no/y.mkv"])),
        "mask": np.ones((5, 5)),
    }
    return refuses(function), named | {"method": "heat", "memory": 0.9, "blend": None, "seed": 0}


# layers, on any size
def _same_size(result, inputs, **_):
    outputs = result if isinstance(result, (list, tuple)) else [result]
    if all((np.abs(numeric(x)) < 1e9).all() for x in inputs):  # so not NaN
        assert all(np.isfinite(numeric(x)).all() for x in outputs)
    assert all(len(x.shape) == 4 for x in outputs)


CONV = {
    "kernel_size": st.sampled_from([1, 3, (3, 5)]),
    "strides": st.sampled_from([1, 2]),
    "padding": st.just("same"),
    "use_bias": st.booleans(),
    "activation": st.sampled_from([None, "relu"]),
}
LAYERS = {
    "PConv2D": {"filters": st.integers(1, 4)},
    "GatedConv2D": {"filters": st.integers(1, 4)},
    "PConv2DUp": {"filters": st.integers(1, 4)},
    "ContextualAttention": {"scale": st.sampled_from([1, 10.0]), "reach": st.integers(0, 2)},
    "PushPull": {
        "levels": st.integers(1, 4),
        "smoothing_steps": st.integers(0, 2),
        "biharmonic_steps": st.integers(0, 2),
    },
    "PadToMultiple": {"multiple": st.integers(1, 9)},
    "CropLike": {},
    "MaskImage": {},
}
for _name, _settings in LAYERS.items():

    @case(f"layers.{_name}", *(["PConv2D"] if _name == "PConv2D" else []), right=_same_size)
    def _(draw, layer, name=_name, settings=_settings):
        images, masks = batch_of(draw, area=1000)
        if name == "ContextualAttention":  # of even sizes; its memory grows with their square
            images, masks = (x[:, :3, :3].repeat(4, 1).repeat(4, 2) for x in (images, masks))
        large = [x.repeat(2, 1).repeat(2, 2) for x in (images, masks)] if name == "PConv2DUp" else []
        one = name in ("GatedConv2D", "PadToMultiple")
        inputs = Tensors([images] if one else [images, masks, *large])
        keras_settings = {key: draw(value) for key, value in (CONV if "filters" in settings else {}).items()}
        keras_settings = {} if name == "PConv2DUp" else keras_settings  # Keras checks these

        def call(inputs, **given):
            return layer(**given, **keras_settings)(inputs[0] if one else list(inputs))

        return call, {"inputs": inputs, **{key: draw(value) for key, value in settings.items()}}


# losses
def own_features(images):
    return [images]


LOSSES = {
    "BoundaryLoss": {"width": st.integers(1, 3)},
    "HoleValidLoss": {"hole": st.floats(0, 9), "valid": st.floats(0, 9)},
    "LogHoleLoss": {"weight": st.floats(0, 1), "epsilon": st.sampled_from([1e-4, 1])},
    "TotalVariationLoss": {},
    "PerceptualLoss": {"features": st.just(own_features)},
    "StyleLoss": {"features": st.just(own_features)},
    "PConvLoss": {
        "features": st.just(own_features),
        "valid": st.floats(0.1, 2),
        "hole": st.integers(0, 6),
        "perceptual": st.floats(0, 1),
        "style_out": st.floats(0, 1),
        "style_comp": st.floats(0, 1),
        "total_variation": st.floats(0, 1),
    },
    "WeightedSum": {"losses": st.just({"l1": (1, "mae"), "own": (0.5, ik.losses.HoleValidLoss())})},
}


def _one_number(result, **named):
    """One number; finite where the mask is within [0, 1] and no value is too large for float32."""
    assert np.ndim(numeric(result)) == 0
    target, output = numeric(named["y_true"]), numeric(named["y_pred"])
    numbers = [value for value in named.values() if np.isscalar(value) and not isinstance(value, str)]
    small = all(
        np.isfinite(each).all() and np.abs(each).max(initial=0) <= 1e18
        for each in (target, output, *map(numeric, numbers))
    )
    if target.size and small and ((target[..., -1] >= 0) & (target[..., -1] <= 1)).all():
        assert np.isfinite(numeric(result))


for _name, _settings in LOSSES.items():

    @case(f"losses.{_name}", right=_one_number)
    def _(draw, loss, settings=_settings):
        images, masks = batch_of(draw)
        named = {"y_true": np.concatenate([images, masks], -1), "y_pred": images[::-1].copy()}
        return (lambda y_true, y_pred, **given: loss(**given)(y_true, y_pred)), named | {
            k: draw(v) for k, v in settings.items()
        }


@case("losses.MaskLoss", "losses.MultiTermLoss", right=_one_number)
def _(draw, base):
    images, masks = batch_of(draw)

    class Own(base):
        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(self.split(y_true)[0] - y_pred), axis=(1, 2, 3))

        def terms(self, y_true, y_pred):
            return {"a": self.call(y_true, y_pred)}

    named = {"y_true": np.concatenate([images, masks], -1), "y_pred": images}
    named |= {"weights": {"a": 1}} if base is ik.losses.MultiTermLoss else {}
    return (lambda y_true, y_pred, **given: Own(name="own", **given)(y_true, y_pred)), named


def _per_image(result, y_true, y_pred, region=None, **_):
    assert tuple(result.shape) == np.shape(y_true)[:1]
    size = np.max([np.abs(numeric(y)).max(initial=0) for y in (y_true, y_pred)])
    if size < 1e9 and region is None and result.shape[0]:  # so not NaN
        assert np.isfinite(numeric(result)).all()


@case("losses.mae", "losses.mse", "losses.psnr_loss", "losses.ssim_loss", right=_per_image)
def _(draw, function):
    images, _ = batch_of(draw, 11 if function is ik.losses.ssim_loss else 1)
    return {"y_true": images, "y_pred": images[::-1].copy()}


for _name in ("losses.AdversarialLoss", "losses.HingeGANLoss", "losses.NonSaturatingGANLoss"):

    @case(_name)
    def _(draw, loss):
        real, fake = (pixels(draw, 2, draw(st.integers(1, 9))) for _ in range(2))
        if loss is ik.losses.AdversarialLoss:
            return (lambda: loss.from_config(loss().get_config())), {}
        named = {"real": real, "fake": fake}
        named |= (
            {"real_label": draw(st.sampled_from([0.9, 1]))} if loss is ik.losses.NonSaturatingGANLoss else {}
        )

        def call(real, fake, **given):
            made = loss(**given)
            return made.discriminator(real, fake) + made.generator(fake)

        return call, named


# masks
counts = st.one_of(st.integers(1, 9), st.tuples(st.integers(1, 4), st.integers(5, 9)))
ratios = st.sampled_from([None, (0.1, 0.4), (0.45, 0.55), (0.01, 0.99)])
drawn = {"count": counts, "hole_ratio": ratios}
GENERATORS = {
    "Border": {"sides": st.sampled_from([None, ("left",), ["top", "bottom"]])},
    "Center": {},
    "Grid": {"step": st.sampled_from([2, 16, (1, 3)])},
    "Ellipses": drawn | {"size": counts},
    "Lines": drawn | {"thickness": counts},
    "Rectangles": drawn | {"size": counts},
    "Polygons": drawn | {"size": counts, "vertices": st.integers(3, 7)},
    "Scratches": drawn | {"width": counts},
    "Strokes": drawn
    | {
        "vertices": counts,
        "angle": st.sampled_from([0, (48, 96), 180]),
        "width": counts,
        "length": st.one_of(st.none(), counts),
    },
    "Text": drawn | {"text": st.sampled_from(["A", "a b", "Z9" * 9]), "size": counts},
    "Thin": {"hole_ratio": ratios},
    "Medium": {"hole_ratio": ratios},
    "Thick": {"hole_ratio": ratios},
    "Mixture": {
        "generators": st.just([ik.masks.Lines(), ik.masks.Text()]),
        "weights": st.sampled_from([None, (3, 1), (0, 1)]),
        "hole_ratio": ratios,
    },
    "MaskBank": {"generator": st.just(ik.masks.Lines()), "size": st.integers(1, 5), "seed": small},
    "FromFolder": {
        "hole": st.just("white"),
        "bucket": st.just(""),
        "augment": st.booleans(),
        "hole_ratio": ratios,
    },
}


def _masks(result, **named):
    is_mask(result)
    assert result.shape == tuple(int(named[name]) for name in ("number", "rows", "columns")) + (1,)


for _name, _settings in GENERATORS.items():

    @case(f"masks.{_name}", right=_masks)
    def _(draw, generator, name=_name, settings=_settings):
        height, width = draw(sizes(16, 2000))
        named = {
            "number": draw(small),
            "rows": height,
            "columns": width,
            "seed_of_masks": draw(st.sampled_from([0, 7, [1, 2]])),
        }
        if name == "FromFolder":
            # Stripes: however narrow the part of it that is cut out, some of it is a hole.
            ik.images.write_mask("m.png", np.float32(np.indices((20, 30))[0] % 2))
            named["path"] = "."
        if name == "Grid" or ("hole_ratio" not in settings and name != "MaskBank"):
            named |= {} if name == "Grid" else {"hole_ratio": draw(st.sampled_from([(0.1, 0.4), (0.5, 0.6)]))}

        def call(number, rows, columns, seed_of_masks, **given):
            return generator(**given).sample(number, rows, columns, seed_of_masks)

        return call, named | {key: draw(value) for key, value in settings.items()}


@case("masks.MaskGenerator", "masks.ShapeMasks")
def _(draw, base):
    height, width = draw(sizes(16))

    class Own(base):
        hole_ratio, count = (0.1, 0.2), 3

        def _draw(self, label_map, label, rng):
            label_map[:] = label

        def _label_map(self, rng, height, width):
            return np.zeros((height, width), "uint8")

    return (lambda **given: Own().sample(**given)), {
        "count": draw(small),
        "height": height,
        "width": width,
        "seed": 0,
    }


@case("masks.hole_ratio", right=finite)
def _(draw, _):
    return {"mask": mask_of(draw, 2, *draw(sizes()), 1)}


@case("masks.move_hole", right=is_mask)
def _(draw, _):
    mask = np.ones((*draw(sizes(30, 3000)), 1), "float32")
    mask[3:5, 4:7] = 0
    return {
        "mask": mask,
        "count": draw(st.integers(1, 3)),
        "distance": draw(st.integers(0, 4)),
        "seed": draw(small),
    }


@case("masks.parse")
def _(draw, _):
    return {
        "text": draw(
            st.sampled_from(
                ["lines", "Lines(count=7)", "Mixture([lines, text], (3, 1))", "Border(('left',))"]
            )
        )
    }


# metrics
IMAGE_METRICS = ("mae", "mse", "psnr", "ssim", "dice", "jaccard_distance", "cosine_similarity")


@case(*(f"metrics.{name}" for name in IMAGE_METRICS), right=_per_image)
def _(draw, function):
    images, masks = batch_of(draw, 11 if function is ik.metrics.ssim else 1)
    named = {
        "y_true": images,
        "y_pred": images[::-1].copy(),
        "region": draw(st.sampled_from([None, 1 - masks, masks[..., 0]])),
    }
    named |= {"squared": draw(st.booleans())} if function is ik.metrics.dice else {}
    return named | (
        {"smooth": draw(st.sampled_from([1, 100.0]))} if function is ik.metrics.jaccard_distance else {}
    )


@case("metrics.ssim_map")
def _(draw, _):
    images, _ = batch_of(draw, 11)
    return {"y_true": images, "y_pred": images[::-1].copy()}


@case("metrics.as_tensor")
def _(draw, _):
    return {"name": "images", "value": draw(st.sampled_from([[0, 1], 0.5, np.ones((2, 3))]))}


@case("metrics.check_shapes")
def _(draw, _):
    images, masks = batch_of(draw)
    return {"y_true": images, "y_pred": images, "region": draw(st.sampled_from([None, masks]))}


@case(*(f"metrics.{name}" for name in ("MAE", "PSNR", "SSIM", "CosineSimilarity", "Dice", "JaccardDistance")))
def _(draw, metric):
    images, masks = batch_of(draw, 11)
    named = {
        "y_true": images,
        "y_pred": images[::-1].copy(),
        "sample_weight": draw(st.sampled_from([None, 1 - masks[..., 0]])),
    }

    dtype = draw(st.sampled_from([None, "float32"]))  # which Keras checks

    def call(y_true, y_pred, sample_weight, **given):
        made = metric(**given, dtype=dtype)
        made.update_state(y_true, y_pred, sample_weight)
        return float(made.result())

    named |= {"squared": draw(st.booleans())} if metric is ik.metrics.Dice else {}
    return call, named | {"name": draw(st.sampled_from([None, "x"]))}


@case("metrics.feature_distance")
def _(draw, _):
    images, _ = batch_of(draw)
    return {"y_true": images, "y_pred": images[::-1].copy(), "features": own_features}


@case("metrics.frechet_distance", right=finite)
def _(draw, _):
    real, fake = (pixels(draw, draw(st.integers(2, 9)), 4, kind="noise") for _ in range(2))
    return {"real": real, "fake": fake}


@case("metrics.kernel_distance", right=finite)
def _(draw, _):
    real, fake = (pixels(draw, 5, 4, kind="noise") for _ in range(2))
    return {"real": real, "fake": fake, "paired": draw(st.booleans())}


@case("metrics.PerceptualMetrics")
def _(draw, _):
    return {"names": (), "weights": draw(st.sampled_from([None, {}]))}


# models, on any size
few = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
NETWORKS = {
    "autoencoder": {"dropout": st.just(0.1)},
    "skip_autoencoder": {"dropout": st.just(0)},
    "pconv_unet": {},
    "pconv_unet16": {},
    "pconv_unet_double": {"partial": st.booleans()},
    "residual_unet": {},
    "prefilled_unet": {"bottleneck": st.sampled_from(["plain", "dilated"])},
    "coarse_to_fine": {"filters": st.just((2, 2, 2))},
    "unet": {
        "normalization": st.sampled_from(["batch", None]),
        "bottleneck": st.just("plain"),
        "prefill": st.booleans(),
    },
    "discriminator": {"dropout": st.just(0.1)},
    "patch_discriminator": {},
}


def _network_output(result, images, masks, **_):
    assert (
        result.shape == np.shape(images)
        and np.isfinite(result).all()
        and result.min() >= 0
        and result.max() <= 1
    )


for _name, _settings in NETWORKS.items():

    @case(f"models.{_name}", right=finite if "discr" in _name else _network_output)
    def _(draw, build, name=_name, settings=_settings):
        images, masks = batch_of(draw, area=1000)
        named = {"filters": draw(few), "name": "x"} | {key: draw(value) for key, value in settings.items()}
        fixed = name == "discriminator" or draw(st.booleans())
        named["input_shape"] = images.shape[1:] if fixed else (None, None, 3)
        if "discriminator" in name:  # what Keras says about its input is not the kit's
            return (lambda **given: keras.ops.convert_to_numpy(build(**given)(images))), named

        def call(images, masks, **given):
            return ik.as_method(build(**given))(images, masks)

        return call, {"images": images, "masks": masks, **named}


# notebook, pretrained, serving
@case("draw", "notebook.draw", strict=False, right=is_mask)  # strokes may miss the image, or cover it
def _(draw, _):
    image, _ = one_image(draw, 20)
    image = draw(st.sampled_from([image, image[..., :1], np.uint8(image[..., 0])]))
    stroke = (
        draw(st.integers(1, 3)),
        draw(st.lists(st.tuples(st.floats(0, 19), st.floats(0, 9)), min_size=1, max_size=3)),
    )
    return (lambda image, strokes: ik.draw(image, [] if strokes is None else strokes)), {
        "image": image,
        "strokes": [stroke],
    }


@case("upload", "notebook.upload")
def _(draw, _):
    return {"path": _image_file(draw)}


@case("pretrained.card", "pretrained.load", "load")
def _(draw, _):
    return {"name": "cifar10"}


@case("pretrained.save")
def _(draw, _):
    return {
        "folder": "x",
        "name": "small",
        "network": network(),
        "about": {"network": "unet", "arguments": {}},
    }


@case("app", "serving.app", right=explained)
def _(draw, function):  # never all right: that would start a server
    return refuses(lambda model: function(model)), {"model": "no.keras"}


@case("serving.serve", right=explained)
def _(draw, function):  # the port is never right
    port = draw(st.sampled_from([70_000, -1, None, "a", np.nan, 1.5, [1], 2**70]))
    named = {"models": ["no.keras"], "host": "127.0.0.1", "workers": 1, "seconds": 1}
    return (lambda **given: refuses(function)(port=port, **given)), named


@case("serving.RunningApp")
def _(draw, running):
    return (lambda url, to_close: repr(running(url, to_close))), {
        "url": "http://127.0.0.1:7860",
        "to_close": contextlib.ExitStack(),
    }


# training
def _fit_arrays(draw):
    height, width = draw(sizes(area=100))
    images, masks = pixels(draw, 2, height, width, 3), mask_of(draw, 2, height, width, 1)
    return {
        "x": [images * masks, masks],
        "y": images,
        "loss": draw(st.sampled_from(["mae", ik.losses.HoleValidLoss()])),
    }


@case("Inpainter", "training.Inpainter")
def _(draw, inpainter):
    def call(network, x, y, loss):
        model = inpainter(network)
        model.compile("sgd", loss, run_eagerly=True)
        model.fit(x, y, epochs=1, verbose=0)
        return model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)

    return call, {"network": network(), **_fit_arrays(draw)}


@case("InpaintingGAN", "training.InpaintingGAN")
def _(draw, gan):
    def call(generator, discriminator, adversarial_weight, gan_loss, x, y, loss):
        model = gan(generator, discriminator, adversarial_weight, gan_loss)
        model.compile("sgd", loss, run_eagerly=True)
        model.fit(x, y, epochs=1, verbose=0)

    discriminator = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
    named = {"generator": network(), "discriminator": discriminator, "adversarial_weight": 0.1}
    return call, named | {
        "gan_loss": draw(st.sampled_from([None, ik.losses.HingeGANLoss()])),
        **_fit_arrays(draw),
    }


def _trained(callback):
    """A call of `fit` with one callback."""

    def call(**named):
        made = callback(**named)
        model = ik.Inpainter(network())
        model.compile(keras.optimizers.SGD(0.01, use_ema=True), "mae", run_eagerly=True)
        model.fit(
            small_pairs(2, 2), epochs=2, verbose=0, callbacks=made if isinstance(made, list) else [made]
        )

    return call


CALLBACKS = {
    "AveragedWeights": {},
    "CosineAnnealing": {"minutes": st.sampled_from([None, 1, 0.5]), "warm_up": st.integers(0, 20)},
    "FollowEpochs": {"pairs": st.just(0).map(lambda _: small_pairs(2, 2))},
    "PiecewiseLearningRate": {"rates": st.sampled_from([{0: 1e-3}, {0: 1, 1: 0.1}])},
    "step_schedule": {"rates": st.sampled_from([{0: 1e-3}, {0: 1, 1: 0.1}])},
    "Plateau": {
        "monitor": st.just("loss"),
        "factor": st.sampled_from([0.1, 0.5]),
        "patience": st.integers(0, 3),
    },
    "ProgressLine": {"minutes": st.sampled_from([None, 1, 0.5])},
}
for _name, _settings in CALLBACKS.items():

    @case(f"training.{_name}")
    def _(draw, callback, settings=_settings):
        return _trained(callback), {name: draw(value) for name, value in settings.items()}


@case("training.ImageLogger")
def _(draw, logger):
    return {
        "tensorboard": keras.callbacks.TensorBoard("x"),
        "images": small_pairs(2, 2),
        "count": draw(st.integers(1, 4)),
    }


@case("training.Resume")
def _(draw, resume):
    return {
        "run_dir": "x",
        "callbacks": [],
        "train": None,
        "monitor": "loss",
        "on_change": draw(st.sampled_from(["refuse", "restart"])),
    }


@case("training.standard_callbacks")
def _(draw, _):
    named = {
        "run_dir": "x",
        "monitor": "loss",
        "patience": draw(st.integers(1, 9)),
        "minutes": draw(st.sampled_from([None, 1])),
    }
    return named | {"train": None, "images": None, "on_change": "refuse", "warm_up": draw(small)}


@case("training.data_parallel")
def _(draw, function):
    def call(devices):
        with function(devices) as count:
            return count

    return call, {"devices": draw(st.sampled_from([None, 1]))}


@case("training.this_process")
def _(draw, _):
    return {}


def _compiled():
    model = ik.Inpainter(ik.models.pconv_unet(filters=(2, 2)))
    model.compile("sgd", "mae", run_eagerly=True)
    return model


@case("training.find_learning_rate")
def _(draw, _):
    return {"model": _compiled(), "pairs": small_pairs(2, 2), "low": 1e-6, "high": 1e-3, "steps": 10}


@case("training.overfit_one_batch")
def _(draw, _):
    return {"model": _compiled(), "batch": small_pairs(2, 2)[0], "steps": draw(st.integers(1, 2))}


@case("training.freeze_encoder_batchnorm")
def _(draw, _):
    return {"model": _compiled(), "learning_rate": 1e-4}


@case("training.Preset")
def _(draw, preset):
    named = {
        "filters": (2, 2),
        "masks": {ik.masks.Lines(): 1},
        "validation": {"lines": ik.masks.Lines()},
        "image_size": 32,
    }
    named |= {
        "crop": draw(st.sampled_from([None, 16])),
        "shrink": 0,
        "batch_size": 2,
        "learning_rate": 1e-3,
        "steps": 2,
        "minutes": 1,
    }

    def call(**given):
        made = preset(**given)
        train, _ = made.batches("photos", count=2)
        return made.in_words(), train[0], made.build()

    return call, named


# plots
def _marked(result, images, masks, **_):
    masks = np.broadcast_to(masks, (*result.shape[:-1], 1))[..., 0]
    expected = np.broadcast_to(np.asarray(images, result.dtype), result.shape)
    assert np.array_equal(result[masks > 0], expected[masks > 0], equal_nan=True)


@case("plots.mark", right=_marked)
def _(draw, _):
    images, masks = batch_of(draw)
    return {"images": images, "masks": masks, "color": (1, 0, 0)}


@case("plots.method_color")
def _(draw, _):
    return {"name": draw(st.sampled_from(["Telea", "own", "own, untrained"]))}


@case("plots.numbers")
def _(draw, _):
    array = pixels(draw, *draw(sizes(area=12)))
    return {
        "grids": {"a": array, "b": (array, np.ones_like(array))},
        "form": draw(st.sampled_from([".4g", ".2f"])),
    }


@case("plots.gallery")
def _(draw, _):
    images, masks = batch_of(draw, area=100)
    named = {"images": images, "masks": masks, "results": {"a": images}, "tile": 1.5}
    return named | {
        "scores": draw(st.sampled_from([None, {"a": np.ones(len(images))}])),
        "score": draw(st.sampled_from(["hole", "image"])),
    }


@case("plots.curves")
def _(draw, _):
    return {
        "history": {"loss": [1, 0.5], "val_loss": [2, 1]},
        "baselines": draw(st.sampled_from([None, {"loss": {"a": 1}}])),
    }
