"""Which experiment a training is: the fingerprint that `Resume` compares with that of a backup."""

from inpaintkit.fingerprint import entry, network_entry
from inpaintkit.training.rates import has_schedule, rate_before_training


def experiment(model, settings, train=None, monitor=None):
    """The fingerprint of a training, the name of each setting to `[text, hash]`.

    Args:
        model: compiled.
        settings: the arguments of `fit` by name, as far as they are known.
        train: the training `Pairs`, where the settings do not have them. monitor: name of a metric.
    """
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    config = {"class": type(optimizer).__name__, **optimizer.get_config()}
    rate, rate_text = None, "a schedule"  # which is part of the optimizer's settings
    if not has_schedule(optimizer):
        config.pop("learning_rate", None)  # the callbacks change it
        rate = rate_text = f"{rate_before_training(model.optimizer):.4g}"
    parts = {
        "network": network_entry(model),
        "loss": entry(model.loss),
        "optimizer": entry(config),
        "learning rate": entry(rate, rate_text),
        "loss weights": entry(getattr(model, "loss_weights", None)),  # as `HoleAware.compile` keeps them
        "metrics": entry(getattr(model, "metric_names", None)),
        "monitor": entry(monitor),
        "validation split": entry(settings.get("validation_split")),
    }
    x = train if settings.get("x") is None else settings["x"]
    training = (x, settings.get("y"), settings.get("sample_weight"), settings.get("batch_size"))
    validation = settings.get("validation_data")
    validation = validation if isinstance(validation, (list, tuple)) else (validation,)
    return parts | _data_entries("training", *training) | _data_entries("validation", *validation)


def difference(before, now):
    """What differs between two fingerprints, as a sentence; "" where all that both know is the same."""
    changes = []
    for name in now:
        if name in before and before[name][1] != now[name][1]:
            change = f"{name}: {before[name][0]} before, {now[name][0]} now"
            changes.append(change + (" (other contents)" if before[name][0] == now[name][0] else ""))
    return "; ".join(changes)


def _data_entries(name, x, y=None, sample_weight=None, batch_size=None):
    """The entries of `Pairs`, or of arrays as `fit` takes them; of anything else only its class is known."""
    if hasattr(x, "settings"):
        parts = x.settings()
    elif isinstance(x, (dict, list, tuple)):
        arrays = {"inputs": x, "targets": y, "sample weights": sample_weight}
        parts = {part: (value, None) for part, value in arrays.items()}
        parts["batch size"] = (batch_size or 32, None)
    else:
        parts = {} if x is None else {"data": (type(x).__qualname__, None)}
    return {f"{name} {part}": entry(value, text) for part, (value, text) in parts.items()}
