"""Drawings that the editor in the browser would not send are not decoded."""

import io

import gradio as gr
import numpy as np
import pytest
from gradio.components.image_editor import EditorData, EditorDataBlobs
from gradio.data_classes import FileData
from PIL import Image
from serving_helpers import png

from inpaintkit.serving.drawings import MAX_LAYERS, checked_drawing

pytestmark = pytest.mark.slow  # to import Gradio takes seconds


@pytest.fixture
def decode():
    editor = gr.ImageEditor(format="png")
    decoded = checked_drawing(editor)
    decoded.editor = editor
    return decoded


def as_files(folder, *contents):
    files = [folder / f"{i}.png" for i, _ in enumerate(contents)]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    return [FileData(path=str(file)) for file in files]


def test_a_drawing_is_decoded(decode, tmp_path):
    layer = np.zeros((30, 40, 4), "uint8")
    layer[5:9, 5:9] = 255
    (file,) = as_files(tmp_path, png(layer))
    for payload in (EditorData(layers=[file]), EditorData(id="blobs")):
        decode.editor.blob_storage["blobs"] = EditorDataBlobs(
            background=None, layers=[png(layer)], composite=None
        )
        assert np.array_equal(decode(payload)["layers"][0][..., 3], layer[..., 3])
    assert decode(None) is None and decode(EditorData(id="unknown"))["layers"] == []


def test_other_formats_and_sizes_and_numbers_are_refused(decode, tmp_path):
    tiff = io.BytesIO()
    Image.new("L", (8, 8)).save(tiff, "TIFF")
    small, large = png(np.zeros((8, 8), "uint8")), png(np.zeros((2049, 2048), "uint8"))
    good, *files = as_files(tmp_path, small, tiff.getvalue(), large, small[:20])
    payloads = [EditorData(layers=[good] * (MAX_LAYERS + 1)), EditorData(background=files[1])]
    for payload in payloads + [EditorData(layers=[file]) for file in files]:
        with pytest.raises(gr.Error, match="clear the mask"):
            decode(payload)
    decode.editor.blob_storage["blobs"] = EditorDataBlobs(
        background=None, layers=[tiff.getvalue()], composite=None
    )
    with pytest.raises(gr.Error, match="clear the mask"):
        decode(EditorData(id="blobs"))
