import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from keras.ops import convert_to_numpy as to_numpy

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
    assert [label.get_text() for label in labels] == ["", "", f"{expected:.1f} dB", "100.0 dB", ""]
    assert [label.get_weight() for label in labels[2:4]] == ["normal", "bold"]
    figure.savefig(tmp_path / "gallery.png")
    assert not plt.get_fignums()  # a notebook would show an open figure twice


def test_gallery_shows_other_scores_if_they_are_given(batch):
    images, masks = batch
    figure = plots.gallery(images, masks, {"net, untrained": images}, scores={"net, untrained": [1, 2, 3, 4]})
    assert figure.axes[2].get_xlabel() == "1.0 dB" and figure.axes[2].get_title() == "net,\nuntrained"


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
