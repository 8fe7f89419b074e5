"""Hyperparameter search beside the package: it imports inpaintkit, and is never imported by it.

    from tuning.tuner import Search
    search = Search("autoencoder", space={"dropout": [0.1, 0.4]}, epochs=3, count=64)
    table = search.run("runs/tuning", executions=2)

`spaces.py` is what is searched, `tuner.py` the search, `runs.py` what is kept of each training run,
`tensorboard_files.py` what TensorBoard shows, `plots.py` the images, `search.py` the command line, and `cluster.py`
chief and workers.
"""
