"""`.onnx` files with the conventions of public networks are recognised, and fill as a reference does."""

import importlib.util
import sys

import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit.inpainting import OnnxModel

if importlib.util.find_spec("onnx") is None or importlib.util.find_spec("onnxruntime") is None:
    pytest.skip('needs pip install -e ".[onnx]"', allow_module_level=True)

import onnx_files

# Each: the function that writes it, its smallest side, what must be found, and the tolerance of its bits.
FILES = {
    "carve_lama": (
        lambda path: onnx_files.lama(path, 128),
        128,
        {"hole_value": 1, "output_range": 255},
        1e-5,
    ),
    "opencv_lama": (
        lambda path: onnx_files.lama(path, 128, eight_bits=True),
        *(128, {"hole_value": 1, "output_range": 255}, 1.1 / 255),
    ),
    "migan_pipeline": (onnx_files.migan_pipeline, 1, {"hole_value": 0, "output_range": 255}, 1.1 / 255),
    "migan": (lambda path: onnx_files.migan(path, 128), 128, {"hole_value": -0.5, "mask_first": True}, 1e-5),
    "other_lama": (onnx_files.other_lama, 32, {"hole_value": 1, "output_range": 1, "multiple": 32}, 1e-5),
    "channels_last": (onnx_files.channels_last, 1, {"hole_value": 0}, 1e-5),
}
every_file = pytest.mark.parametrize("name", FILES)


