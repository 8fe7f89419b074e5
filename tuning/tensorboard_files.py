"""The HPARAMS and SCALARS tabs of TensorBoard, made from finished runs; needs tensorboard, not TensorFlow.

Keras Tuner writes HParams under TensorFlow alone, for a callback whose class has the very name `TensorBoard`,
with the metrics of the *last* epoch, and without the summary of the experiment. Here there is one row a run
(a configuration with a seed), with the metrics of its *best* epoch.
"""

import importlib.util
import io

AVAILABLE = importlib.util.find_spec("tensorboard") is not None
FILE = "events.out.tfevents.0.tuning"  # one a folder, and its name tells no machine and no process
METRICS = ("val_hole_psnr", "val_ssim", "val_loss")
BEST = [f"best/{metric}" for metric in (*METRICS, "epoch")]  # the columns of results


def session(run, search):
    """The event file of one run, as bytes: its hyperparameters, every epoch, the best one, how it ended.

    Args:
        run: a dict, see `runs.save`.
        search: the name of its search. TensorBoard makes one row of all runs with one trial id, and run
            names repeat from search to search.
    """
    from tensorboard.plugins.hparams import summary_v2
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    start, end = run["started"], run["started"] + run["seconds"]
    values = run["values"] | {"seed": run["seed"]}
    trial = f"{search}/{run['name']}"
    events = [(start, 0, summary_v2.hparams_pb(values, trial_id=trial, start_time_secs=start))]
    for metric, history in run["history"].items():
        for epoch, value in enumerate(history, 1):
            when = start + (end - start) * epoch / len(history)
            events.append((when, epoch, scalar_pb(f"epoch/{metric}", value)))
    if run["best"]:
        best = run["best"] | {"epoch": run["best_epoch"]}
        events += [(end, 0, scalar_pb(tag, best[tag.removeprefix("best/")])) for tag in BEST]
    return _file([*events, (end, 0, _end(bool(run["failed"]), end))])


def experiment(space, seeds, started):
    """The event file of a whole search, as bytes: without it a choice would show as an interval.

    Args:
        space: {hyperparameter: a list of its values, or (low, high)}.
        seeds: list of int.
        started: seconds since 1970.
    """
    from tensorboard.plugins.hparams.summary_v2 import (
        Discrete,
        HParam,
        Metric,
        RealInterval,
        hparams_config_pb,
    )

    hparams = [
        HParam(name, RealInterval(*map(float, of)) if isinstance(of, tuple) else Discrete(of))
        for name, of in {**space, "seed": seeds}.items()
    ]
    metrics = [Metric(tag) for tag in BEST]
    return _file([(started, 0, hparams_config_pb(hparams, metrics, time_created_secs=started))])


def _end(failed, when):
    """The summary that ends a session, as TensorBoard's `session_end_pb`, which would import TensorFlow."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=when)
    data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
    details = {"metadata": metadata.create_summary_metadata(data), "tensor": metadata.NULL_TENSOR}
    return Summary(value=[Summary.Value(tag=metadata.SESSION_END_INFO_TAG, **details)])


def _file(events):
    """(time, step, summary) each as TensorBoard's records."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=events[0][0], file_version="brain.Event:2").SerializeToString())
    for when, step, summary in events:
        writer.write(Event(wall_time=when, step=step, summary=summary).SerializeToString())
    return file.getvalue()
