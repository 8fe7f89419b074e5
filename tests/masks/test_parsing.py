"""Mask generators by name or by their `repr`."""

import pytest

from inpaintkit import masks
from inpaintkit.images import write_mask
from inpaintkit.masks import GENERATORS, FromFolder, Lines, MaskBank, Mixture, Polygons, Strokes, Text, Thick


@pytest.mark.parametrize("generator", GENERATORS)
def test_generators_are_rebuilt_from_what_they_print(generator, make):
    generator = make(generator)
    assert masks.parse(repr(generator)) == generator
    if generator.__dataclass_fields__.keys() & {"hole_ratio"}:
        generator = generator.with_ratio((0.1, 0.2))
        assert masks.parse(repr(generator)) == generator


def test_short_texts_name_generators():
    assert masks.parse("strokes") == Strokes() and masks.parse(" Thick ") == Thick()
    assert masks.parse("mixture([lines, text('ABC')], (3, 1))") == Mixture([Lines(), Text("ABC")], (3, 1))
    assert masks.parse("MaskBank(Polygons(vertices=3), 100)") == MaskBank(Polygons(vertices=3), 100)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (r'"C:\Users\me\masks"', r"C:\Users\me\masks"),
        (r"'C:\new\train'", r"C:\new\train"),
        (r'"C:\new\train\"', "C:\\new\\train\\"),
        (r"r'C:\new\train'", r"C:\new\train"),
        (r'"C:\\new\\train"', r"C:\new\train"),  # as repr prints it
        (r'"\\server\share"', r"\\server\share"),
        (r"'\\\\server\\share'", r"\\server\share"),
        (r'"masks\0.1-0.2"', r"masks\0.1-0.2"),
        ('"/a folder/(1), it\'s"', "/a folder/(1), it's"),
        (r"""'it\'s "my" folder'""", """it's "my" folder"""),
    ],
)
def test_paths_in_settings_are_taken_as_they_are_written(monkeypatch, written, path):
    given = {}
    monkeypatch.setattr(FromFolder, "__init__", lambda self, path, hole="white": given.update(p=path, h=hole))
    for setting in (f"FromFolder({written})", f"fromfolder(path={written} , hole='black')"):
        masks.parse(setting)
        assert given["p"] == path
    assert given["h"] == "black"


def test_a_folder_may_be_given_from_home_but_not_without_its_generator(tmp_path, monkeypatch):
    (tmp_path / "my masks").mkdir()
    write_mask(tmp_path / "my masks" / "0.png", Lines().sample(1, 20, 20)[0])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert masks.parse("FromFolder('~/my masks')") == FromFolder(tmp_path / "my masks")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"FromFolder\(.*my masks"):
        masks.parse("my masks")
    with pytest.raises(ValueError, match=r"FromFolder\(masks\).*masks is no mask generator"):
        masks.parse("FromFolder(masks)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("blobs", r"lines, rectangles, .*blobs"),
        ("7", "lines, rectangles"),
        ("Lines(wide=7)", "lines, rectangles.*wide"),
        ("Lines(count=-1)", "count=-1"),
        ("Lines(thickness=(-3, +2))", r"thickness=\(-3, 2\)"),
        ("Lines(count=2 ** 9)", r"lines, rectangles.*2 \*\* 9"),
        ("Lines(**{'count': 3, **x})", "lines, rectangles"),
        ("(" * 5000, "lines, rectangles"),
        (None, "None: .*lines, rectangles.*NoneType"),
        (3, "3: .*lines, rectangles.*int"),
        ("", "'': .*lines, rectangles"),
        (r'FromFolder("C:\new\train")', r"C:\\new\\train"),
        ("__import__('os')", "lines, rectangles"),
        ("Lines(count=open('x'))", "lines, rectangles"),
        ("Lines(", "lines, rectangles"),
    ],
)
def test_wrong_texts_are_explained(text, words):
    with pytest.raises(ValueError, match=words):
        masks.parse(text)
