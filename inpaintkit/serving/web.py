"""Puts together what the server serves: the HTTP interface at /api, the page at /."""

from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from PIL import Image

from inpaintkit.baselines import ALL
from inpaintkit.inpainting import METHOD_NAMES
from inpaintkit.pretrained import NAMES
from inpaintkit.serving.guards import BodyLimit, OwnPagesOnly
from inpaintkit.serving.page import build_page
from inpaintkit.serving.routes import api_routes
from inpaintkit.serving.uploads import MAX_BYTES, MAX_PIXELS, Refused

DEFAULT = "photos"


def build_server(jobs, files, local):
    """The FastAPI application.

    Args:
        jobs: `Jobs`.
        files: paths of networks to offer beside the methods of the kit.
        local: whether only this machine reaches the server; then it answers to local names only.

    Raises:
        ValueError: a file that cannot be loaded.
    """
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Gradio decodes what the brush drew; Pillow refuses twice this
    shown = {method.__name__: name for name, method in ALL.items()}
    methods = {name: name for name in METHOD_NAMES if name != "masked_input"}  # which fills nothing
    for file in files:
        try:
            jobs.load(file)
        except Refused as error:
            raise ValueError(str(error)) from error
        stem, count = Path(file).stem, sum(name.split("~")[0] == Path(file).stem for name in methods)
        methods[f"{stem}~{count + 1}" if count else stem] = file
    labels = {
        name: f"{name} (network)" if name in NAMES else shown.get(name, f"{name} (your file)")
        for name in methods
    }
    server = FastAPI(openapi_url=None)
    server.mount("/api", api_routes(jobs, methods, DEFAULT))
    page = build_page(jobs, methods, labels, DEFAULT)
    gr.mount_gradio_app(server, page, path="/", max_file_size=MAX_BYTES, show_error=False, ssr_mode=False)
    server.add_middleware(BodyLimit)
    server.add_middleware(OwnPagesOnly, local=local)
    return server
