"""Checks of what users give: each error says what came, what was expected and how to mend it."""

import math
import numbers

import numpy as np


def check_choice(name, value, choices, advice=""):
    """Raises a ValueError that lists the choices, unless the value is one of them; returns the value.

    Args:
        name: of the argument, for the message. value: what came. choices: what is possible, in order.
        advice: further words, for the end of the message.

    Example:
        >>> check_choice("hole", "red", ("white", "black"))
        Traceback (most recent call last):
        ValueError: hole='red': expected one of 'white', 'black'
    """
    choices = list(choices)
    comparable = [  # True is no 1, and an array equals a choice element by element
        each for each in choices if isinstance(value, type(each)) or (is_number(value) and is_number(each))
    ]
    if not any(value == choice for choice in comparable):
        raise ValueError(f"{name}={value!r}: expected one of {', '.join(map(repr, choices))}{advice}")
    return value


def is_count(value, least=1):
    """Whether a value is a whole number (of Python or NumPy, not True) from `least` to 2**63 - 1.

    Example:
        >>> is_count(3), is_count(0), is_count(2.0), is_count(True)
        (True, False, False, False)
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return is_whole and least <= int(value) < 2**63


def is_number(value, low=-math.inf, high=math.inf):
    """Whether a value is one finite number (of Python or NumPy, not True) from `low` to `high`.

    Example:
        >>> is_number(0.5, 0, 1), is_number(2, 0, 1), is_number("a"), is_number(math.nan)
        (True, False, False, False)
    """
    is_real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_real and (isinstance(value, numbers.Integral) or math.isfinite(value)) and low <= value <= high


def check_number(name, value, low=-math.inf, high=math.inf, whole=False):
    """Raises a ValueError unless a value is one finite number, or whole number, from `low` to `high`.

    Example:
        >>> check_number("radius", "3", 0)
        Traceback (most recent call last):
        ValueError: radius='3': expected a number, at least 0
    """
    if not is_number(value, low, high) or (whole and not is_count(value, low)):
        limits = [f"at least {low:g}"] * (low > -math.inf) + [f"at most {high:g}"] * (high < math.inf)
        expected = ", ".join([f"a {'whole ' if whole else ''}number", *limits])
        raise ValueError(f"{name}={value!r}: expected {expected}")


def check_type(name, value, kinds, expected):
    """Raises a ValueError unless a value is of a class, or of one of several.

    Example:
        >>> check_type("text", 3, str, "text")
        Traceback (most recent call last):
        ValueError: text of type int: expected text
    """
    if not isinstance(value, kinds):
        raise ValueError(f"{name} of type {type(value).__name__}: expected {expected}")


def check_function(name, value, of):
    """Raises a ValueError unless a value is a function, or None for no function.

    Example:
        >>> check_function("progress", 3, "(done, total)")
        Traceback (most recent call last):
        ValueError: progress of type int: expected a function of (done, total), or None
    """
    if value is not None and not callable(value):
        raise ValueError(f"{name} of type {type(value).__name__}: expected a function of {of}, or None")


def check_table(name, table, columns):
    """Raises a ValueError unless a value is a pandas table with these columns and at least one row.

    Example:
        >>> check_table("scores", None, ["psnr"])
        Traceback (most recent call last):
        ValueError: scores of type NoneType: expected a pandas table with rows and the column psnr
    """
    if not set(columns) <= set(getattr(table, "columns", ())) or not len(table):
        names = f"the column{'s' * (len(columns) > 1)} {', '.join(columns)}"
        raise ValueError(
            f"{name} of type {type(table).__name__}: expected a pandas table with rows and {names}"
        )


def match_batches(*shapes):
    """Whether shapes are the same, but for batches of one, which count for all of the others.

    Example:
        >>> match_batches((3, 64, 64, 3), (1, 64, 64, 3)), match_batches((3, 64, 64, 3), (2, 64, 64, 3))
        (True, False)
    """
    return len({shape[1:] for shape in shapes}) == 1 and len({shape[:1] for shape in shapes} - {(1,)}) <= 1


def random_generator(seed):
    """NumPy's `default_rng(seed)`; a ValueError for what is no seed.

    Example:
        >>> random_generator("a")
        Traceback (most recent call last):
        ValueError: seed='a': expected a whole number, 0 or more, or several of them
    """
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise ValueError(f"seed={seed!r}: expected a whole number, 0 or more, or several of them") from error


def as_array(name, value, dtype=None):
    """A value as an array of real numbers, of its own or another dtype; else a ValueError.

    Args:
        name: of the argument, for the message. value: an array, a tensor, or lists of numbers.

    Example:
        >>> as_array("mask", [["known"]])
        Traceback (most recent call last):
        ValueError: mask of dtype <U5: expected an array of real numbers
    """
    came = f"of type {type(value).__name__}"
    try:
        array = np.asarray(value)
        if value is None or array.dtype.kind in "UScMm":  # text, bytes, complex numbers, dates, times
            came = f"of dtype {array.dtype}" if array.ndim else came
            raise TypeError(came)
        with np.errstate(over="ignore", invalid="ignore"):  # the caller checks the values
            return array.astype(dtype or (float if array.dtype == object else array.dtype), copy=False)
    except Exception as error:  # whatever an object raises that cannot become an array
        raise ValueError(f"{name} {came}: expected an array of real numbers") from error
