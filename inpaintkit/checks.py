"""Checks of what users give: each error says what came, what was expected and how to mend it."""


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
    if not any(isinstance(value, type(choice)) and value == choice for choice in choices):
        raise ValueError(f"{name}={value!r}: expected one of {', '.join(map(repr, choices))}{advice}")
    return value


def is_count(value, least=1):
    """Whether a value is a whole number (of Python or NumPy, not True) of at least `least`.

    Example:
        >>> is_count(3), is_count(0), is_count(2.0), is_count(True)
        (True, False, False, False)
    """
    whole = hasattr(value, "__index__") and not isinstance(value, bool) and getattr(value, "ndim", 0) == 0
    return whole and int(value) >= least
