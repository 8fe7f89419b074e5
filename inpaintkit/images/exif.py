"""EXIF data, which has the structure of a TIFF file: a table of tags, and one for the thumbnail."""

import re
import struct
import warnings

from PIL import Image

_PREFIX = b"Exif\0\0"
# What describes the stored pixels of a TIFF, not the photograph: size, bits, compression, strips, tiles,
# colour map, profile, XMP. The writer says these anew.
_OF_PIXELS = {254, 255, *range(256, 260), 262, 266, 273, *range(277, 282), 284, 317, 320, *range(322, 326)}
_OF_PIXELS |= {330, 338, 339, 340, 341, 347, 512, 513, 514, 529, 530, 531, 532, 700, 34675}


def tiff_exif(tags):
    """The tags of a TIFF (Pillow's `Exif`) that describe the photograph, as EXIF data."""
    kept = Image.Exif()
    for tag, value in tags.items():
        if tag in (34665, 34853):  # two tables inside: camera settings and place
            kept.get_ifd(tag).update(tags.get_ifd(tag))
        elif tag not in _OF_PIXELS:
            kept[tag] = value
    return kept.tobytes() if len(kept) else b""


def with_tag(data, tag=None, number=None):
    """EXIF data, or a TIFF file, with another number in a short tag, and EXIF data without its thumbnail.

    Only these bytes change: camera makers' notes, which hold offsets of their own, stay readable.

    Args:
        data: bytes; EXIF may begin with "Exif" and two zeros. b"" stays b"".
        tag: None, or the number of a tag of the first table; nothing changes if it is not there.
        number: its new value, 0 to 65535.
    """
    if not data:
        return b""
    start = len(_PREFIX) if data.startswith(_PREFIX) else 0
    tiff = bytearray(data[start:])
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        entries, thumbnail_link = _table(tiff, order, struct.unpack_from(f"{order}4xI", tiff)[0])
        if tag in entries:
            struct.pack_into(f"{order}H", tiff, entries[tag] + 8, number)
        (thumbnail,) = struct.unpack_from(f"{order}I", tiff, thumbnail_link)
        if thumbnail:
            _erase_thumbnail(tiff, order, thumbnail)
            struct.pack_into(f"{order}I", tiff, thumbnail_link, 0)
    except struct.error:
        warnings.warn("broken EXIF data are left out", stacklevel=2)
        return b""
    return data[:start] + bytes(tiff)


def upright_xmp(xmp):
    """XMP data that say no other orientation than 1."""
    return re.sub(rb"(tiff:Orientation(?:=[\"']|>))[2-8]", rb"\g<1>1", xmp)


def _table(tiff, order, at):
    """{tag: where its entry of 12 bytes begins} of the table at an offset, and where its link follows."""
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    places = range(at + 2, at + 2 + 12 * count, 12)
    return {struct.unpack_from(f"{order}H", tiff, place)[0]: place for place in places}, places.stop


def _erase_thumbnail(tiff, order, at):
    entries, _ = _table(tiff, order, at)
    if 513 in entries and 514 in entries:  # where its JPEG begins, and its length
        begin, length = (struct.unpack_from(f"{order}I", tiff, entries[tag] + 8)[0] for tag in (513, 514))
        tiff[begin : begin + length] = bytes(len(tiff[begin : begin + length]))
