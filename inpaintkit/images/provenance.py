"""`with_note`: an image file says in its metadata that parts of it were filled."""

import dataclasses
import re
from xml.sax.saxutils import escape

from inpaintkit.checks import check_type
from inpaintkit.images.exact import ExactImage

# IPTC's word for a photograph with parts from a trained model, "such as with inpainting", and its word for
# edits without one.
_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_NETWORK, _EDITS = f"{_SOURCE}compositeWithTrainedAlgorithmicMedia", f"{_SOURCE}humanEdits"
_OURS = r"(?:Iptc4xmpExt:DigitalSourceType|photoshop:History)"
_EARLIER = re.compile(rf"\s{_OURS}=(\"[^\"]*\"|'[^']*')|<({_OURS})\b[^>]*(/>|>.*?</\2>)".encode(), re.DOTALL)
_EMPTY = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b"</rdf:RDF></x:xmpmeta>"
)


def with_note(original: ExactImage, text: str, network: bool) -> ExactImage:
    """The metadata of an image, with a note that parts of it were filled.

    The note stands in the XMP data, which PNG, JPEG, WebP and TIFF files can hold and programs such as
    exiftool show: the text as the history of the image, and IPTC's digital source type. What else is in these
    data stays; only these two are replaced. Anybody can remove such a note. It helps honest people only.

    Args:
        original: `read_exact` gives it; `write_exact` writes it.
        text: what was done.
        network: True if a trained network filled, False for a method without training.

    Returns:
        `ExactImage` with other XMP data.

    Raises:
        ValueError: another original, or another type of text.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> photo = ik.images.ExactImage("x.png", "PNG", np.zeros((20, 30, 3), "uint8"))
        >>> noted = ik.images.with_note(photo, "4 % were filled by biharmonic", network=False)
        >>> b">4 % were filled by biharmonic<" in noted.xmp, b"/humanEdits<" in noted.xmp
        (True, True)
    """
    check_type("original", original, ExactImage, "an ExactImage, as read_exact gives it")
    check_type("text", text, str, "text")
    values = {"Iptc4xmpExt:DigitalSourceType": _NETWORK if network else _EDITS, "photoshop:History": text}
    note = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
    note = (
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">{note}</rdf:Description>'
    )
    xmp = original.xmp if b"</rdf:RDF>" in original.xmp else _EMPTY
    start, end, rest = _EARLIER.sub(b"", xmp).rpartition(b"</rdf:RDF>")
    return dataclasses.replace(original, xmp=start + note.encode() + end + rest)