@pytest.fixture(scope="module")
def photograph():
    """A real photograph (1, H, W, 3) that the trial does not use, and its mask."""
    image = ik.data.images("photos", "test", (100, 117), count=1).as_float()
    return image, ik.masks.Lines(hole_ratio=(0.1, 0.2)).sample(1, 100, 117, seed=3)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Function of a name in FILES that returns its model; what is not said is found by a trial."""
    folder, made = tmp_path_factory.mktemp("onnx"), {}

    def get(name):
        if name not in made:
            made[name] = OnnxModel(FILES[name][0](folder / f"{name}.onnx"))
        return made[name]

    return get


def hole_error(filled, image, mask):
    return float(np.sqrt(np.square(filled - image)[mask[..., 0] == 0].mean()))


def padded_reference(image, mask, side):
    """The filter of the files, for sides that are padded by mirroring to a multiple of `side`."""
    padding = [(0, -length % side) for length in image.shape[:2]] + [(0, 0)]
    image, mask = (np.pad(array, padding, mode="symmetric") for array in (image, mask))
    return onnx_files.reference(image, mask)


@every_file
def test_conventions_are_recognised_and_fill_like_the_reference(name, model, photograph):
    image, mask = photograph
    _, side, expected, tolerance = FILES[name]
    found = model(name)
    assert {key: getattr(found.convention, key) for key in expected} == expected
    filled = found(image, mask)
    height, width = image.shape[1:3]
    reference = padded_reference(image[0], mask[0], side)[:height, :width]
    np.testing.assert_allclose(filled[0], reference, atol=tolerance)
    assert hole_error(filled, image, mask) < hole_error(image * mask, image, mask) / 2
    assert np.array_equal(filled, found(image * mask, mask))


def test_a_wrong_convention_that_is_said_fills_differently_and_warns(tmp_path, photograph):
    image, mask = photograph
    path = onnx_files.lama(tmp_path / "lama.onnx", 128)
    with pytest.warns(
        UserWarning, match="check what you said of its conventions, hole_value=0 image_range=1"
    ):
        wrong = OnnxModel(path, hole_value=0, image_range=1, output_range=255)
    right = OnnxModel(path, hole_value=1, image_range=1, output_range=255)
    assert hole_error(wrong(image, mask), image, mask) > 2 * hole_error(right(image, mask), image, mask)


def test_a_network_whose_convention_is_unclear_is_refused_with_what_to_say(tmp_path):
    with pytest.raises(ValueError, match=r"not clear from a trial.*Say hole_value .* --hole-value, --image-"):
        OnnxModel(onnx_files.ignores_mask(tmp_path / "nothing.onnx"))
    path = onnx_files.symmetric(tmp_path / "blur.onnx")
    with pytest.raises(ValueError, match=r"hole_value=0 image_range=.*; hole_value=1 image_range="):
        OnnxModel(path)
    said = {"hole_value": 1, "image_range": -1, "output_range": -1}
    assert OnnxModel(path, **said).convention.hole_value == 1


def test_a_larger_image_is_made_smaller_without_a_halo(model):
    """Only the fill is used; no grey of the hole is mixed into its rim."""
    image = np.full((1, 300, 220, 3), 0.7, "float32")
    image[..., 0] = 0.2
    mask = ik.masks.Lines(thickness=3, hole_ratio=(0.1, 0.2)).sample(1, 300, 220, seed=1)
    filled = model("carve_lama")(image * mask, mask)
    np.testing.assert_allclose(filled, image, atol=2e-3)
    noise = np.random.default_rng(0).random(image.shape, "float32")
    filled = model("carve_lama")(noise, mask)
    assert np.array_equal(filled * mask, noise * mask) and np.isfinite(filled).all()


def test_a_small_image_and_several_and_none(model, photograph):
    image, mask = photograph
    method = model("carve_lama")
    small, hole = image[:, 20:37, 30:41], mask[:, 20:37, 30:41]
    assert method(small, hole).shape == small.shape
    two = method(np.concatenate([image, image[:, ::-1]]), np.concatenate([mask, mask[:, ::-1]]))
    assert np.array_equal(two[:1], method(image, mask)) and not np.array_equal(two[0], two[1])
    assert method(image[:0], mask[:0]).shape == (0, *image.shape[1:])


def test_find_method_inpaint_and_compare_take_the_file(tmp_path, photograph):
    image, mask = photograph
    path = onnx_files.migan_pipeline(tmp_path / "migan.onnx")
    filled = ik.inpaint(image[0], mask[0], path, blend=None)
    assert hole_error(filled[None], image, mask) < hole_error(image * mask, image, mask)
    method = ik.inpainting.find_method(path)
    assert method is ik.inpainting.find_method(str(path)) and method.__name__ == "migan"
    told = ik.inpainting.find_method(path, hole_value=0)
    assert told is not method and told.convention == method.convention
    with pytest.raises(ValueError, match=r"hole_value: of .onnx files only, not of method='telea'"):
        ik.inpainting.find_method("telea", hole_value=0)
    table = ik.compare({"migan": method, "masked input": ik.baselines.masked_input}, image, mask)
    assert {"migan", "masked input"} <= set(table["method"])


def test_bgr_and_layout_can_be_said(tmp_path, photograph):
    image, mask = photograph
    path = onnx_files.channels_last(tmp_path / "last.onnx", image_channels="c")
    with pytest.raises(ValueError, match=r"photo tensor\(float\) \['b', 'h', 'w', 'c'\].*say layout"):
        OnnxModel(path)
    path = onnx_files.channels_last(tmp_path / "last.onnx")
    said = {"hole_value": 0, "image_range": 255, "output_range": 255, "layout": "NHWC"}
    rgb, bgr = OnnxModel(path, **said), OnnxModel(path, **said, colors="BGR")
    np.testing.assert_allclose(bgr(image, mask), rgb(image, mask), atol=1e-5)  # this filter treats all alike


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"hole_value": 2}, "hole_value=2: expected one of 1, 0, 255, -0.5, 0.5"),
        ({"image_range": 100}, "image_range=100: expected one of 1, 255, -1"),
        ({"layout": "HWC"}, "layout='HWC': expected one of 'NCHW', 'NHWC'"),
        ({"colors": "GBR"}, "colors='GBR'"),
        ({"multiple": 0}, "multiple=0: expected a whole number"),
    ],
)
def test_settings_are_checked(setting, message):
    with pytest.raises(ValueError, match=message):
        OnnxModel("lama.onnx", **setting)


def test_a_missing_or_broken_file_and_a_missing_package(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="there is no such file"):
        OnnxModel(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(ValueError, match=r"^text.onnx: cannot be loaded \(.*expected an .onnx file"):
        OnnxModel(tmp_path / "text.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match="need onnxruntime: pip install onnxruntime"):
        OnnxModel(tmp_path / "text.onnx")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", r"expected a JSON object"),
        ("no JSON", r"expected a JSON object"),
        ('{"image_range": 7}', r"image_range=7: expected one of 1, 255, -1"),
        ('{"layout": ["NCHW"]}', r"layout=\['NCHW'\]"),
        ('{"hole_value": {}}', "hole_value={}"),
    ],
)
def test_wrong_metadata_are_refused_with_the_name_of_the_file(tmp_path, text, message):
    import onnx

    path = tmp_path / "last.onnx"
    graph = onnx.load(onnx_files.channels_last(path))
    onnx.helper.set_model_props(graph, {"inpaintkit": text})
    onnx.save(graph, path)
    with pytest.raises(ValueError, match=rf"^last\.onnx: its metadata are wrong: .*{message}"):
        OnnxModel(path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lama", "migan"])
def test_full_size_networks_are_recognised(name, tmp_path, photograph):
    image, mask = photograph
    method = OnnxModel(getattr(onnx_files, name)(tmp_path / "full.onnx", 512))
    reference = padded_reference(image[0], mask[0], 512)[: image.shape[1], : image.shape[2]]
    np.testing.assert_allclose(method(image, mask)[0], reference, atol=1e-5)
