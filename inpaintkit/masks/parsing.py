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


def parse(text: str) -> MaskGenerator:
    """Builds a mask generator from its name or its `repr`.

    Settings may be left out, and generators may contain others. Windows paths are taken as they are:
    `FromFolder("C:\\new\\masks")`; a doubled backslash, as `repr` prints it, is a single one.

    Args:
        text: such as "lines", "Lines(count=7)" or "Mixture([lines, text], (3, 1))".

    Returns:
        The mask generator.

    Raises:
        ValueError: an unknown generator or setting, or anything but generators, numbers and text.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.parse("mixture([lines, center], (3, 1))").weights
        (3, 1)
        >>> ik.masks.parse("Lines(count=7)") == ik.masks.Lines(count=7)
        True
    """
    written = str(text).strip()
    try:
        generator = _build(ast.parse(_STRING.sub(_as_literal, written), mode="eval").body)
        if isinstance(generator, MaskGenerator):
            return generator
        reason = f"this is of type {type(generator).__name__}"
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        reason = str(error)
    if os.path.isdir(written):
        reason = f"for this folder of mask files, say {f'FromFolder({written!r})'!r}"
    names = ", ".join(generator.__name__.lower() for generator in GENERATORS)
    expected = f"expected one of {names}, or one with its settings, such as 'Lines(count=7)'"
    raise ValueError(f"masks {text!r}: {expected} ({reason})")


# A string ends at the quote after which its argument ends: the last backslash of "C:\masks\" escapes nothing.
_STRING = re.compile(r"""(\b[rR])?(['"])(.*?)\2(?=\s*(?:[,)\]]|$))""", re.DOTALL)


def _as_literal(match):
    """A Python literal of a string, in which only a doubled backslash, as `repr` prints it, is an escape."""
    raw, quote, text = match.groups()
    text = text.replace("\\" + quote, quote)
    if not raw and all(len(run) % 2 == 0 for run in re.findall(r"\\+", text)):
        text = text.replace("\\\\", "\\")
    return repr(text)


def _build(node):
    """What a node of the syntax tree stands for. No code of the text is ever run."""
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(map(_build, node.elts))
    if not isinstance(node, ast.Call | ast.Name):
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise TypeError(f"{ast.unparse(node)} is no mask generator, number or text in quotes") from None
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    name = ast.unparse(call.func)
    for generator in GENERATORS:
        if generator.__name__.lower() == name.lower():
            settings = {keyword.arg: _build(keyword.value) for keyword in call.keywords}
            return generator(*map(_build, call.args), **settings)
    raise TypeError(f"{name} is no mask generator; put a path in quotes")
