"""Hyperparameter search beside the package: it imports inpaintkit, and inpaintkit never imports it.

    from tuning.tuner import Search
    search = Search("autoencoder", space={"dropout": [0.1, 0.4]}, epochs=3, count=64)
    table = search.run("runs/tuning", executions=2)

`spaces.py` says what is searched, `tuner.py` is the search, `trials.py` lets Keras Tuner propose the
configurations, `runs.py` keeps the result of each training run, `tensorboard_files.py` writes the files for
TensorBoard, `plots.py` draws figures, `search.py` is the command line, and `cluster.py` starts a chief and
its workers.
"""
