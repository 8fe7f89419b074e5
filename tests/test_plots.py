import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy as to_numpy
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from skimage.color import rgb2lab

from inpaintkit import baselines, metrics, plots


@pytest.fixture
def table():
    """As `ik.compare` returns it: a classical method, a network before and after training, two buckets."""
    rows = []
    for bucket in ("all", "10–20 %", "20–30 %", "elsewhere"):
        for name, psnr in (("masked input", 8), ("Telea", 20), ("net", 24), ("net, untrained", 21)):
            rows.append({"method": name, "bucket": bucket, "psnr": psnr, "classical": name[0] in "mT"})
    whole = {"output": "composite", "region": "hole", "n": 9, "psnr_low": 19.0, "psnr_high": 25.0, "ms": 3.0}
    table = pd.DataFrame(rows).assign(**whole)
    others = [table.assign(region="image", psnr=50.0), table.assign(output="raw", psnr=60.0)]
    return pd.concat([table, *others], ignore_index=True)


def test_mark_paints_the_hole_only(batch):
    images, masks = batch
    marked, hole = plots.mark(images, masks), masks[..., 0] == 0
    assert np.allclose(marked[hole], plots.MARK) and np.array_equal(marked[~hole], images[~hole])
    np.testing.assert_array_equal(plots.mark(images[0], masks[0]), marked[0])


def test_numbers_writes_each_known_number_and_paints_the_hole():
    values, mask = np.array([[1.5, np.nan], [-3, 0.25]]), np.array([[1, 0], [1, 1]])
    figure = plots.numbers({"all": np.ones((3, 2)), "with a hole": (values, mask)}, form=".1f")
    plain, holed = figure.axes
    assert [axis.get_title() for axis in figure.axes] == ["all", "with a hole"] and len(plain.texts) == 6
    assert [text.get_text() for text in holed.texts] == ["1.5", "-3.0", "0.2"]
    assert [text.get_position() for text in holed.texts] == [(0, 0), (0, 1), (1, 1)]
    shown = holed.images[0].get_array()
    assert np.allclose(shown[0, 1], plots.MARK) and shown[mask > 0].max() <= 1
    assert shown[0, 0, 0] == 1 and np.isclose(shown[1, 0, 0], 0.65)  # the largest is white
    assert not plt.get_fignums()


def test_gallery_shows_each_method_and_the_best_psnr_in_bold(batch, tmp_path):
    images, masks = batch
    telea = baselines.telea(images, masks)
    figure = plots.gallery(images, masks, {"Telea": telea, "truth": images})
    titles = [axis.get_title() for axis in figure.axes[:5]]
    assert titles == ["input", "mask", "Telea", "truth", "original"] and len(figure.axes) == 20
    labels = [axis.xaxis.label for axis in figure.axes[:5]]
    expected = to_numpy(metrics.psnr(images, telea, 1 - masks))[0]
    assert [label.get_text() for label in labels] == ["", "", f"hole {expected:.1f} dB", "hole 100.0 dB", ""]
    assert [label.get_weight() for label in labels[2:4]] == ["normal", "bold"]
    figure.savefig(tmp_path / "gallery.png")
    assert not plt.get_fignums()  # a notebook would show an open figure twice


def test_gallery_shows_other_scores_if_they_are_given(batch):
    images, masks = batch
    figure = plots.gallery(images, masks, {"net, untrained": images}, scores={"net, untrained": [1, 2, 3, 4]})
    assert figure.axes[2].get_xlabel() == "hole 1.0 dB" and figure.axes[2].get_title() == "net,\nuntrained"


def test_gallery_can_show_the_psnr_of_the_whole_image(batch):
    images, masks = batch
    fill = baselines.telea(images, masks)
    raw = np.where(masks > 0, images * 0.9, fill)  # as a network returns it: known pixels are not the same
    texts = {}
    for score in ("hole", "image"):
        figure = plots.gallery(images, masks, {"raw": raw, "composite": fill}, score=score)
        texts[score] = [axis.get_xlabel() for axis in figure.axes[2:4]]
    assert texts["hole"][0] == texts["hole"][1]
    assert texts["image"] == [f"image {to_numpy(metrics.psnr(images, x))[0]:.1f} dB" for x in (raw, fill)]
    assert texts["image"][0] != texts["image"][1]
    with pytest.raises(ValueError, match="score='whole': expected one of 'hole', 'image'"):
        plots.gallery(images, masks, {}, score="whole")


def test_a_mask_has_a_grey_frame_and_photographs_have_none(batch):
    axes = plots.gallery(*batch, {"truth": batch[0]}).axes[:4]
    frames = [
        {(spine.get_visible(), spine.get_edgecolor()[0]) for spine in axis.spines.values()} for axis in axes
    ]
    assert frames[1] == {(True, 0.6)} and all(
        {shown for shown, _ in f} == {False} for f in frames[:1] + frames[2:]
    )


