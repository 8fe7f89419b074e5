"""The files for TensorBoard's HPARAMS and SCALARS tabs; they need tensorboard, not TensorFlow.

Keras Tuner writes HParams under TensorFlow only, for a callback whose class has the very name `TensorBoard`,
with the metrics of the *last* epoch, and without the summary of the experiment. Here each run (one
configuration with one seed) is one row, with the metrics of its *best* epoch.
"""

import importlib.util
import io

AVAILABLE = importlib.util.find_spec("tensorboard") is not None
EVENT_FILE = "events.out.tfevents.0.tuning"  # one per folder; without the names of machine and process
METRICS = ("val_hole_psnr", "val_ssim", "val_loss")
BEST_TAGS = [f"best/{metric}" for metric in (*METRICS, "epoch")]  # the columns of results


def session(run, search):
    """The event file of one run: its hyperparameters, every epoch, the best epoch, and whether it failed.

    Args:
        run: a dict, see `runs.save`.
        search: the name of its search. It is part of the trial ID: run names repeat from search to search,
            and TensorBoard joins all runs with one trial ID into one row.

    Returns:
        bytes.
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
        events += [(end, 0, scalar_pb(tag, best[tag.removeprefix("best/")])) for tag in BEST_TAGS]
    return _records([*events, (end, 0, _end_of_session(bool(run["failed"]), end))])


def experiment(space, seeds, started):
    """The event file of a whole search; without it TensorBoard shows a choice of numbers as an interval.

    Args:
        space: {hyperparameter: a list of its values, or (low, high)}.
        seeds: list of int.
        started: seconds since 1970.

    Returns:
        bytes.
    """
    from tensorboard.plugins.hparams import summary_v2 as hp

    hparams = []
    for name, domain in {**space, "seed": seeds}.items():
        is_interval = isinstance(domain, tuple)
        values = hp.RealInterval(*map(float, domain)) if is_interval else hp.Discrete(domain)
        hparams.append(hp.HParam(name, values))
    metrics = [hp.Metric(tag) for tag in BEST_TAGS]
    return _records([(started, 0, hp.hparams_config_pb(hparams, metrics, time_created_secs=started))])


def _end_of_session(failed, when):
    """The same summary as TensorBoard's `session_end_pb`, which would import TensorFlow."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=when)
    data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
    details = {"metadata": metadata.create_summary_metadata(data), "tensor": metadata.NULL_TENSOR}
    return Summary(value=[Summary.Value(tag=metadata.SESSION_END_INFO_TAG, **details)])


def _records(events):
    """An event file, as bytes, from a list of (time, step, summary)."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=events[0][0], file_version="brain.Event:2").SerializeToString())
    for when, step, summary in events:
        writer.write(Event(wall_time=when, step=step, summary=summary).SerializeToString())
    return file.getvalue()
