"""Files say in their metadata that they were filled, and lose no other metadata by it."""

from xml.etree import ElementTree

import numpy as np
import pytest

from inpaintkit import images

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
SOURCE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
HISTORY = "{http://ns.adobe.com/photoshop/1.0/}History"
OTHERS = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {attributes}>{elements}'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def photo(xmp=b""):
    return images.ExactImage("x.png", "PNG", np.full((20, 30, 3), 90, "uint8"), xmp=xmp)


def values(xmp, name):
    """All values of a property, as an attribute or as an element."""
    found = []
    for description in ElementTree.fromstring(xmp).iter(f"{RDF}Description"):
        found += [description.attrib[name]] if name in description.attrib else []
        found += [element.text for element in description.iter(name)]
    return found


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".tif"])
def test_every_format_keeps_the_note(tmp_path, ending):
    noted = images.with_note(photo(), "3 % filled by photos & Telea", network=True)
    images.write_exact(tmp_path / f"x{ending}", noted.pixels, noted)
    again = images.read_exact(tmp_path / f"x{ending}")
    assert values(again.xmp, HISTORY) == ["3 % filled by photos & Telea"]
    (source,) = values(again.xmp, SOURCE)
    assert source.endswith("/compositeWithTrainedAlgorithmicMedia")
    np.testing.assert_allclose(again.pixels, noted.pixels, atol=2 if ending == ".jpg" else 0)


@pytest.mark.parametrize(
    ("attributes", "elements"),
    [
        ("", ""),
        ('photoshop:History="old" Iptc4xmpExt:DigitalSourceType="digitalCapture"', ""),
        ("photoshop:History='old'", "<Iptc4xmpExt:DigitalSourceType>a</Iptc4xmpExt:DigitalSourceType>"),
        ("", "<photoshop:History>old\ntext</photoshop:History><photoshop:History/>"),
    ],
)
def test_other_metadata_stay_and_a_second_note_replaces_the_first(attributes, elements):
    xmp = OTHERS.format(attributes=attributes, elements=elements).encode()
    first = images.with_note(photo(xmp), "first", network=True)
    second = images.with_note(first, "second", network=False)
    for noted, text, source in ((first, "first", "Media"), (second, "second", "humanEdits")):
        assert values(noted.xmp, HISTORY) == [text]
        assert [value.endswith(source) for value in values(noted.xmp, SOURCE)] == [True]
        assert values(noted.xmp, "{http://ns.adobe.com/xap/1.0/}Rating") == ["5"]
    assert first.pixels is second.pixels


def test_packets_that_hold_no_rdf_are_replaced():
    for xmp in (b"", b"<x:xmpmeta/>", "Ünsinn".encode("utf-16")):
        assert values(images.with_note(photo(xmp), "text", network=False).xmp, HISTORY) == ["text"]