def test_a_method_has_one_colour_and_one_marker_in_every_figure(table, monkeypatch):
    monkeypatch.setattr(plots, "_other_styles", {})
    alone = table[~table.method.str.startswith("Telea")]
    seen = {}
    for figure in (plots.buckets(table), plots.psnr_and_time(alone), plots.psnr_and_time(table)):
        for bars in figure.axes[0].containers:
            seen.setdefault(bars.get_label(), set()).add(
                (bars.lines[0].get_color(), bars.lines[0].get_marker())
            )
    assert {name: len(styles) for name, styles in seen.items()} == dict.fromkeys(seen, 1)
    line = plots.curves({"loss": [1]}, {"loss": {"net, validation": 1, "Telea": 2}}).axes[0].lines[1:]
    assert [x.get_color() for x in line] == [plots.method_color("net"), plots.method_color("Telea")]
    assert [plots.method_color(name) for name in ("mean_color", "navier_stokes", "shiftmap")] == [
        plots.method_color(name) for name in ("mean colour", "Navier–Stokes", "shift-map")
    ]


def test_every_classical_method_and_many_own_networks_look_different(monkeypatch):
    monkeypatch.setattr(plots, "_other_styles", {})
    names = [*baselines.ALL, "photos", "prefilled_unet", *(f"network {i}" for i in range(20))]
    assert set(baselines.ALL) <= set(plots.STYLES)
    assert len({plots._color_and_marker(name) for name in names}) == len(names)


# What red- and green-blind readers see of linear RGB: Machado, Oliveira and Fernandes, 2009, severity 1.
PROTANOPIA = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]
DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
]


@pytest.mark.parametrize("seen", [np.eye(3), PROTANOPIA, DEUTERANOPIA], ids=["all", "no red", "no green"])
def test_colour_blind_readers_can_tell_the_colours_apart(seen, monkeypatch):
    monkeypatch.setattr(plots, "_other_styles", {})
    names = [*baselines.CLASSICAL, "photos", "prefilled_unet", "network 1", "network 2", "network 3"]
    rgb = np.array([to_rgb(plots.method_color(name)) for name in names])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    shown = np.clip(linear @ np.transpose(seen), 0, 1)
    lab = rgb2lab(np.where(shown <= 0.0031308, shown * 12.92, 1.055 * shown ** (1 / 2.4) - 0.055))
    distances = np.linalg.norm(lab[:, None] - lab, axis=-1) + 1e3 * np.eye(len(names))
    assert distances.min() > 14, [names[i] for i in np.argwhere(distances == distances.min())[0]]


@pytest.mark.parametrize("slowest", [6, 300])
def test_names_stand_beside_their_points_and_do_not_cover_one_another(table, slowest):
    rows = table.assign(
        method=[f"a long name of a method {i % 9}" for i in range(len(table))]
    )  # many, with nearly equal numbers
    rows = rows[(rows.bucket == "all") | (rows.bucket == "elsewhere")].assign(bucket="all")
    rows["psnr"], rows["ms"] = 20 + np.arange(len(rows)) / 1000, np.geomspace(3, slowest, len(rows))
    figure = plots.psnr_and_time(rows)
    figure.draw(renderer := FigureCanvasAgg(figure).get_renderer())
    for text in figure.axes[0].texts:
        text.update_positions(renderer)
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]  # without the lines to points
    assert len(boxes) > 3
    for i, one in enumerate(boxes):
        assert figure.bbox.x0 <= one.x0 and one.x1 <= figure.axes[0].bbox.x1 and one.y1 <= figure.bbox.y1
        assert not any(one.overlaps(other) for other in boxes[:i])


def test_curves_have_training_validation_and_baselines():
    history = {"loss": [2, 1], "val_loss": [2, 1.5], "learning_rate": [1, 1], "hole_psnr": [20, 21]}
    figure = plots.curves(history, {"hole_psnr": {"biharmonic": 22}})
    assert [axis.get_title() for axis in figure.axes] == ["loss", "hole PSNR, dB"]
    lines = [[line.get_label() for line in axis.lines] for axis in figure.axes]
    assert lines == [["training", "validation"], ["training", "biharmonic"]]


def test_buckets_show_the_composite_in_the_hole(table):
    figure = plots.buckets(table)
    drawn = {bars.get_label(): bars.lines[0] for bars in figure.axes[0].containers}
    assert list(drawn) == ["Telea", "net", "net, untrained"]
    np.testing.assert_array_equal(drawn["net"].get_ydata(), [24, 24])
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["10–20 %\nn = 9", "20–30 %\nn = 9"]
    assert [line.get_linestyle() for line in drawn.values()] == ["--", "-", ":"]


@pytest.mark.parametrize("plot", [plots.buckets, plots.psnr_and_time])
def test_an_untrained_network_is_hollow_in_the_colour_of_its_network(plot, table):
    drawn = {bars.get_label(): bars.lines[0] for bars in plot(table).axes[0].containers}
    before, after = drawn["net, untrained"], drawn["net"]
    assert before.get_color() == after.get_color() != drawn["Telea"].get_color()
    assert before.get_markerfacecolor() == "none" != after.get_markerfacecolor()


def test_psnr_and_time_leaves_out_methods_without_a_time(table):
    table.loc[table.method == "Telea", "ms"] = np.nan
    drawn = {bars.get_label(): bars.lines[0] for bars in plots.psnr_and_time(table).axes[0].containers}
    assert list(drawn) == ["net", "net, untrained"]
    assert drawn["net"].get_xdata().tolist() == [3] and drawn["net"].get_ydata().tolist() == [24]


@pytest.mark.parametrize("plot", [plots.buckets, plots.psnr_and_time])
def test_a_table_without_rows_to_draw_gives_an_empty_figure(plot, table):
    assert not plot(table[table.method == "masked input"]).axes[0].containers
