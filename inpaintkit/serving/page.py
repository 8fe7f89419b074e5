"""The page in the browser, made with Gradio.

The brush works on a copy of the image of at most 1,024 pixels per side, so that the browser need not encode a
large photograph at each stroke. The file itself stays as it was sent, and is filled at full size.
"""

import functools
from pathlib import Path

import cv2
import gradio as gr
import numpy as np

from inpaintkit import masks
from inpaintkit.serving.drawings import checked_drawing
from inpaintkit.serving.sessions import COLOR, ORIGINAL, Session, Sessions, open_png
from inpaintkit.serving.uploads import MAX_BYTES, MAX_PIXELS, Refused, check_job

RADIUS = 20  # of the brush at first, in pixels of the copy
PROGRESS = gr.Progress()
GENERATORS = [generator.__name__.lower() for generator in masks.GENERATORS[:-3]]  # the others need settings
STYLE = """<style>
footer, #editor button[aria-label="Color"] { display: none !important }
.gradio-container { width: 100%; max-width: 1500px !important; margin: auto; padding: 8px 16px !important }
.gradio-container button.primary { background: #c2410c }
@media (max-width: 600px) { .gradio-container, .gradio-container .main { padding: 4px !important } }
#text { min-height: 2.5rem }
#settings { align-items: center }
#head h1 { display: inline; font-size: 1.3rem; margin-right: 1rem }
#board.bare #editor { position: absolute; visibility: hidden }
#board:not(.bare) #bare { display: none }
</style>"""
TOGGLE = "(shown) => { document.querySelector('#board').classList.toggle('bare', !shown) }"


