"""What is checked of a drawing before Gradio decodes it, in the process of the server."""

import struct
from pathlib import Path

import gradio as gr

MAX_DRAWN = 2**22  # pixels of a layer; the copy that is drawn on has a quarter of them at most
MAX_LAYERS = 16  # the editor itself sends one or two


def checked_drawing(editor):
    """The `preprocess` of a `gr.ImageEditor` that decodes only what the editor in the browser sends.

    Gradio's own opens files of any format, size and number, whoever sends them.
    """
    decode = editor.preprocess

    def checked(payload):
        sent = payload and (editor.blob_storage.get(payload.id) if payload.id else payload)
        if sent:
            files = [sent.background, *(sent.layers or ()), sent.composite]
            if len(files) > MAX_LAYERS + 2 or not all(map(_is_small_png, filter(None, files))):
                raise gr.Error("This drawing cannot be used: clear the mask.", print_exception=False)
        return decode(payload)

    return checked


def _is_small_png(file):
    """Whether a file (bytes, or with a path) says in its first bytes that it is a PNG of a few pixels."""
    if not isinstance(file, bytes):
        with Path(file.path).open("rb") as opened:
            file = opened.read(24)
    if len(file) < 24 or not file.startswith(b"\x89PNG\r\n\x1a\n"):
        return False
    width, height = struct.unpack(">II", file[16:24])
    return width * height <= MAX_DRAWN
