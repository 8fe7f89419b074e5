"""Settings that change with the epoch: {first epoch: setting}."""

from typing import Any

from inpaintkit.checks import check_number, check_type


def at_epoch(stages: dict[int, Any], epoch: int) -> Any:
    """The stage that holds at an epoch.

    Args:
        stages: {first epoch: stage}, epoch 0 among them.
        epoch: from 0.

    Returns:
        the stage with the latest first epoch up to this one.

    Raises:
        ValueError: no stage at epoch 0, or what is no epoch.

    Example:
        >>> import inpaintkit as ik
        >>> ik.data.at_epoch({0: "thin", 8: "thick"}, 7)
        'thin'
    """
    check_stages(stages, "stages")
    check_number("epoch", epoch, 0, whole=True)
    return stages[max(first for first in stages if first <= epoch)]


def check_stages(stages: dict[int, Any], name: str) -> None:
    """Checks that {first epoch: stage} has a stage for every epoch.

    Args:
        stages: {first epoch: stage}.
        name: of the argument, for the message.

    Raises:
        ValueError: no epoch 0, or a key that is no whole number or negative.

    Example:
        >>> import inpaintkit as ik
        >>> ik.data.check_stages({1: "thick"}, "masks")
        Traceback (most recent call last):
        ValueError: masks begin at epochs [1]: expected whole numbers, 0 among them
    """
    check_type(name, stages, dict, "{first epoch: setting}")
    if 0 not in stages or not all(isinstance(first, int) and first >= 0 for first in stages):
        raise ValueError(f"{name} begin at epochs {list(stages)}: expected whole numbers, 0 among them")
