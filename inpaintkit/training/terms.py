"""The terms of losses in `history`: each under a name of its own."""

import itertools

import keras

from inpaintkit.losses import MultiTermLoss


def name_term_trackers(loss, outputs, metrics):
    """The running means of all terms of multi-term losses, named as nothing else in `history` is.

    Plain names, such as "hole", where there is one such loss; "coarse_hole" where outputs have their own.

    Args:
        loss: as `compile` took it: None, one, a list or a dict. outputs: names of the network's outputs.
        metrics: all other metrics, whose names are taken.

    Returns:
        list of `keras.metrics.Mean`, each once.
    """
    if isinstance(loss, dict):
        named = loss.items()
    else:
        named = zip(itertools.chain(outputs, itertools.repeat("")), keras.tree.flatten(loss), strict=False)
    found = {}  # each loss once, by its id: one may serve several outputs
    for output, part in named:
        if isinstance(part, MultiTermLoss):
            found.setdefault(id(part), (output, part))
    taken = {"loss"}
    for metric in metrics:
        taken |= {part.name for part in getattr(metric, "metrics", [metric])}
    trackers = []
    for output, part in found.values():
        for name, tracker in part.all_trackers().items():
            if any(tracker is other for other in trackers):  # of a loss that is a term of two others
                continue
            if len(found) > 1 and output:
                name = f"{output}_{name}"
            while name in taken:
                name = f"{part.name}_{name}"
            taken.add(name)
            tracker.name = name
            trackers.append(tracker)
    return trackers
