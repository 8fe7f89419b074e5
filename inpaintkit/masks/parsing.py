"""Mask generators by name or by their `repr`, as the command line takes them."""

import ast
import os
import re

from inpaintkit.masks.base import MaskGenerator
from inpaintkit.masks.combine import MaskBank, Mixture
from inpaintkit.masks.folders import FromFolder
from inpaintkit.masks.regular import Border, Center, Grid
from inpaintkit.masks.shapes import Ellipses, Lines, Polygons, Rectangles, Scratches
from inpaintkit.masks.strokes import Medium, Strokes, Thick, Thin
from inpaintkit.masks.text import Text

GENERATORS = (
    Lines, Rectangles, Strokes, Ellipses, Polygons, Scratches, Text, Center, Border, Grid,
    Thin, Medium, Thick, Mixture, FromFolder, MaskBank,
)  # fmt: skip


def parse(text):
    """Builds a kind from its name or from what it prints: the way back from `repr`.

    Example: `parse("lines")` is `Lines()`, `parse("Lines(count=7, thickness=(1, 11))")` is itself, and
    `parse("Mixture([lines, text], (3, 1))")` holds two. Paths of Windows are taken as they are:
    `parse(r'FromFolder("C:\\new\\masks")')`; doubled backslashes, as `repr` prints them, are single ones.

    Raises:
        ValueError: an unknown kind or setting, or anything but kinds, numbers and words.
    """
    try:
        if not isinstance(text, str):
            raise TypeError(f"a text, not {type(text).__name__}")
        kind = _build(ast.parse(_STRING.sub(_literal, text.strip()), mode="eval").body)
        if isinstance(kind, MaskGenerator):
            return kind
        reason = "this is none"
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        reason = error
    if isinstance(text, str) and os.path.isdir(text.strip()):
        reason = f"for this folder of mask files, say {f'FromFolder({text.strip()!r})'!r}"
    raise ValueError(
        f"masks {text!r}: expected one of {', '.join(kind.__name__.lower() for kind in GENERATORS)}, or one with "
        f"its settings, such as 'Lines(count=7, thickness=(1, 11))' ({reason})"
    )


# A string ends at the quote after which its argument ends: the last backslash of "C:\masks\" escapes nothing.
_STRING = re.compile(r"""(\b[rR])?(['"])(.*?)\2(?=\s*(?:[,)\]]|$))""", re.DOTALL)


def _literal(match):
    """A string whose backslashes are what they look like: doubled ones, as `repr` prints them, are single."""
    raw, quote, text = match.groups()
    text = text.replace("\\" + quote, quote)
    if not raw and all(len(run) % 2 == 0 for run in re.findall(r"\\+", text)):
        text = text.replace("\\\\", "\\")
    return repr(text)


def _build(node):
    """What a branch of the syntax tree stands for; nothing in it is ever run."""
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(map(_build, node.elts))
    if not isinstance(node, ast.Call | ast.Name):
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise TypeError(f"{ast.unparse(node)} is no kind of hole, number or text in quotes") from None
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    name = ast.unparse(call.func)
    kinds = {kind.__name__.lower(): kind for kind in GENERATORS}
    if name.lower() not in kinds:
        raise TypeError(f"{name} is no kind of hole; a path stands in quotes")
    return kinds[name.lower()](
        *map(_build, call.args), **{word.arg: _build(word.value) for word in call.keywords}
    )
