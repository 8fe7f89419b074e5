import io

from PIL import Image

WAITS = 600  # seconds: a test machine may be busy


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG", compress_level=1)
    return file.getvalue()