def build_page(jobs, methods, labels, default):
    """The page as `gr.Blocks`.

    Args:
        jobs: `Jobs`. methods: {name: what `ik.inpaint` takes}. labels: {name: what the page shows}.
        default: the name of the method that is chosen at first.
    """

    sessions = Sessions()

    def run(task, job, progress=None):
        with jobs.place():
            return jobs.run(task, job, progress)

    @_explained
    def take_photo(data):
        preview, size = run("preview", {"image": data})
        session = Session(data, preview, size)
        sessions.add(session)
        text = f"{size[0]:,}×{size[1]:,} pixels. Paint over what shall be filled, then press *Fill the hole*."
        return session, session.set_hole(), session.shown, text, *_step(2)

    @_explained
    def random_mask(session, name):
        generator = masks.parse(name)
        if "hole_ratio" in generator.__dataclass_fields__:
            generator = generator.with_ratio((0.05, 0.15))
        session.seed += 1
        mask = generator.sample(1, *session.shown.shape[:2], session.seed)[0, ..., 0]
        return session.set_hole(mask == 0)

    @_explained
    def mask_from_file(session, data):
        width, height = session.size
        packed = np.frombuffer(run("read_hole", {"mask": data, "size": session.size}), "uint8")
        hole = np.unpackbits(packed, count=width * height).reshape(height, width)
        shown = cv2.resize(hole * 255, session.shown.shape[1::-1], interpolation=cv2.INTER_AREA) > 0
        return session.set_hole(shown, hole > 0)

    @_explained
    def clear_mask(session):
        return session.set_hole()

    @_explained
    def fill(session, drawing, method, blend, progress=PROGRESS):
        label = labels[method]
        progress(0, desc=f"{label}: waiting for a worker, or loading")
        job = check_job(session.image, session.full_mask(drawing), method, methods, blend=blend)

        def report(done, total):
            progress((done, total), desc=f"{label}: pixels of the hole")

        answer = run("fill", {**job, "views": True}, report)
        file = Path(session.folder.name, "inpainted.png")
        file.write_bytes(answer["png"])
        choices = session.keep(f"Compare with {label}", answer["after"])
        size = f"{answer['width']:,}×{answer['height']:,} pixels"
        text = f"**{label}** filled {answer['hole_ratio']:.1%} of {size} in {answer['seconds']:.2f} s."
        views = [open_png(answer[name]) for name in ("hidden", "after", "difference")]
        compared = compare_with(session, ORIGINAL), *views, gr.Dropdown(choices, value=ORIGINAL)
        return text, *compared, str(file), gr.Column(visible=True)

    def compare_with(session, name):
        return open_png(session.results[name]), open_png(session.last)

    def start_over():
        return None, None, "", *_step(1)

    private = {"api_name": False} if gr.__version__ < "6" else {"api_visibility": "private"}
    limits = f"At most {MAX_BYTES // 10**6} MB and {MAX_PIXELS // 10**6} megapixels."
    with gr.Blocks(title="inpaintkit", analytics_enabled=False, delete_cache=(600, 3600)) as page:
        session = gr.State(time_to_live=3600)
        gr.HTML(f"{STYLE}<h1>inpaintkit</h1> Fill what you paint over. {limits}", elem_id="head")
        with gr.Row():
            with gr.Column(min_width=420):
                sources = ["upload", "clipboard", "webcam"]
                photo = gr.Image(label="Drop or paste an image", sources=sources, height=480, elem_id="photo")
                photo.preprocess = _read_bytes  # a worker decodes the file, not Gradio
                with gr.Column(visible=False, elem_id="board") as drawing:
                    editor = gr.ImageEditor(
                        label="Paint the hole", layers=False, transforms=(), sources=(), format="png",
                        canvas_size=(512, 512), height=480, elem_id="editor",
                        eraser=gr.Eraser(default_size=RADIUS),
                        brush=gr.Brush(default_size=RADIUS, colors=[f"rgb{COLOR}"], color_mode="fixed"),
                    )  # fmt: skip
                    editor.preprocess = checked_drawing(editor)
                    bare = gr.Image(label="Without the mask", interactive=False, height=480, elem_id="bare")
                    with gr.Row(equal_height=True):
                        shown = gr.Checkbox(True, label="Show the mask", min_width=90)
                        clear = gr.Button("Clear the mask", size="md", min_width=90)
                        mask_file = gr.UploadButton("Mask from a file", size="md", type="binary",
                                                    file_types=["image"], min_width=90)  # fmt: skip
                    with gr.Row(equal_height=True):
                        generator = gr.Dropdown(
                            GENERATORS, value="strokes", label="Mask generator", show_label=False,
                            container=False, min_width=90,
                        )  # fmt: skip
                        random = gr.Button("Random mask", size="md", min_width=90)
                        over = gr.Button("Start over", size="md", min_width=90)
            with gr.Column(min_width=420):
                with gr.Row(visible=False, elem_id="settings") as settings:
                    choices = [(label, name) for name, label in labels.items()]
                    method = gr.Dropdown(
                        choices, value=default, label="Method", min_width=90, elem_id="method"
                    )
                    blend = gr.Dropdown(["feather", "poisson", "none"], label="Blend the rim", min_width=90)
                    start = gr.Button("Fill the hole", variant="primary", size="md", min_width=90)
                text = gr.Markdown(elem_id="text")
                with gr.Column(visible=False) as results:
                    with gr.Tabs():
                        with gr.Tab("Slider"):
                            slider = gr.ImageSlider(
                                format="png", show_label=False, height=400, max_height=400
                            )
                        with gr.Tab("Side by side"), gr.Row():
                            hidden = gr.Image(
                                label="With the hole", format="png", min_width=150, interactive=False
                            )
                            after = gr.Image(label="Filled", format="png", min_width=150, interactive=False)
                        with gr.Tab("Difference"):
                            difference = gr.Image(label="Difference, made brighter", format="png", height=400,
                                                  interactive=False)  # fmt: skip
                    with gr.Row():
                        before = gr.Dropdown([ORIGINAL], label="Left of the slider", show_label=False,
                                             container=False, min_width=150, elem_id="before")  # fmt: skip
                        download = gr.DownloadButton("Download at full size", size="md", min_width=150,
                                                     variant="primary", elem_id="download")  # fmt: skip
        steps = [photo, drawing, settings, results]
        photo.input(take_photo, photo, [session, editor, bare, text, *steps], **private)
        gr.on([clear.click, editor.clear], clear_mask, session, editor, **private)
        random.click(random_mask, [session, generator], editor, **private)
        mask_file.upload(mask_from_file, [session, mask_file], editor, **private)
        shown.change(None, shown, None, js=TOGGLE)
        views = [slider, hidden, after, difference]
        start.click(None, None, text, js="() => ''")  # so that the progress stands alone
        start.click(fill, [session, editor, method, blend], [text, *views, before, download, results],
                    concurrency_limit=jobs.free, show_progress_on=text, **private)  # fmt: skip
        before.input(compare_with, [session, before], slider, **private)
        over.click(start_over, None, [session, editor, text, *steps], **private)
    return page


def _explained(function):
    """The function, with what it refuses as a message on the page."""

    @functools.wraps(function)
    def explained(*arguments):
        if arguments[0] is None or getattr(arguments[0], "image", arguments[0]) is None:
            # The image; or the session, which ends after an hour, or when there are too many.
            raise gr.Error("Choose an image first.", print_exception=False)
        try:
            return function(*arguments)
        except Refused as error:
            raise gr.Error(str(error), print_exception=False) from error

    return explained


def _step(number):
    """What is visible: 1 the upload, 2 the editor; the results come later."""
    drawing = number == 2
    photo = gr.Image(visible=False) if drawing else gr.Image(value=None, visible=True)
    return photo, gr.Column(visible=drawing), gr.Row(visible=drawing), gr.Column(visible=False)


def _read_bytes(payload):
    return Path(payload.path).read_bytes() if payload and payload.path else None
